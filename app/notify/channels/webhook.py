"""Webhooks: each notice as JSON to an address, signed."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Sequence
from contextlib import closing
from urllib.parse import urlsplit

from app.core.settings import Settings
from app.http_client import HttpClient, HttpError, HttpUnreachable
from app.notify.settings import NotifySettings
from app.notify.transport import Message, NotSent, Refused

SIGNATURE = "X-DQMHub-Signature"
AGAIN = (408, 429)
"""Of the answers 4xx those that ask to come again."""
MOST_ANSWER = 300


def post(address: str, settings: Settings, messages: Sequence[Message]) -> str:
    """Send one message to one address; what was answered."""
    (message,) = messages
    body = json.dumps(message._asdict()).encode()
    with closing(HttpClient(ca=settings.of(NotifySettings).notice_ca)) as client:
        try:
            answer = client.request(
                "POST",
                address,
                deadline_s=settings.of(NotifySettings).notice_timeout_s,
                max_bytes=MOST_ANSWER,
                body=body,
                headers=headers(body, settings),
                truncate=True,
            )
        except HttpUnreachable as error:
            raise NotSent(str(error) if error.sent else f"no connection to port {_port(address)}: {error}") from error
        except HttpError as error:
            raise NotSent(str(error) if error.sent else f"notice_ca: {error}") from error
    return judged(answer.status, answer.body.decode(errors="replace"))


def _port(address: str) -> int:
    parts = urlsplit(address)
    return parts.port or (443 if parts.scheme == "https" else 80)


def headers(body: bytes, settings: Settings) -> dict[str, str]:
    found = {"Content-Type": "application/json", "Connection": "close"}
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
