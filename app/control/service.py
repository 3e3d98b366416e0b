"""Submission and execution of commands: each is submitted once, sent at most once, and has an entry in the audit log when it ends."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Mapping
from typing import Any

from app.control import inventory
from app.control.arguments import Args, check_arguments
from app.control.commands import COMMANDS
from app.control.errors import CommandConflict, InvalidCommand, UnknownCommand
from app.control.models import ANSWERED, COUNTER, ENDED, FAILED, OPEN, QUEUED, REFUSED, SENDING, UNKNOWN, SubmittedCommand
from app.control.readers import excerpt
from app.control.responses import MachineResponse, dump_responses
from app.control.sending import blocking_reason, send
from app.control.specs import CommandSpec, Impact
from app.core.counters import advance
from app.core.database import proxy
from app.core.settings import Settings
from app.core.zones import time_text
from app.queue.store import enqueue
from app.security.audit_log import audit
from app.square.settings import SquareSettings
from app.square.stops import announce_stop, withdraw_stop
from app.square.systems import SYSTEMS
from app.square.upstream import Upstream
from app.web import etag_of

log = logging.getLogger(__name__)

JOB_KIND = "square-command"
"""Kind of the background job that sends a command; its key is the number of the command."""

MAX_QUEUED_S = 60.0
"""A command that was not sent within this time is refused: its submitter may have given up on it."""

GRACE_S = 60.0
"""Time beyond the timeouts after which a command that is being sent is considered lost."""

MIN_REASON_CHARS, MAX_REASON_CHARS = 3, 1000
MAX_ERROR_CHARS = 2000

SEVERITY = (ANSWERED, REFUSED, FAILED, UNKNOWN)
"""States of responses in ascending severity; a command has the most severe one of its responses."""


def find_spec(name: str) -> CommandSpec:
    """The specification of a command. Raises UnknownCommand."""
    if name not in COMMANDS:
        raise UnknownCommand(f"There is no command {name[:100]}. Commands are {', '.join(COMMANDS)}")
    return COMMANDS[name]


def find_command(number: int) -> SubmittedCommand:
    """A submitted command by its number. Raises UnknownCommand."""
    row: SubmittedCommand | None = SubmittedCommand.get_or_none(SubmittedCommand.id == number) if number < 2**31 else None
    if row is None:
        raise UnknownCommand(f"There is no command {number}")
    return row


def impact_token(impact: Impact) -> str:
    """A token of an impact, to see whether it is still the one that was confirmed."""
    return etag_of(*impact)


def check_reason(spec: CommandSpec, reason: str) -> str:
    """The reason of a command on one line; queries need none. Raises InvalidCommand."""
    reason = "".join(letter if letter.isprintable() else " " for letter in reason).strip()
    if spec.changes and not MIN_REASON_CHARS <= len(reason) <= MAX_REASON_CHARS:
        expected = f"Expected {MIN_REASON_CHARS} to {MAX_REASON_CHARS} characters"
        raise InvalidCommand("The command was not submitted: it needs a reason", [("reason", expected)])
    return reason[:MAX_REASON_CHARS]


def submission_block(settings: Settings, spec: CommandSpec, args: Args) -> str:
    """Why this command cannot be sent; "" if it can."""
    return blocking_reason(settings, spec.requests(settings, args)) if spec.requests else ""


def submit(
    settings: Settings,
    spec: CommandSpec,
    values: Mapping[str, str],
    user: str,
    reason: str,
    idempotency_key: str,
    confirmed_impact: str = "",
) -> SubmittedCommand:
    """Store a command and queue it for sending.

    Args:
        values: Arguments as they were entered.
        idempotency_key: A second submission with the same key returns the command of the first.
        confirmed_impact: Token of the impact that the user confirmed; "" to skip the comparison.

    Raises:
        InvalidCommand: Some arguments or the reason cannot be used.
        CommandConflict: Another command changes the same machine, the impact is no longer the confirmed one, or P5 cannot be reached.
    """
    if earlier := _submitted_with(idempotency_key, spec, values, user):
        return earlier
    args = check_arguments(settings, spec.arguments, values)
    reason = check_reason(spec, reason)
    if blocked := submission_block(settings, spec, args):
        raise CommandConflict(f"The command was not submitted: {blocked}")
    impact = spec.impact(settings, args)
    with proxy.atomic():
        version = advance(COUNTER)
        if earlier := _submitted_with(idempotency_key, spec, values, user):  # by a simultaneous request
            return earlier
        _refuse_conflicts(settings, impact, confirmed_impact)
        row: SubmittedCommand = SubmittedCommand.create(
            system=spec.system(settings, args),
            name=spec.name,
            arguments=json.dumps(args),
            impact=json.dumps(impact._asdict()),
            user=user,
            reason=reason,
            idempotency_key=idempotency_key,
            created=time.time(),
            version=version,
        )
        if spec.requests is not None:
            enqueue(JOB_KIND, str(row.id), queue="live")
    return row if spec.requests is not None else _answer_locally(row)


def _refuse_conflicts(settings: Settings, impact: Impact, confirmed_impact: str) -> None:
    """Raise CommandConflict if the impact is not the confirmed one, or another command changes one of its machines."""
    if confirmed_impact and confirmed_impact != impact_token(impact):
        raise CommandConflict("The command was not submitted: its effect has changed since the preview. Check the new preview below")
    close_abandoned(settings)
    _refuse_concurrent(impact.machines)


def _answer_locally(row: SubmittedCommand) -> SubmittedCommand:
    """End a query that the hub answers itself."""
    record_outcome(row.id, (QUEUED,), [MachineResponse("", 200, json.dumps(inventory.run_keys()), ANSWERED, "")])
    answered: SubmittedCommand = SubmittedCommand.get_by_id(row.id)
    return answered


def _submitted_with(key: str, spec: CommandSpec, values: Mapping[str, str], user: str) -> SubmittedCommand | None:
    """The command that was submitted with this idempotency key. Raises CommandConflict if it is a different one."""
    row: SubmittedCommand | None = SubmittedCommand.get_or_none(SubmittedCommand.idempotency_key == key)
    if row and ((row.name, row.user) != (spec.name, user) or _normalised(row.args) != _normalised(values)):
        message = f"The command was not submitted: idempotency_key belongs to command {row.id}, which is a different one"
        raise CommandConflict(message, [("idempotency_key", "Expected a new key")])
    return row


def _normalised(values: Mapping[str, str]) -> dict[str, str]:
    """Arguments in a form that is the same before and after their check."""
    return {name: value.strip().removesuffix(".cms").lstrip("0") for name, value in values.items() if value.strip()}


def _refuse_concurrent(machines: list[str]) -> None:
    """Raise CommandConflict while another command changes one of these machines."""
    if not machines:
        return
    for row in SubmittedCommand.select().where(SubmittedCommand.state.in_(OPEN)):
        if common := sorted(set(machines) & set(row.impact_fields()["machines"])):
            title = COMMANDS[row.name].title
            raise CommandConflict(
                f"The command was not submitted: command {row.id} of {row.user}, {title}, is in progress on {', '.join(common)}. "
                "Wait until it has ended"
            )


def max_sending_s(settings: Settings, row: SubmittedCommand) -> float:
    """How long the sending of a command may take, s, when it first waits for the end of another request to the gateway."""
    return settings.of(SquareSettings).square_command_timeout_s * (1 + max(1, len(row.impact_fields()["machines"]))) + GRACE_S


def close_abandoned(settings: Settings) -> None:
    """End commands that were not sent in time, and those whose sender died; without a running worker nothing else does."""
    now = time.time()
    for row in list(SubmittedCommand.select().where(SubmittedCommand.state.in_(OPEN))):
        if row.state == QUEUED and row.created < now - MAX_QUEUED_S:
            _refuse_late(row)
        elif row.state == SENDING and (row.sent_at or 0) < now - max_sending_s(settings, row):
            _close_lost(row)


def execute(settings: Settings, number: int) -> None:
    """Send a command. If it was being sent before, its sender died: its outcome becomes unknown, and nothing is sent."""
    row = SubmittedCommand.get_by_id(number)
    if row.state == QUEUED and row.created < time.time() - MAX_QUEUED_S:
        _refuse_late(row)
    elif _change(number, (QUEUED,), state=SENDING, sent_at=time.time()):
        _announce_stop(row)
        responses = _send_all(settings, row)
        record_outcome(number, (SENDING, UNKNOWN), responses)  # UNKNOWN: it may have been closed as lost meanwhile
    elif row.state == SENDING:
        _close_lost(row)


def _announce_stop(row: SubmittedCommand) -> None:
    """Announce the jobs that a command is about to end, whose end is no crash."""
    spec = COMMANDS[row.name]
    if spec.ends and row.system in SYSTEMS:
        host, key, number = spec.ends(row.args)
        announce_stop(row.system, host, row.id, spec.title, row.user, row.reason, key=key, signal_number=number)


def _send_all(settings: Settings, row: SubmittedCommand) -> list[MachineResponse]:
    """Send the requests of a command, and store each response as it arrives."""
    spec, upstream = COMMANDS[row.name], Upstream(settings)
    responses: list[MachineResponse] = []
    try:
        for request in spec.requests(settings, row.args) if spec.requests else []:
            responses.append(send(upstream, spec, request, settings.of(SquareSettings).square_command_timeout_s))
            _change(row.id, (SENDING,), answer=dump_responses(responses))
    except Exception as error:  # the command must end whatever happens
        log.exception("Command %d failed", row.id)
        state = UNKNOWN if spec.changes else FAILED
        responses.append(MachineResponse("", None, "", state, f"internal error of DQM Hub: {type(error).__name__}"))
    finally:
        upstream.close()
    return responses


def _refuse_late(row: SubmittedCommand) -> None:
    error = f"not sent: no worker took it within {MAX_QUEUED_S:.0f} s (is `dqmhub live` running?)"
    record_outcome(row.id, (QUEUED,), [MachineResponse("", None, "", REFUSED, error)])


def _close_lost(row: SubmittedCommand) -> None:
    advice = "check the hosts before you repeat it" if COMMANDS[row.name].changes else "repeat the query"
    error = f"it was being sent at {time_text(row.sent_at or row.created)} when its worker ended; {advice}"
    record_outcome(row.id, (SENDING,), [MachineResponse("", None, "", UNKNOWN, error)])


def _change(number: int, states: tuple[str, ...], **values: Any) -> bool:
    """Change a command if it is in one of these states; whether it was."""
    with proxy.atomic():
        version = advance(COUNTER)
        return bool(
            SubmittedCommand.update(version=version, **values)
            .where(SubmittedCommand.id == number, SubmittedCommand.state.in_(states))
            .execute()
        )


def combined_outcome(responses: list[MachineResponse]) -> tuple[str, str]:
    """State and error of a command with these responses."""
    if not responses:
        return FAILED, "nothing was sent: P5 no longer has data of it"
    several = len(responses) > 1
    errors = [f"{one.machine}: {one.error}" if several and one.machine else one.error for one in responses if one.error]
    return max((one.state for one in responses), key=SEVERITY.index), "; ".join(errors)[:MAX_ERROR_CHARS]


def record_outcome(number: int, states: tuple[str, ...], responses: list[MachineResponse]) -> None:
    """End a command that is in one of these states, and write its entry in the audit log, in one transaction."""
    state, error = combined_outcome(responses)
    values: dict[str, Any] = {"state": state, "error": error, "ended": time.time(), "status": responses[-1].status if responses else None}
    if any(one.machine or one.text for one in responses):
        values["answer"] = dump_responses(responses)
    with proxy.atomic():
        if not _change(number, states, **values):
            return
        row = SubmittedCommand.get_by_id(number)
        spec = COMMANDS[row.name]
        confirmations = "; ".join(excerpt(one.text) for one in responses if one.state == ANSWERED)
        details = error or (confirmations if spec.changes else "")
        audit(spec.title, row.target, row.reason, f"{state}: {details}"[:MAX_ERROR_CHARS] if details else state, user=row.user)
    if state == REFUSED and spec.ends:
        withdraw_stop(row.system, row.id)


def delete_old_responses(before: float) -> int:
    """Delete the responses to commands that ended before this time, Unix s UTC; how many. The commands themselves stay."""
    old = SubmittedCommand.ended < before, SubmittedCommand.answer.is_null(False), SubmittedCommand.state.in_(ENDED)
    return int(SubmittedCommand.update(answer=None).where(*old).execute())
