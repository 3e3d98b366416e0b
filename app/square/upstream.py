"""Client of DQM^2 at P5: headers and documents from the web servers of its machines, directly or through the CMSWEB proxy.

One server, the gateway, responds at `square_url`, for itself and by /redirect for the others. A request takes at most
`square_timeout_s`, one for documents half of that, and reads at most MAX_RESPONSE_BYTES.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import IO, Any, NamedTuple
from urllib.parse import quote, urlsplit

from app.core.settings import Settings
from app.http_client import CHUNK, HttpClient, HttpError, HttpTimeout, HttpUnreachable
from app.square.errors import P5BadResponse, P5Unavailable, P5Unreachable, P5WrongHost
from app.square.gateway import gateway_at
from app.square.settings import SquareSettings
from app.square.values import moment, sequence

MAX_RESPONSE_BYTES = 512 << 20
MAX_REV = 2**62

FRONTEND_STATUSES = (502, 503, 504)
"""Statuses of CMSWEB without a response of the gateway."""

COOKIE_PATHS = ("/cr/exe", "/utils/")
"""Paths for which DQM^2 requires the cookie behind CMSWEB."""

MAX_KEY_BYTES = 1000
"""Longer identifiers (UTF-8) are rejected: a database cannot index them."""


class DocumentHeader(NamedTuple):
    """The newest state of a document at P5."""

    key: str
    rev: int
    timestamp: float | None  # Unix s; None if P5 sends no usable one


class DocumentHeaders(NamedTuple):
    """The headers of a host."""

    headers: list[DocumentHeader]  # by ascending revision
    rejected: list[tuple[str, bytes]]  # reason and text of each unusable header


class Upstream:
    """A connection to P5 that is kept open, for one thread. All methods raise P5Error."""

    def __init__(self, settings: Settings) -> None:
        square = settings.of(SquareSettings)
        self.base = square.square_url.rstrip("/")
        self.is_cmsweb = behind_cmsweb(settings)
        self.gateway = short_name(square.square_gateway)
        self.port = square.square_port
        self.address_of = square.address_of
        self.timeout_s = square.square_timeout_s
        self.gateway_state = gateway_at(self.base)
        self.has_cookie = bool(square.square_cookie)
        cookie = square.square_cookie
        self.client = HttpClient(
            ca=square.square_ca,
            certificate=square.square_certificate,
            key=square.square_key,
            headers={"Content-Type": "application/json", **({"Cookie": f"selenium-secret-secret={cookie}"} if cookie else {})},
        )

    def close(self) -> None:
        """Close the connection."""
        self.client.close()

    def headers(self, host: str, known_rev: int) -> DocumentHeaders:
        """The headers of a host from revision `known_rev` on, which is included; 0 for all."""
        found: dict[str, DocumentHeader] = {}
        rejected = []
        for message in self._exchange(host, {"event": "sync_request", "known_rev": known_rev}, "update_headers", self.timeout_s):
            for item in sequence(message.get("headers")):
                try:
                    header = _header(item)
                    found[header.key] = header
                except ValueError as error:
                    rejected.append((str(error), json.dumps(item).encode()))
        return DocumentHeaders(sorted(found.values(), key=lambda header: header.rev), rejected)

    def documents(self, host: str, keys: Iterable[str]) -> dict[str, dict[str, Any]]:
        """Documents by key, without those that P5 does not have."""
        messages = self._exchange(host, {"event": "request_documents", "ids": list(keys)}, "update_documents", self.timeout_s / 2)
        found = {}
        for message in messages:
            for document in sequence(message.get("documents")):
                if isinstance(document, dict) and isinstance(document.get("_id"), str):
                    found[document["_id"]] = document
        return found

    def query(self, what: str, **parameters: str) -> Any:
        """The JSON response of P5's control room to a query."""
        arguments = "&".join(f"{name}={quote(value)}" for name, value in {"what": what, **parameters}.items())
        return _json(self._request("GET", f"/cr/exe?{arguments}", self.timeout_s))

    def log(self, host: str, key: str, into: IO[bytes]) -> None:
        """Write the whole log of a job, which can be large, into a file. Only the machine on which the job ran has it."""
        self.prove_host(host)
        self._receive("GET", f"{self.base_of(host)}/utils/show_log/{quote(key, safe='')}", self.timeout_s, into)

    def base_of(self, host: str) -> str:
        """The address of a machine itself. CMSWEB only reaches the gateway."""
        return self.base if self.is_cmsweb or short_name(host) == self.gateway else self.address_of(short_name(host))

    def prove_host(self, host: str) -> None:
        """Ask the machine at the address of a host for its name; raises P5WrongHost if it is another one.

        An address can be that of another machine, for example of a tunnel, and DQM^2 executes whatever it receives.
        """
        info = _json(self._receive("GET", f"{self.base_of(host)}/info", self.timeout_s))
        name = info.get("hostname") if isinstance(info, dict) else None
        if not isinstance(name, str) or short_name(name.lower()) != short_name(host).lower():
            raise P5WrongHost(
                f"{self.base_of(host)} is {json.dumps(name)[:100]}, not {host}; correct square_gateway, or add {host} to square_addresses"
            )

    def _exchange(self, host: str, message: dict[str, Any], event: str, timeout_s: float) -> list[dict[str, Any]]:
        """Send a message to a host through the gateway; the messages of the response."""
        is_gateway = short_name(host) == self.gateway
        path = "/sync_proxy" if is_gateway else f"/redirect?path={quote(host)}&port={self.port}"
        raw = self._request("POST", path, timeout_s, json.dumps({"messages": [json.dumps(message)]}), host)
        response = _json(raw)
        texts = response.get("messages") if isinstance(response, dict) else None
        if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
            raise P5BadResponse("the response has no list of messages", raw)
        messages = [_json(text) for text in texts]
        if not all(isinstance(message, dict) and message.get("event") == event for message in messages):
            raise P5BadResponse(f"a message is not an {event}", raw)
        return messages

    def _request(self, method: str, path: str, timeout_s: float, body: str | None = None, host: str = "") -> bytes:
        """The body of the gateway's response with status 200, when it is the turn of this request. host: the host that it is for."""
        state = self.gateway_state
        with state.turn():
            if not state.admits():
                raise P5Unreachable(state.problem)
            try:
                raw = self._receive(method, self.base + path, timeout_s, body=body)
            except P5Unreachable as error:
                state.record_unreachable(str(error))
                raise
            except P5Unavailable as error:
                if error.is_silent:
                    state.record_silence(host or self.gateway, str(error))
                else:
                    state.record_response()
                raise
            except P5BadResponse:
                state.record_response()
                raise
            state.record_response()
            return raw

    def cookie_problem(self, url: str, status: int) -> str:
        """What is wrong with the cookie if a response has this status; "" for nothing.

        Without any cookie DQM^2 fails with status 500 where it requires one.
        """
        is_required = self.is_cmsweb and any(part in url for part in COOKIE_PATHS)
        if not self.has_cookie and self.is_cmsweb and (300 <= status < 400 or (status == 500 and is_required)):
            return f"status {status}: the setting square_cookie is empty, and DQM^2 behind CMSWEB requires the cookie"
        return "redirected: the cookie is not accepted" if 300 <= status < 400 else ""

    def _receive(self, method: str, url: str, timeout_s: float, into: IO[bytes] | None = None, body: str | None = None) -> bytes:
        """The body of a response with status 200.

        Args:
            into: File for the body; b"" is returned then.
        """
        try:
            answer = self.client.request(
                method,
                url,
                deadline_s=timeout_s,
                max_bytes=MAX_RESPONSE_BYTES,
                body=body.encode() if body else None,
                into=into,
                retries=1,
            )
        except HttpUnreachable as error:
            raise P5Unreachable(str(error)) from error
        except HttpTimeout as error:
            raise P5Unavailable(str(error), error.body, is_silent=True) from error
        except HttpError as error:
            raise P5BadResponse(str(error), error.body) from error
        raw = _beginning(into) if into else answer.body
        if problem := self.cookie_problem(url, answer.status):
            raise P5BadResponse(problem, raw[:CHUNK])
        if answer.status >= 500:
            raise P5Unavailable(f"status {answer.status}", raw[:CHUNK], is_silent=answer.status in FRONTEND_STATUSES)
        if answer.status != 200:
            raise P5BadResponse(f"status {answer.status}", raw[:CHUNK])
        return answer.body


