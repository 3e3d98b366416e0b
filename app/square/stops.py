"""Jobs that end because a user commanded it: the control room announces the command here, and storing their end connects both.

The announcement precedes the command, so it is there when the end of a job arrives. Both times are of this hub: the
clocks of the hosts may differ.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Collection

from app.core.counters import advance
from app.core.database import proxy
from app.square.models import CommandedStop, Job

STOP_S = 180.0
"""Time after a command in which the jobs that it ends report their end, s."""

ENDING_SIGNALS = (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGKILL, signal.SIGTERM)
"""Signals by which a restart ends jobs; any other exit code is a crash, also during a restart."""


def announce_stop(
    system: str, host: str, command: int, title: str, user: str, reason: str, *, key: str = "", signal_number: int = 0
) -> None:
    """Store that a command is about to end the jobs of a host, or one of them; see CommandedStop for the arguments."""
    now = time.time()
    row = {"system": system, "host": host, "key": key, "signal": signal_number, "command": command, "title": title}
    row |= {"user": user, "reason": reason, "at": now, "until": now + STOP_S}
    CommandedStop.insert(row).on_conflict_ignore().execute()


def withdraw_stop(system: str, command: int) -> None:
    """Store that a command was not carried out: jobs that end from now on crash."""
    with proxy.atomic():
        advance(system)
        CommandedStop.update(until=time.time()).where(CommandedStop.system == system, CommandedStop.command == command).execute()


def mark_stopped(system: str, ended: Collection[str], now: float) -> None:
    """Mark the jobs, of those that ended, that a command has ended.

    Args:
        ended: Keys of jobs with an exit code other than 0.
    """
    if not ended:
        return
    for stop in list(CommandedStop.select().where(CommandedStop.system == system, CommandedStop.until >= now)):
        ours = Job.key == stop.key if stop.key else Job.host.in_((stop.host, f"{stop.host}.cms"))
        new = Job.system == system, Job.key.in_(ended), Job.stopped_by.is_null(), Job.exit_code.in_(_exit_codes(stop.signal))
        Job.update(stopped_by=stop.id).where(*new, ours).execute()


def _exit_codes(commanded: int) -> list[int]:
    """Exit codes of a process that a signal ended, as the parent process or a shell reports them."""
    signals = {*map(int, ENDING_SIGNALS), *((commanded,) if commanded else ())}
    return [code for number in sorted(signals) for code in (-number, 128 + number)]
