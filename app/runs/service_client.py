"""JSON from OMS and the Run Registry over HTTP, with tokens; each kind of failure is an error of its own."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote, urlencode

from app.core.text import one_line
from app.http_client import HttpAnswer, HttpBadAnswer, HttpClient, HttpError, HttpTimeout, HttpUnreachable
from app.runs.errors import (
    AccessDenied,
    BadAnswer,
    RequestRefused,
    ServiceFailed,
    ServiceTimeout,
    ServiceUnreachable,
    SignInRequired,
    TooManyRequests,
)
from app.runs.settings import RunsSettings
from app.runs.tokens import TokenSource

DEFAULT_PAUSE_S = 60.0
"""Pause after a 429 that names none."""
MAX_PAUSE_S = 6 * 3600.0
"""Longest pause that a service can demand."""


MAX_TEXT = 500
"""Longest text that is kept of an attribute."""


def service_text(value: Any) -> str:
    """A text of a service as every database can store it; "" for any other value."""
    return one_line(value[:MAX_TEXT]) if isinstance(value, str) else ""


class ServiceClient:
    """A client of one of the services, for one thread. Its methods raise ServiceError."""

    def __init__(self, settings: RunsSettings, name: str, url: str, audience: str) -> None:
        """
        Args:
            settings: Those of the area.
            name: Of the service, for messages.
            url: Base URL of its API.
            audience: Of its tokens.
        """
        self.name = name
        self._base = url.rstrip("/")
        self._timeout_s = settings.runs_timeout_s
        self._has_client = bool(settings.runs_client_id)
        self._client = HttpClient(ca=settings.runs_ca, headers={"Accept": "application/json, application/vnd.api+json"})
        self._tokens = TokenSource(settings, audience, self._client)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def get(self, path: str, query: Mapping[str, str | int], max_bytes: int) -> dict[str, Any]:
        """The JSON object of at most `max_bytes` at a path below the base URL."""
        return self._object("GET", f"{path}?{urlencode(query, quote_via=quote, safe='[],')}", None, max_bytes)

    def post(self, path: str, body: Any, max_bytes: int) -> dict[str, Any]:
        """The JSON object of at most `max_bytes` that answers a JSON body. Used for queries only, so it may be sent twice."""
        return self._object("POST", path, json.dumps(body).encode(), max_bytes)

    def bad_answer(self, problem: str) -> BadAnswer:
        """The error of an answer that is not of the documented form."""
        return BadAnswer(f"{self.name} sends an unusable answer: {problem}")

    def _object(self, method: str, path: str, body: bytes | None, max_bytes: int) -> dict[str, Any]:
        found = self._json(method, path, body, max_bytes)
        if not isinstance(found, dict):
            raise self.bad_answer("no JSON object")
        return found

    def _json(self, method: str, path: str, body: bytes | None, max_bytes: int) -> Any:
        """The JSON of an answer with status 200. A refused token is renewed once."""
        token = self._tokens.token()
        answer = self._send(method, path, body, max_bytes, token)
        if answer.status == 401 and token:
            self._tokens.discard(token)
            answer = self._send(method, path, body, max_bytes, self._tokens.token())
        self._check_status(answer)
        if _is_html(answer):
            raise SignInRequired(f"{self.name} answers with a page in place of JSON, such as the sign-in page; {self._hint()}")
        if len(answer.body) > max_bytes:
            raise self.bad_answer(f"the answer is longer than {max_bytes >> 10} kB")
        try:
            return json.loads(answer.body)
        except (ValueError, RecursionError) as error:
            raise self.bad_answer(f"no JSON ({error})"[:200]) from error

    def _send(self, method: str, path: str, body: bytes | None, max_bytes: int, token: str) -> HttpAnswer:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        try:
            return self._client.request(
                method,
                f"{self._base}/{path}",
                deadline_s=self._timeout_s,
                max_bytes=max_bytes + 1,
                truncate=True,  # the status of a longer answer, such as a page of a proxy, still says what is wrong
                body=body,
                headers={**headers, "Content-Type": "application/json"} if body else headers,
                retries=1,
            )
        except HttpTimeout as error:
            raise ServiceTimeout(f"{self.name} is too slow: {error}") from error
        except HttpUnreachable as error:
            raise ServiceUnreachable(f"{self.name} is unreachable: {error}") from error
        except HttpBadAnswer as error:
            raise BadAnswer(f"{self.name} sends an unusable answer: {error}") from error
        except HttpError as error:
            raise ServiceUnreachable(f"{self.name} cannot be queried: {error}; check its address and runs_ca") from error

    def _check_status(self, answer: HttpAnswer) -> None:
        if answer.status == 200:
            return
        status, reason = answer.status, _reason(answer)
        if 300 <= status < 400:
            raise SignInRequired(f"{self.name} redirects (status {status}) to {_host_text(answer)}; {self._hint()}")
        if status == 429 or (status == 503 and "Retry-After" in answer.headers):
            pause_s = retry_after_s(answer.headers.get("Retry-After", ""), time.time())
            raise TooManyRequests(f"{self.name} demands a pause of {pause_s:.0f} s (status {status})", pause_s)
        if status == 401 and self._has_client:
            raise AccessDenied(f"{self.name} refuses the token, also a new one (status 401{reason}); check the audience in the settings")
        if status in (401, 403):
            raise AccessDenied(f"{self.name} refuses access (status {status}{reason}); {self._hint()}")
        if status >= 500 and not reason.startswith(", err"):
            raise ServiceFailed(f"{self.name} fails (status {status}{reason})")
        raise RequestRefused(f"{self.name} refuses the request (status {status}{reason})")

    def _hint(self) -> str:
        return "check the address and the client in the settings" if self._has_client else "the setting runs_client_id is empty"


def _is_html(answer: HttpAnswer) -> bool:
    return "html" in answer.headers.get("Content-Type", "").lower() or answer.body.lstrip()[:1] == b"<"


def _host_text(answer: HttpAnswer) -> str:
    """Where a redirection leads, without its query, which may hold secrets."""
    return answer.headers.get("Location", "nowhere").partition("?")[0][:200]


def _reason(answer: HttpAnswer) -> str:
    """What the answer with an error says, after a comma; "" for nothing readable."""
    try:
        body: Any = json.loads(answer.body)
    except (ValueError, RecursionError):
        return ""
    if not isinstance(body, dict):
        return ""
    if "err" in body:
        return f", err: {body['err']}"[:300]
    errors = body.get("errors")
    first = errors[0] if isinstance(errors, list) and errors and isinstance(errors[0], dict) else body
    text = next((first[name] for name in ("detail", "message", "error_description", "error") if isinstance(first.get(name), str)), "")
    return f", {text}"[:300] if text else ""


def retry_after_s(value: str, now: float) -> float:
    """The pause that a header Retry-After demands, s: a number of seconds or a date. now: Unix s UTC."""
    try:
        pause_s = float(value) if value.strip().isdigit() else parsedate_to_datetime(value).timestamp() - now
    except (ValueError, TypeError):
        pause_s = DEFAULT_PAUSE_S
    return min(max(pause_s, 1.0), MAX_PAUSE_S)
