"""The book of commands: given once, with a reason; sent at most once by the work on the queue `live`; each end in the audit log."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Mapping
from typing import Any

from app.control import arguments, inventory
from app.control.answers import short
from app.control.commands import KINDS
from app.control.models import ANSWERED, COUNTER, ENDED, FAILED, OPEN, QUEUED, REFUSED, SENDING, UNKNOWN, Command
from app.control.responses import Part, stored
from app.control.sending import obstacle, send
from app.control.specs import Kind, Touched
from app.core.counters import advance
from app.core.database import proxy
from app.core.settings import Settings
from app.queue import enqueue
from app.security import audit
from app.square.settings import SquareSettings
from app.square.upstream import Upstream
from app.web import Problem, etag_of

log = logging.getLogger(__name__)

WORK = "square-command"
LATE_S = 60.0
"""A command that nobody sent for so long after it was given is not sent any more: its giver may have given up on it."""
GRACE_S = 60.0
"""Beyond its time-outs a command may be under way for so long, before it is taken to be lost."""
LEAST_REASON, LONGEST_REASON = 3, 1000
LONGEST_ERROR = 2000
WORST = (ANSWERED, REFUSED, FAILED, UNKNOWN)
"""States of the parts of a command: the last that occurs is that of the whole."""


def touched_token(touched: Touched) -> str:
    """What somebody has seen who saw this."""
    return etag_of(*touched)


def reasoned(kind: Kind, reason: str) -> str:
    """The reason of a command; Problem 400 when there should be one. A question needs none."""
    reason = "".join(letter if letter.isprintable() else " " for letter in reason).strip()
    if kind.changes and not LEAST_REASON <= len(reason) <= LONGEST_REASON:
        raise Problem(
            400, "the command was not given: why is it needed?", [("reason", f"{LEAST_REASON} to {LONGEST_REASON} letters are expected")]
        )
    return reason[:LONGEST_REASON]


def why_not(settings: Settings, kind: Kind, given: arguments.Given) -> str:
    """Why P5 cannot be given this command; "" when it can."""
    return obstacle(settings, kind.requests(settings, given)) if kind.requests else ""


def give(settings: Settings, kind: Kind, values: Mapping[str, str], user: str, reason: str, once: str, seen: str = "") -> Command:
    """Enter a command, and have it sent. once: of the form; the same form gives one command, however often it comes.

    seen: token of what it touches, as the giver saw it; "" for who did not look. Problem 400 names arguments that
    cannot be used; 409 says that something else is under way, or that it touches something else by now.
    """
    if before := _before(once, kind, values, user):
        return before
    given = arguments.check(settings, kind.arguments, values)
    reason = reasoned(kind, reason)
    if why := why_not(settings, kind, given):
        raise Problem(409, f"the command was not given: {why}")
    touched = kind.touches(settings, given)
    with proxy.atomic():
        version = advance(COUNTER)
        if before := _before(once, kind, values, user):  # by the other click, which came to another process
            return before
        if seen and seen != touched_token(touched):
            raise Problem(409, "the command was not given: what it touches has changed since you looked; look again")
        close_lost(settings)
        _refuse_second(touched.machines)
        row: Command = Command.create(
            system=kind.system(settings, given), name=kind.name, arguments=json.dumps(given), touched=json.dumps(touched._asdict()),
            user=user, reason=reason, once=once, created=time.time(), version=version,
        )  # fmt: skip
        if kind.requests is not None:
            enqueue(WORK, str(row.id), queue="live")
            return row
    keys = json.dumps(inventory.run_keys())
    finish(row.id, (QUEUED,), [Part("", 200, keys, ANSWERED, "")])
    answered: Command = Command.get_by_id(row.id)
    return answered


def _before(once: str, kind: Kind, values: Mapping[str, str], user: str) -> Command | None:
    """The command that this form gave before; Problem 409 when it was another one."""
    row: Command | None = Command.get_or_none(Command.once == once)
    if row and ((row.name, row.user) != (kind.name, user) or _plain(row.given) != _plain(values)):
        raise Problem(
            409,
            f"the command was not given: `once` is that of command {row.id}, which is another one",
            [("once", "another text is expected")],
        )
    return row


def _plain(values: Mapping[str, str]) -> dict[str, str]:
    """Arguments as they were typed and as they were checked, in a form that is the same for both."""
    return {name: value.strip().removesuffix(".cms").lstrip("0") for name, value in values.items() if value.strip()}


def _refuse_second(machines: list[str]) -> None:
    """Problem 409 when a command to one of these machines is under way."""
    if not machines:
        return
    for row in Command.select().where(Command.state.in_(OPEN)):
        if common := sorted(set(machines) & set(row.touches()["machines"])):
            raise Problem(
                409, f"the command was not given: command {row.id} of {row.user}, {KINDS[row.name].title}, is under way on {', '.join(common)}; wait for its end"
            )  # fmt: skip


def patience_s(settings: Settings, row: Command) -> float:
    """How long it may take to send a command, seconds."""
    return settings.of(SquareSettings).square_command_timeout_s * max(1, len(row.touches()["machines"])) + GRACE_S


def close_lost(settings: Settings) -> None:
    """Close what was not sent in time, and what nobody ended: the consumer of the queue may be dead for good."""
    now = time.time()
    for row in list(Command.select().where(Command.state.in_(OPEN))):
        if row.state == QUEUED and row.created < now - LATE_S:
            _late(row)
        elif row.state == SENDING and (row.sent_at or 0) < now - patience_s(settings, row):
            _lost(row)


def carry_out(settings: Settings, number: int) -> None:
    """Send a command, unless it was sent before: then who sent it has died, and nobody knows what came of it."""
    row = Command.get_by_id(number)
    if row.state == QUEUED and row.created < time.time() - LATE_S:
        _late(row)
        return
    if not _change(number, (QUEUED,), state=SENDING, sent_at=time.time()):
        if row.state == SENDING:
            _lost(row)
        return
    kind, given = KINDS[row.name], row.given
    upstream = Upstream(settings)
    parts: list[Part] = []
    try:
        for request in kind.requests(settings, given) if kind.requests else []:
            parts.append(send(upstream, kind, request, settings.of(SquareSettings).square_command_timeout_s))
            _change(number, (SENDING,), answer=stored(parts))
    except Exception as error:  # whatever it is, the command must not look as if it were under way
        log.exception("command %d failed", number)
        parts.append(Part("", None, "", UNKNOWN if kind.changes else FAILED, f"a fault of DQM Hub: {type(error).__name__}"))
    finally:
        upstream.close()
    finish(number, (SENDING, UNKNOWN), parts)  # an answer that comes after it was given up is better known than not


def _late(row: Command) -> None:
    why = f"it was not sent: nobody took it within {LATE_S:.0f} s (is `dqmhub live` running?)"
    finish(row.id, (QUEUED,), [Part("", None, "", REFUSED, why)])


def _lost(row: Command) -> None:
    at = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(row.sent_at))
    advice = "look at the machines before trying again" if KINDS[row.name].changes else "ask again"
    finish(row.id, (SENDING,), [Part("", None, "", UNKNOWN, f"it was being sent at {at} when the process that sent it ended; {advice}")])


def _change(number: int, states: tuple[str, ...], **values: Any) -> bool:
    """Change a command that is in one of these states; whether it was."""
    with proxy.atomic():
        version = advance(COUNTER)
        return bool(Command.update(version=version, **values).where(Command.id == number, Command.state.in_(states)).execute())


def outcome(parts: list[Part]) -> tuple[str, str]:
    """State and error of a command that had these answers."""
    if not parts:
        return FAILED, "nothing was sent: P5 has nothing of it any more"
    several = len(parts) > 1
    errors = [f"{part.machine}: {part.why}" if several and part.machine else part.why for part in parts if part.why]
    return max((part.state for part in parts), key=WORST.index), "; ".join(errors)[:LONGEST_ERROR]


def finish(number: int, states: tuple[str, ...], parts: list[Part]) -> None:
    """Write down what came of a command that is in one of these states, and who gave it into the audit log, both or neither."""
    state, error = outcome(parts)
    values: dict[str, Any] = {"state": state, "error": error, "ended": time.time(), "status": parts[-1].status if parts else None}
    if any(part.machine or part.text for part in parts):
        values["answer"] = stored(parts)
    with proxy.atomic():
        if not _change(number, states, **values):
            return
        row, said = Command.get_by_id(number), "; ".join(short(part.text) for part in parts if part.state == ANSWERED)
        kind = KINDS[row.name]
        told = error or (said if kind.changes else "")
        audit(kind.title, row.target, row.reason, f"{state}: {told}"[:LONGEST_ERROR] if told else state, user=row.user)


def clean(before: float) -> int:
    """Forget the answers to commands that ended before this moment; how many. That they were given stays."""
    old = Command.ended < before, Command.answer.is_null(False), Command.state.in_(ENDED)
    return int(Command.update(answer=None).where(*old).execute())
