"""The states of a job, with their badges in the order of urgency. A client has the state of its newest job."""

from __future__ import annotations

import signal

from app.core.exit_codes import exit_signal
from app.web.badges import Badge

RUNNING, FINISHED, CRASHED, STUCK, STOPPED = "running", "finished", "crashed", "stuck", "stopped"

STUCK_S = 900.0
"""A running job reports every 30 s; without a report for this long it is considered stuck."""

JOB_BADGES = {
    CRASHED: Badge("error", "error", "crashed", "The job ended with an exit code other than 0. See the end of its log."),
    STUCK: Badge(
        "warning",
        "warning",
        "stuck",
        f"The job is running but has not reported for {STUCK_S / 60:.0f} minutes; it should report every 30 seconds.",
    ),
    RUNNING: Badge("ok", "run", "running", "The job is running and reports."),
    STOPPED: Badge(
        "idle", "off", "stopped by command", "An operator restarted hltd or killed the job, which ended it by a signal; this is no crash."
    ),
    FINISHED: Badge("idle", "ok", "finished", "The job ended with exit code 0."),
}
"""The badges of the states, most urgent first."""

CLIENT_BADGES = JOB_BADGES | {
    CRASHED: JOB_BADGES[CRASHED]._replace(text="down", meaning="The newest attempt of the client crashed."),
}
"""The badges of the states of clients, for the number of clients in each state."""

URGENCY = {state: rank for rank, state in enumerate(JOB_BADGES)}
"""Rank of each state, 0 for the most urgent."""

FILE_ITERATOR = {0: "waiting for files", 1: "end of run seen, files remaining", 2: "all files of the run read"}
"""States of the file iterator, by `fi_state`."""


def state_of(exit_code: int | None, age_s: float, is_stopped: bool) -> str:
    """The state of a job.

    Args:
        exit_code: None while it runs.
        age_s: Age of its last report, s.
        is_stopped: A command ended it.
    """
    if exit_code is None:
        return STUCK if age_s >= STUCK_S else RUNNING
    return FINISHED if not exit_code else STOPPED if is_stopped else CRASHED


def exit_words(code: int | None) -> str:
    """An exit code with the name of its signal, if it is one (-11 or, from a shell, 139); "" for 0 and None."""
    if not code:
        return ""
    number = exit_signal(code)
    try:
        return f"{code} {signal.Signals(number).name}" if number else str(code)
    except ValueError:
        return str(code)
