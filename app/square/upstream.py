"""The client of DQM^2 at P5: asks the web servers of its machines for headers and documents, directly or through the CMSWEB proxy.

One server, the gateway, answers at `square_url`, for itself and by /redirect for the others. No answer is waited for
longer than `square_timeout_s` in all, one with documents half as long; or read beyond MOST_BYTES, however slowly it comes.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import IO, Any, NamedTuple
from urllib.parse import quote, urlsplit

from app.core.settings import Settings
from app.http_client import CHUNK, HttpClient, HttpError, HttpUnreachable
from app.square.documents import moment, sequence
from app.square.settings import SquareSettings

MOST_BYTES = 512 << 20
MOST_REV = 2**62
LONGEST_KEY = 1000
"""Bytes of UTF-8: longer identifiers are no documents; a database cannot index them."""


class Unreachable(Exception):
    """P5, or the way to it, takes no connection."""


class BadAnswer(Exception):
    """An answer that cannot be used, or that did not come in time; raw: what came of it."""

    def __init__(self, why: str, raw: bytes = b"") -> None:
        self.raw = raw
        super().__init__(why)


class Header(NamedTuple):
    """What P5 says of the newest state of a document. timestamp: Unix s, None when there is none that can be used."""

    key: str
    rev: int
    timestamp: float | None


class Headers(NamedTuple):
    """Headers by ascending revision, and the texts of those that are none, each with the reason."""

    found: list[Header]
    bad: list[tuple[str, bytes]]


class Upstream:
    """A connection that is kept, for one thread."""

    def __init__(self, settings: Settings) -> None:
        ours = settings.of(SquareSettings)
        self.base = ours.square_url.rstrip("/")
        self.outside = behind_cmsweb(settings)
        self.gateway = short(ours.square_gateway)
        self.port = ours.square_port
        self.timeout_s = ours.square_timeout_s
        cookie = ours.square_cookie
        self.client = HttpClient(
            ca=ours.square_ca,
            certificate=ours.square_certificate,
            key=ours.square_key,
            headers={"Content-Type": "application/json", **({"Cookie": f"selenium-secret-secret={cookie}"} if cookie else {})},
        )

    def close(self) -> None:
        self.client.close()

    def headers(self, host: str, known_rev: int) -> Headers:
        """The headers of a host from a revision on, that one included; 0: all there are."""
        found: dict[str, Header] = {}
        bad = []
        for message in self._ask(host, {"event": "sync_request", "known_rev": known_rev}, "update_headers", self.timeout_s):
            for given in sequence(message.get("headers")):
                try:
                    header = _header(given)
                    found[header.key] = header
                except ValueError as error:
                    bad.append((str(error), json.dumps(given).encode()))
        return Headers(sorted(found.values(), key=lambda header: header.rev), bad)

    def documents(self, host: str, keys: Iterable[str]) -> dict[str, dict[str, Any]]:
        """Documents by their identifiers; those that P5 does not have are missing."""
        messages = self._ask(host, {"event": "request_documents", "ids": list(keys)}, "update_documents", self.timeout_s / 2)
        found = {}
        for message in messages:
            for document in sequence(message.get("documents")):
                if isinstance(document, dict) and isinstance(document.get("_id"), str):
                    found[document["_id"]] = document
        return found

    def command(self, what: str, **parameters: str) -> Any:
        """The JSON that P5's control room answers to a question."""
        query = "&".join(f"{name}={quote(value)}" for name, value in {"what": what, **parameters}.items())
        return _json(self._request("GET", f"/cr/exe?{query}", self.timeout_s))

    def log(self, host: str, key: str, into: IO[bytes]) -> None:
        """Write the whole log of a job, which only the machine that it ran on has and which may be large, into a file."""
        base, name = self.way(host)
        self._receive("GET", f"{base}/utils/show_log/{quote(key, safe='')}", self.timeout_s, into, host=name)

    def way(self, host: str) -> tuple[str, str]:
        """How a machine is asked itself, in place of through the gateway: base of the address, and the Host header, "" for that of the address.

        It has an address of its own where `square_url` names the gateway. Behind another name, of a tunnel or a
        stand-in, one server answers for the machine that the Host header names; CMSWEB, whose name must stay, leads to the gateway alone.
        """
        if self.outside or short(host) == self.gateway:
            return self.base, ""
        machine = f"{host}:{self.port}"
        return (f"http://{machine}", "") if short(urlsplit(self.base).hostname or "") == self.gateway else (self.base, machine)

    def _ask(self, host: str, message: dict[str, Any], event: str, timeout_s: float) -> list[dict[str, Any]]:
        direct = short(host) == self.gateway
        path = "/sync_proxy" if direct else f"/redirect?path={quote(host)}&port={self.port}"
        raw = self._request("POST", path, timeout_s, json.dumps({"messages": [json.dumps(message)]}))
        answer = _json(raw)
        texts = answer.get("messages") if isinstance(answer, dict) else None
        if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
            raise BadAnswer("the answer has no list of messages", raw)
        messages = [_json(text) for text in texts]
        if not all(isinstance(message, dict) and message.get("event") == event for message in messages):
            raise BadAnswer(f"a message is no {event}", raw)
        return messages

    def _request(self, method: str, path: str, timeout_s: float, body: str | None = None) -> bytes:
        """The body of the gateway's answer with status 200."""
        return self._receive(method, self.base + path, timeout_s, body=body)

    def _receive(
        self, method: str, url: str, timeout_s: float, into: IO[bytes] | None = None, body: str | None = None, host: str = ""
    ) -> bytes:
        """The body of an answer with status 200, or b"" when it is written into a file. host: the Host header, when it is not that of the URL."""
        try:
            answer = self.client.request(
                method,
                url,
                deadline_s=timeout_s,
                max_bytes=MOST_BYTES,
                body=body.encode() if body else None,
                headers={"Host": host} if host else None,
                into=into,
                retries=1,
            )
        except HttpUnreachable as error:
            raise Unreachable(str(error)) from error
        except HttpError as error:
            raise BadAnswer(str(error), error.body) from error
        raw = beginning(into) if into else answer.body
        if 300 <= answer.status < 400:
            raise BadAnswer("sent elsewhere: the cookie is not accepted", raw[:CHUNK])
        if answer.status != 200:
            raise BadAnswer(f"status {answer.status}", raw[:CHUNK])
        return answer.body


