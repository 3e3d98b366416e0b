"""What a reverse proxy tells the hub of the requests that it forwards."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from typing import Any
from urllib.parse import SplitResult, urlsplit

from app.core.settings import Settings
from app.http_client import HttpClient, HttpError
from app.ops.doctor.diagnosis import Diagnosis
from app.security.origin import allowed_host_names
from app.security.proxies import host_name
from app.security.settings import SecuritySettings

FORGED = "192.0.2.77"
"""An address of the documentation, which no client has (RFC 5737)."""

FORGED_ID = "forged-by-dqmhub-doctor"

TIMEOUT_S = 30.0
MAX_BYTES = 65536
BLOCK = "docs/operators/accounts.md has a right block for nginx"


def check(settings: Settings, url: str) -> Iterator[Diagnosis]:
    """Send requests to the address at which people open the hub, and compare what the hub sees of them."""
    if not url:
        yield Diagnosis("ok", "not checked: dqmhub doctor --url ADDRESS, or the setting public_url, names the address that people open")
        return
    parts = urlsplit(url)
    try:
        seen = _seen(url, {})
        forged = _seen(url, {"X-Forwarded-For": FORGED, "X-Real-IP": FORGED, "X-Request-ID": FORGED_ID})
    except (HttpError, ValueError) as error:
        if host_name(parts.netloc) not in allowed_host_names(settings):
            yield Diagnosis(
                "error", f"{parts.hostname} is not in allowed_hosts, so the hub refuses its requests", f'Add "{parts.hostname}"'
            )
            return
        yield Diagnosis("error", f"{url} does not lead to the hub: {error}", f"Look at the log of the proxy; {BLOCK}")
        return
    yield from _forwarding(settings, parts, seen, forged)
    if seen["proxy"] == "trusted" and forged["request_id"] == FORGED_ID:
        text = "The proxy passes on X-Request-ID of its clients, so that they choose the id in the log"
        yield Diagnosis("error", text, f"Set it, or set proxy_request_ids = false; {BLOCK}")
    yield from _address(settings, parts, seen)


def _seen(url: str, headers: dict[str, str]) -> dict[str, Any]:
    """What the hub sees of a request. Raises HttpError, ValueError."""
    with closing(HttpClient()) as client:
        answer = client.request("GET", f"{url.rstrip('/')}/healthz/seen", headers=headers, deadline_s=TIMEOUT_S, max_bytes=MAX_BYTES)
    if answer.status != 200:
        raise ValueError(f"status {answer.status}")
    found = json.loads(answer.body)
    if not isinstance(found, dict) or "request_id" not in found:
        raise ValueError("the answer is not that of a hub of this version")
    return found


def _forwarding(settings: Settings, parts: SplitResult, seen: dict[str, Any], forged: dict[str, Any]) -> Iterator[Diagnosis]:
    """Whether the proxy names its clients."""
    is_direct = parts.scheme == "http" and parts.port == settings.web_port
    if seen["proxy"] == "none" and is_direct:
        yield Diagnosis("ok", "the address is that of the hub itself, without a proxy")
    elif seen["proxy"] == "none":
        yield Diagnosis(
            "error", "What forwards to the hub says nothing of itself: all its clients have its address", f"Set X-Forwarded-For; {BLOCK}"
        )
    elif seen["proxy"] == "unknown":
        remedy = f'If it is yours, set trusted_proxies = ["{seen["peer"]}"]'
        yield Diagnosis("error", f"The proxy at {seen['peer']} is not in trusted_proxies, so its headers are ignored", remedy)
    elif forged["hops"] > seen["hops"] == 0:
        yield Diagnosis(
            "error", "The proxy passes on X-Forwarded-For of its clients, so that they choose their address", f"Set it; {BLOCK}"
        )
    elif not seen["hops"]:
        yield Diagnosis("warning", "The proxy does not name the address of its client", f"Set X-Forwarded-For; {BLOCK}")
    else:
        yield Diagnosis("ok", "the proxy is trusted, and names its clients")


def _address(settings: Settings, parts: SplitResult, seen: dict[str, Any]) -> Iterator[Diagnosis]:
    """Whether the hub knows the address that people open."""
    if seen["host"].removesuffix(":443" if parts.scheme == "https" else ":80") != parts.netloc:
        yield Diagnosis("error", f"The hub sees the host {seen['host']}, and people open {parts.netloc}", f"Pass on Host; {BLOCK}")
    if seen["scheme"] != parts.scheme:
        yield Diagnosis("error", f"The hub sees {seen['scheme']}, and people use {parts.scheme}", f"Set X-Forwarded-Proto; {BLOCK}")
    if seen["prefix"] != parts.path.rstrip("/"):
        yield Diagnosis("error", f"The hub believes its path is {seen['prefix'] or '/'}, not {parts.path or '/'}", "Set url_prefix")
    if parts.scheme == "https" and not settings.of(SecuritySettings).secure_cookies:
        yield Diagnosis("warning", "Session cookies are sent over plain HTTP, too", "Set secure_cookies = true")
