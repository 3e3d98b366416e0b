"""Sending a command to P5: once, whatever happens, and telling apart what was not sent, what was refused, and what nobody knows."""

from __future__ import annotations

from app.control.answers import Wrong, short, untagged
from app.control.models import ANSWERED, FAILED, REFUSED, UNKNOWN
from app.control.responses import Part
from app.control.specs import Kind, Request
from app.core.settings import Settings
from app.http_client import HttpError
from app.square.settings import SquareSettings
from app.square.upstream import Upstream, behind_cmsweb
from app.square.upstream import short as known_as

CONNECT_S = 10.0
MOST_BYTES = 16 << 20
SAYS_NO = (400, 401, 403, 404)
"""By these P5 says that it did nothing."""

INSIDE_ONLY = ("/utils/kill_proc/", "/utils/drop_ids")
"""What DQM^2 answers by nothing when it is asked through CMSWEB."""


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
    base, host = upstream.way(request.machine)
    try:
        answer = upstream.client.request(
            request.method,
            base + request.path,
            deadline_s=timeout_s,
            max_bytes=MOST_BYTES,
            connect_s=CONNECT_S,
            body=request.body.encode() or None,
            headers={"Connection": "close", **({"Host": host} if host else {})},
        )  # never again when the connection breaks: P5 may have got the command
    except HttpError as error:
        if not error.sent:
            return Part(request.machine, None, "", FAILED, f"nothing was sent to {request.machine}: {error}")
        state = UNKNOWN if kind.changes else FAILED
        return Part(request.machine, error.status, _text(error.body), state, str(error))
    return judged(kind, request.machine, answer.status, _text(answer.body))


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