def beginning(file: IO[bytes]) -> bytes:
    """What of an answer is worth keeping that cannot be used."""
    file.seek(0)
    return file.read(CHUNK)


def behind_cmsweb(settings: Settings) -> bool:
    """Whether P5 is reached through the CMSWEB proxy."""
    return urlsplit(settings.of(SquareSettings).square_url).scheme == "https"


def leads_to(settings: Settings, host: str) -> bool:
    """Whether a machine can be asked itself: CMSWEB leads to the gateway alone, which passes on questions for documents only."""
    return not behind_cmsweb(settings) or short(host) == short(settings.of(SquareSettings).square_gateway)


def short(host: str) -> str:
    """The name of a machine without its domain at P5."""
    return host.removesuffix(".cms")


def _json(text: str | bytes) -> Any:
    """A text as JSON; numbers that JSON does not have stay as their names."""
    try:
        return json.loads(text, parse_constant=str)
    except (ValueError, RecursionError) as error:
        raise BadAnswer(f"no JSON: {error}"[:300], text if isinstance(text, bytes) else text.encode(errors="replace")) from error


def _header(given: Any) -> Header:
    if not isinstance(given, dict):
        raise ValueError("a header is no object")
    key, rev = given.get("_id"), given.get("_rev")
    if not isinstance(key, str) or not key.isprintable() or not 0 < len(key.encode()) <= LONGEST_KEY:
        raise ValueError("a header has no usable _id")
    if type(rev) is not int or not 0 <= rev <= MOST_REV:
        raise ValueError("a header has no usable _rev")
    return Header(key, rev, moment(given.get("timestamp")))
