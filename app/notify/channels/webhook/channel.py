"""Webhooks: each notification as JSON to an address, signed."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from typing import Self
from urllib.parse import urlsplit

from app.core.settings import Settings
from app.http_client import HttpClient, HttpError, HttpUnreachable
from app.notify.channels.base import Channel
from app.notify.channels.webhook.settings import WebhookSettings
from app.notify.errors import PermanentError, TemporaryError
from app.notify.messages import Message
from app.notify.settings import NotifySettings

SIGNATURE = "X-DQMHub-Signature"
RETRIED = (408, 429)
"""4xx statuses worth a retry."""
MAX_ANSWER = 300


class WebhookChannel(Channel):
    """One address. Its name shows only the host: the rest often holds a secret."""

    kind = "webhook"
    max_age_s = 3600.0

    def __init__(self, settings: Settings, name: str, address: str) -> None:
        super().__init__(settings, name)
        self.address = address

    @classmethod
    def configured(cls, settings: Settings) -> list[Self]:
        """One channel for each address."""
        hosts: Counter[str] = Counter()
        found = []
        for address in settings.of(WebhookSettings).notify_webhooks:
            host = urlsplit(address).netloc
            hosts[host] += 1
            name = f"webhook {host}" + (f" ({hosts[host]})" if hosts[host] > 1 else "")
            found.append(cls(settings, name, address))
        return found

    def send(self, messages: Sequence[Message]) -> str:
        """Send one message."""
        (message,) = messages
        shared = self.settings.of(NotifySettings)
        body = json.dumps(message._asdict()).encode()
        with closing(HttpClient(ca=shared.notify_ca, headers=self._headers(body))) as client:
            try:
                answer = client.request(
                    "POST", self.address, deadline_s=shared.notify_timeout_s, max_bytes=MAX_ANSWER, body=body, truncate=True
                )
            except HttpUnreachable as error:
                raise TemporaryError(str(error) if error.sent else f"no connection to port {self._port}: {error}") from error
            except HttpError as error:
                raise TemporaryError(str(error) if error.sent else f"notify_ca: {error}") from error
        return classify_response(answer.status, answer.body.decode(errors="replace"))

    def _headers(self, body: bytes) -> dict[str, str]:
        found = {"Content-Type": "application/json", "Connection": "close"}
        if secret := self.settings.of(WebhookSettings).notify_webhook_secret:
            found[SIGNATURE] = f"sha256={hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}"
        return found

    @property
    def _port(self) -> int:
        parts = urlsplit(self.address)
        return parts.port or (443 if parts.scheme == "https" else 80)


def classify_response(status: int, text: str) -> str:
    """2xx is success; 4xx is final, but for RETRIED; everything else is temporary."""
    if 200 <= status < 300:
        return f"status {status}"
    if 300 <= status < 400:
        raise TemporaryError(f"status {status}: redirects are not followed")
    problem = f"status {status}: {text}" if text.strip() else f"status {status}"
    if 400 <= status < 500 and status not in RETRIED:
        raise PermanentError(problem)
    raise TemporaryError(problem)


CHANNEL = WebhookChannel
