"""Tokens for OMS and the Run Registry: both flows of the token server of CERN, with renewal before they expire.

A token is either one that the token server issued, or an error with the reason: nothing else is ever sent as a token.
"""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import urlencode

from app.http_client import HttpAnswer, HttpClient, HttpError
from app.runs.errors import TokenRefused
from app.runs.settings import EXCHANGE, RunsSettings

MAX_TOKEN_BYTES = 1 << 16
DEFAULT_LIFE_S = 60.0
"""Life of a token whose answer does not name it."""
MARGIN, MAX_MARGIN_S = 0.2, 30.0
"""A token is renewed in this part of its life at the end, at most so many seconds before it expires."""

EXCHANGE_GRANT = "urn:ietf:params:oauth:grant-type:token-exchange"
ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"

TOKEN = re.compile(r"[\x21-\x7e]+")
"""What a header can hold (RFC 6750 has even less)."""


class AccessToken(NamedTuple):
    """An issued token."""

    text: str
    renew_at: float  # seconds of time.monotonic()


_tokens: dict[tuple[str, ...], AccessToken] = {}
"""Tokens of this process, by everything that they depend on."""
_lock = threading.Lock()


class TokenSource:
    """Tokens of one audience, shared by all sources of the process with the same settings."""

    def __init__(self, settings: RunsSettings, audience: str, client: HttpClient) -> None:
        self._settings, self._audience, self._client = settings, audience, client
        self._base = settings.runs_auth_url.rstrip("/")
        self._key = (self._base, settings.runs_token_flow, settings.runs_client_id, settings.runs_client_secret, audience)

    def token(self) -> str:
        """A token that is valid now; "" if no client is configured. Raises TokenRefused."""
        if not self._settings.runs_client_id:
            return ""
        with _lock:
            known = _tokens.get(self._key)
        if known is None or time.monotonic() >= known.renew_at:
            known = self._new_token()
            with _lock:
                _tokens[self._key] = known
        return known.text

    def discard(self, text: str) -> None:
        """Forget a token that a service has refused."""
        with _lock:
            if (known := _tokens.get(self._key)) and known.text == text:
                del _tokens[self._key]

    def _new_token(self) -> AccessToken:
        if self._settings.runs_token_flow != EXCHANGE:
            return self._post("api-access/token", {"grant_type": "client_credentials", "audience": self._audience})
        first = self._post("protocol/openid-connect/token", {"grant_type": "client_credentials"})
        form = {"grant_type": EXCHANGE_GRANT, "requested_token_type": ACCESS_TOKEN, "subject_token": first.text}
        return self._post("protocol/openid-connect/token", {**form, "audience": self._audience})

    def _post(self, path: str, form: Mapping[str, str]) -> AccessToken:
        secret = self._settings.runs_client_secret
        body = urlencode({**form, "client_id": self._settings.runs_client_id, "client_secret": secret}).encode()
        start = time.monotonic()
        try:
            answer = self._client.request(
                "POST",
                f"{self._base}/{path}",
                deadline_s=self._settings.runs_timeout_s,
                max_bytes=MAX_TOKEN_BYTES,
                truncate=True,  # a longer answer is a page, and no token
                body=body,
                headers={"Content-Type": "application/x-www-form-urlencoded"},
                retries=1,
            )
        except HttpError as error:
            raise TokenRefused(f"The token server {self._base} gives no usable answer: {error}") from error
        return _token_of(answer, start, self._base, secret)


def _token_of(answer: HttpAnswer, start: float, base: str, secret: str) -> AccessToken:
    """The token of an answer to a request of the time `start`, s of time.monotonic(). Raises TokenRefused."""
    try:
        body: Any = json.loads(answer.body)
    except (ValueError, RecursionError):
        body = None
    if answer.status != 200:
        reason = ": ".join(str(body[name]) for name in ("error", "error_description") if body.get(name)) if isinstance(body, dict) else ""
        reason = reason.replace(secret, "(hidden)")[:300] if secret else reason[:300]
        hint = "; check runs_client_id and runs_client_secret" if answer.status in (400, 401, 403) else ""
        raise TokenRefused(f"The token server {base} issues no token: status {answer.status}{', ' + reason if reason else ''}{hint}")
    text = body.get("access_token") if isinstance(body, dict) else None
    if not isinstance(text, str) or not TOKEN.fullmatch(text) or str(body.get("token_type", "Bearer")).lower() != "bearer":
        raise TokenRefused(f"The token server {base} answers without a token; check runs_auth_url")
    life = body.get("expires_in")
    life_s = float(life) if isinstance(life, int | float) and not isinstance(life, bool) and 0 < life < 1e9 else DEFAULT_LIFE_S
    return AccessToken(text, start + life_s - min(MARGIN * life_s, MAX_MARGIN_S))
