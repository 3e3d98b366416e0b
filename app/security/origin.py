"""Rejects requests that another site made a browser send: DNS rebinding by Host, CSRF by Sec-Fetch-Site and Origin.

Browsers send the relation of the requesting page to this site in Sec-Fetch-Site, which no page can change; they omit it
over plain HTTP, where Origin serves the same purpose. A client that sends neither is not a browser, and may change
something only without a cookie. So forms need no CSRF tokens, and htmx and fetch work alike.
"""

from __future__ import annotations

from flask import request

from app.core.settings import Settings
from app.security.proxies import host_name
from app.security.settings import SecuritySettings
from app.web import Problem
from app.web.answers import is_bearer

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
ANY_ADDRESS = ("", "0.0.0.0", "::")


def allowed_host_names(settings: Settings) -> frozenset[str]:
    """The host names of this instance."""
    own = f"[{settings.web_host}]" if ":" in settings.web_host else settings.web_host
    listening = () if settings.web_host in ANY_ADDRESS else (own,)
    return frozenset(host_name(name) for name in (*settings.of(SecuritySettings).allowed_hosts, *listening))


def check_host(allowed: frozenset[str]) -> None:
    """Raise Problem 400 unless the Host header is a name of this instance."""
    host = request.environ.get("HTTP_HOST", "")
    if host_name(host) not in allowed:
        raise Problem(400, f"{host[:200]!r} is not a name of this instance; the setting allowed_hosts lists its names")


def check_origin() -> None:
    """Raise Problem 403 for a request that changes something and comes from another site."""
    has_cookie = "Cookie" in request.headers
    if request.method in SAFE_METHODS or (not has_cookie and is_bearer()) or _is_same_site(has_cookie):
        return
    origin = request.headers.get("Origin") or "missing"
    raise Problem(
        403,
        f"This request was sent by another site (Origin {origin[:200]}, this site {request.host}). "
        "If it was this site, its reverse proxy must pass on the Host header",
    )


def _is_same_site(has_cookie: bool) -> bool:
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    if origin == "null":
        return False
    if site is not None:
        return site in ("same-origin", "none")
    if origin is not None:
        return origin in (f"{request.scheme}://{request.host}", f"https://{request.host}")
    return not has_cookie
