"""Requests that another site made a browser send: DNS rebinding by the Host header, CSRF by Sec-Fetch-Site and Origin.

A browser says in Sec-Fetch-Site how the asking page is related to us and no page can change that; browsers leave it out on
plain HTTP, where Origin says the same. Neither of them means no browser, which is believed only when it brings no cookie.
This needs no tokens in forms, and works for htmx and fetch alike.
"""

from __future__ import annotations

from flask import request

from app.core.settings import Settings
from app.security.proxies import host_name
from app.security.settings import SecuritySettings
from app.web import Problem

SAFE = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
ANY_ADDRESS = ("", "0.0.0.0", "::")


def hosts(settings: Settings) -> frozenset[str]:
    """The names under which this instance answers."""
    own = f"[{settings.web_host}]" if ":" in settings.web_host else settings.web_host
    listening = () if settings.web_host in ANY_ADDRESS else (own,)
    return frozenset(host_name(name) for name in (*settings.of(SecuritySettings).allowed_hosts, *listening))


def check_host(allowed: frozenset[str]) -> None:
    given = request.environ.get("HTTP_HOST", "")
    if host_name(given) not in allowed:
        raise Problem(400, f"this instance does not answer under the name {given[:200]!r}; the setting allowed_hosts lists its names")


def check_origin() -> None:
    """Raise Problem 403 for a request that changes something and comes from another site."""
    headers = request.headers
    cookie = "Cookie" in headers
    if request.method in SAFE or (not cookie and is_bearer()):
        return
    site, origin = headers.get("Sec-Fetch-Site"), headers.get("Origin")
    if origin == "null":
        good = False
    elif site is not None:
        good = site in ("same-origin", "none")
    elif origin is not None:
        good = origin in (f"{request.scheme}://{request.host}", f"https://{request.host}")
    else:
        good = not cookie
    if not good:
        raise Problem(
            403, f"refused because another site asked for it (Origin {(origin or 'not given')[:200]}, this site {request.host}); "
            "if this site is meant, its reverse proxy must pass on the Host header",
        )  # fmt: skip


def is_bearer() -> bool:
    """Whether the caller shows an API token; a page of another site cannot send this header."""
    return request.headers.get("Authorization", "")[:7].lower() == "bearer "
