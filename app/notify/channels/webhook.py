"""Webhooks: each notice as JSON to an address, signed."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Sequence
from http.client import HTTPConnection
from urllib.parse import urlsplit

from app.core.settings import Settings
from app.core.version import VERSION
from app.notify.settings import NotifySettings
from app.notify.transport import Message, NotSent, Refused, connection, tls

SIGNATURE = "X-DQMHub-Signature"
AGAIN = (408, 429)
"""Of the answers 4xx those that ask to come again."""
MOST_ANSWER = 300


def post(address: str, settings: Settings, messages: Sequence[Message]) -> str:
    """Send one message to one address; what was answered."""
    (message,) = messages
    parts = urlsplit(address)
    safe = parts.scheme == "https"
    body = json.dumps(message._asdict()).encode()
    with connection(
        parts.hostname or "",
        parts.port or (443 if safe else 80),
        settings.of(NotifySettings).notice_timeout_s,
        tls(settings.of(NotifySettings).notice_ca) if safe else None,
    ) as spoken_to:
        http = HTTPConnection(parts.netloc)  # gives the Host header only: the connection is there
        http.sock = spoken_to
        http.request("POST", (parts.path or "/") + (f"?{parts.query}" if parts.query else ""), body, headers(body, settings))
        with http.getresponse() as answer:
            said = answer.read(MOST_ANSWER).decode(errors="replace")
    return judged(answer.status, said)


def headers(body: bytes, settings: Settings) -> dict[str, str]:
    found = {"Content-Type": "application/json", "User-Agent": f"DQMHub/{VERSION}", "Connection": "close"}
    if settings.of(NotifySettings).notice_webhook_secret:
        digest = hmac.new(settings.of(NotifySettings).notice_webhook_secret.encode(), body, hashlib.sha256).hexdigest()
        found[SIGNATURE] = f"sha256={digest}"
    return found


def judged(status: int, said: str) -> str:
    """2xx is success; 4xx says that it is not wanted; all else may change."""
    if 200 <= status < 300:
        return f"status {status}"
    what = f"status {status}, which leads elsewhere and is not followed" if 300 <= status < 400 else f"status {status}: {said}"
    raise Refused(what) if 400 <= status < 500 and status not in AGAIN else NotSent(what)