def _beginning(file: IO[bytes]) -> bytes:
    """The beginning of an unusable response, which is stored."""
    file.seek(0)
    return file.read(CHUNK)


def behind_cmsweb(settings: Settings) -> bool:
    """Whether P5 is reached through the CMSWEB proxy."""
    return urlsplit(settings.of(SquareSettings).square_url).scheme == "https"


def is_reachable(settings: Settings, host: str) -> bool:
    """Whether this hub can reach a machine itself: CMSWEB only reaches the gateway, which forwards requests for documents only."""
    return not behind_cmsweb(settings) or short_name(host) == short_name(settings.of(SquareSettings).square_gateway)


def short_name(host: str) -> str:
    """The name of a machine without its domain at P5."""
    return host.removesuffix(".cms")


def _json(text: str | bytes) -> Any:
    """A text as JSON. NaN and infinities, which JSON does not have, become texts."""
    try:
        return json.loads(text, parse_constant=str)
    except (ValueError, RecursionError) as error:
        raise P5BadResponse(f"not JSON: {error}"[:300], text if isinstance(text, bytes) else text.encode(errors="replace")) from error


def _header(item: Any) -> DocumentHeader:
    """A header. Raises ValueError if it cannot be used."""
    if not isinstance(item, dict):
        raise ValueError("a header is not an object")
    key, rev = item.get("_id"), item.get("_rev")
    if not isinstance(key, str) or not key.isprintable() or not 0 < len(key.encode()) <= MAX_KEY_BYTES:
        raise ValueError("a header has no usable _id")
    if type(rev) is not int or not 0 <= rev <= MAX_REV:
        raise ValueError("a header has no usable _rev")
    return DocumentHeader(key, rev, moment(item.get("timestamp")))
