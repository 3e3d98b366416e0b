"""Sending a command to P5: once, whatever happens, and telling apart what was not sent, what was refused, and what nobody knows."""

from __future__ import annotations

import time

import requests
from urllib3.exceptions import HTTPError, NewConnectionError

from app.control.answers import Wrong, short, untagged
from app.control.models import ANSWERED, FAILED, REFUSED, UNKNOWN
from app.control.responses import Part
from app.control.specs import Kind, Request
from app.core.settings import Settings
from app.square.settings import SquareSettings
from app.square.upstream import Upstream, behind_cmsweb, reason
from app.square.upstream import short as known_as

CONNECT_S = 10.0
MOST_BYTES = 16 << 20
CHUNK = 1 << 16
SAYS_NO = (400, 401, 403, 404)
"""By these P5 says that it did nothing."""

INSIDE_ONLY = ("/utils/kill_proc/", "/utils/drop_ids")
"""What DQM^2 answers by nothing when it is asked through CMSWEB."""


class NoAnswer(Exception):
    """The request was sent, and no whole answer came; status, raw: what came of it."""

    def __init__(self, why: str, status: int | None = None, raw: bytes = b"") -> None:
        self.status, self.raw = status, raw
        super().__init__(why)


class NotSent(Exception):
    """Nothing was sent."""


def obstacle(settings: Settings, wanted: list[Request]) -> str:
    """Why some requests cannot be sent to P5; "" when they can."""
    if not settings.of(SquareSettings).square_url:
        return "P5 is not asked: the setting square_url is empty"
    if not wanted:
        return "there is nothing to be done: P5 has nothing of it, as far as is known"
    if not behind_cmsweb(settings):
        return ""
    if any(request.path.startswith(INSIDE_ONLY) for request in wanted):
        return "CMSWEB does not let this through: it can be given by a hub inside P5 only, whose square_url is http://"
    gateway = known_as(settings.of(SquareSettings).square_gateway)
    if others := sorted({request.machine for request in wanted} - {gateway}):
        return f"CMSWEB leads to {gateway} alone, and this is for {', '.join(others)}: it can be given by a hub inside P5 only"
    return ""


def send(upstream: Upstream, kind: Kind, request: Request, timeout_s: float) -> Part:
    """Send one request, once, and judge its answer."""
    try:
        status, raw = _exchange(upstream, request, timeout_s)
    except NotSent as error:
        return Part(request.machine, None, "", FAILED, f"nothing was sent to {request.machine}: {error}")
    except NoAnswer as error:
        state = UNKNOWN if kind.changes else FAILED
        return Part(request.machine, error.status, _text(error.raw), state, str(error))
    return judged(kind, request.machine, status, _text(raw))


def judged(kind: Kind, machine: str, status: int, text: str) -> Part:
    """What a whole answer means: good is only what the command's reader takes for good."""
    if 300 <= status < 400:
        return Part(machine, status, text, REFUSED, "P5 sent us elsewhere: the cookie is not accepted")
    if status != 200:
        why = f"P5 answered {status}: {short(untagged(text)) or '(nothing)'}"
        return Part(machine, status, text, REFUSED if status in SAYS_NO else FAILED, why)
    try:
        kind.reads(text)
    except Wrong as error:
        return Part(machine, status, text, FAILED, str(error))
    return Part(machine, status, text, ANSWERED, "")


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")


def _exchange(upstream: Upstream, request: Request, timeout_s: float) -> tuple[int, bytes]:
    """Status and body of the answer. A connection that breaks is not tried again: P5 may have heard the command."""
    base, host = upstream.way(request.machine)
    headers = {"Content-Type": "application/json", "Connection": "close", **({"Host": host} if host else {})}
    end = time.monotonic() + timeout_s
    try:
        answer = upstream.session.request(
            request.method, base + request.path, data=request.body or None, headers=headers,
            timeout=(min(CONNECT_S, timeout_s), timeout_s), stream=True, allow_redirects=False,
        )  # fmt: skip
    except requests.ConnectTimeout:
        raise NotSent(f"{request.machine} took no connection") from None
    except requests.exceptions.SSLError as error:
        raise NotSent(f"TLS: {reason(error)}") from error
    except requests.Timeout:
        raise NoAnswer(f"no answer within {timeout_s:g} s") from None
    except (requests.ConnectionError, OSError) as error:  # OSError: the certificate cannot be read
        if not isinstance(error, requests.ConnectionError) or _before_sending(error):
            raise NotSent(reason(error)) from error
        raise NoAnswer(f"the connection ended without an answer: {reason(error)}") from error
    with answer:
        return answer.status_code, _body(answer, end, timeout_s)


def _before_sending(error: requests.ConnectionError) -> bool:
    """Whether a connection was never made, as urllib3 says within the error."""
    inner = error.args[0] if error.args else None
    return isinstance(getattr(inner, "reason", None), NewConnectionError)


def _body(answer: requests.Response, end: float, timeout_s: float) -> bytes:
    """The body, taken as it comes: who waits for chunks of a given size may wait for ever."""
    found = bytearray()
    status = answer.status_code
    try:
        while chunk := answer.raw.read1(CHUNK, decode_content=True):
            found += chunk
            if len(found) > MOST_BYTES:
                raise NoAnswer(f"the answer is longer than {MOST_BYTES >> 20} MB", status, bytes(found[:CHUNK]))
            if time.monotonic() > end:
                raise NoAnswer(f"no whole answer within {timeout_s:g} s", status, bytes(found))
    except HTTPError as error:
        raise NoAnswer(f"the answer ends early: {reason(error)}", status, bytes(found)) from error
    return bytes(found)
