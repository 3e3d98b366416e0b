"""Sending of requests to P5, once each, with the outcomes not sent, refused, failed and unknown kept apart."""

from __future__ import annotations

import time
from contextlib import nullcontext

from app.control.models import ANSWERED, FAILED, REFUSED, UNKNOWN
from app.control.readers import ResponseError, excerpt, without_tags
from app.control.responses import MachineResponse
from app.control.specs import CommandSpec, P5Request
from app.core.settings import Settings
from app.http_client import HttpError
from app.square.errors import P5Error, P5WrongHost
from app.square.settings import SquareSettings
from app.square.upstream import Upstream, behind_cmsweb, short_name

CONNECT_S = 10.0
MAX_RESPONSE_BYTES = 16 << 20

MAX_PROBLEMS = 5
"""Problems of a response that its error names."""

REFUSAL_STATUSES = (400, 401, 403, 404)
"""HTTP statuses of P5 that mean that nothing was done."""

OF_ONE_HOST = "/utils/"
"""Beginning of the paths of commands that the machine itself executes; the gateway executes the others for any machine."""

INTERNAL_PATHS = ("/utils/kill_proc/", "/utils/drop_ids")
"""Paths that DQM^2 does not serve through CMSWEB."""


def blocking_reason(settings: Settings, to_send: list[P5Request]) -> str:
    """Why these requests cannot be sent to P5; "" if they can."""
    if not settings.of(SquareSettings).square_url:
        return "no P5 is configured (setting square_url)"
    if not to_send:
        return "there is nothing to do, because P5 has no data of it as far as this hub knows"
    if not behind_cmsweb(settings):
        return ""
    if any(request.path.startswith(INTERNAL_PATHS) for request in to_send):
        return "CMSWEB blocks this command; submit it from a hub inside P5 (square_url http://...)"
    gateway = short_name(settings.of(SquareSettings).square_gateway)
    if others := sorted({request.machine for request in to_send} - {gateway}):
        return f"CMSWEB only reaches {gateway}, and this command is for {', '.join(others)}; submit it from a hub inside P5"
    return ""


def send(upstream: Upstream, spec: CommandSpec, request: P5Request, timeout_s: float) -> MachineResponse:
    """Send one request, and classify its response. It is not repeated when the connection breaks: P5 may have received the command.

    A request to the gateway is sent when it is its turn, and the pollers do not take it for unreachable while it executes the command.
    """
    if request.path.startswith(OF_ONE_HOST) and (wrong := _identity_problem(upstream, request.machine)):
        return wrong
    is_gateway = upstream.base_of(request.machine) == upstream.base
    with upstream.gateway_state.turn_of_command(spec.title) if is_gateway else nullcontext():
        return _send(upstream, spec, request, timeout_s)


def _send(upstream: Upstream, spec: CommandSpec, request: P5Request, timeout_s: float) -> MachineResponse:
    start = time.monotonic()
    try:
        answer = upstream.client.request(
            request.method,
            upstream.base_of(request.machine) + request.path,
            deadline_s=timeout_s,
            max_bytes=MAX_RESPONSE_BYTES,
            connect_s=CONNECT_S,
            body=request.body.encode() or None,
            headers={"Connection": "close"},
        )
    except HttpError as error:
        if not error.sent:
            return MachineResponse(request.machine, None, "", FAILED, f"nothing was sent to {request.machine}: {error}")
        state = UNKNOWN if spec.changes else FAILED
        return MachineResponse(request.machine, error.status, _text(error.body), state, str(error))
    if problem := upstream.cookie_problem(request.path, answer.status):
        return MachineResponse(request.machine, answer.status, _text(answer.body), REFUSED, f"P5 refused the request: {problem}")
    return classify_response(spec, request.machine, answer.status, _text(answer.body), time.monotonic() - start)


def _identity_problem(upstream: Upstream, machine: str) -> MachineResponse | None:
    """The outcome of a command for a machine that is not proven to be the one meant; None if it is."""
    try:
        upstream.prove_host(machine)
    except P5WrongHost as error:
        return MachineResponse(machine, None, "", REFUSED, f"nothing was sent: {error}")
    except P5Error as error:
        return MachineResponse(machine, None, "", FAILED, f"nothing was sent to {machine}, which did not give its name: {error}")
    return None


def classify_response(spec: CommandSpec, machine: str, status: int, text: str, elapsed_s: float) -> MachineResponse:
    """A complete response with the resulting state of the command: success only if it is what was asked for.

    Args:
        elapsed_s: Time from the request to the response, s.
    """
    if status != 200:
        error = f"P5 responded with status {status}: {excerpt(without_tags(text)) or '(empty)'}"
        return MachineResponse(machine, status, text, REFUSED if status in REFUSAL_STATUSES else FAILED, error)
    was_stopped = 0 < spec.program_timeout_s <= elapsed_s
    try:
        found = spec.read(text)
    except ResponseError as error:
        if was_stopped and spec.changes:  # it can have printed a warning and begun before
            return MachineResponse(machine, status, text, UNKNOWN, _stopped(spec, str(error)))
        return MachineResponse(machine, status, text, FAILED, str(error))
    if found.problems:
        return MachineResponse(machine, status, text, FAILED, _in_words(found.problems))
    if was_stopped and spec.changes:
        return MachineResponse(machine, status, text, UNKNOWN, _stopped(spec, f"P5 responded: {excerpt(text)}"))
    if was_stopped and found.may_be_cut:
        return MachineResponse(machine, status, text, FAILED, _stopped(spec, f"In P5's response {found.may_be_cut}"))
    return MachineResponse(machine, status, text, ANSWERED, "")


def _in_words(problems: tuple[str, ...]) -> str:
    more = f"; and {len(problems) - MAX_PROBLEMS} more" if len(problems) > MAX_PROBLEMS else ""
    return "P5 sent an error in place of what was asked for: " + "; ".join(problems[:MAX_PROBLEMS]) + more


def _stopped(spec: CommandSpec, answer: str) -> str:
    return (
        f"{answer}, after more than {spec.program_timeout_s:.0f} s: it responds so, too, when the host does not answer its ssh and it "
        "gives up. Whether anything was done is unknown"
    )


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")
