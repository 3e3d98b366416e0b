"""The states of a DQM job, as the crew speaks of them: how they look, what they mean, and which needs a look first."""

from __future__ import annotations

import signal
from typing import NamedTuple

RUNNING, FINISHED, CRASHED, STUCK = "running", "finished", "crashed", "stuck"

STUCK_S = 900.0
"""A running job reports every 30 s; one that was silent for so long is taken to be stuck."""


class Look(NamedTuple):
    """A state by colour (kind), shape (icon) and word; what it means in a sentence."""

    kind: str
    icon: str
    text: str
    meaning: str


LOOKS = {
    CRASHED: Look("error", "error", "crashed", "The job ended with an exit code other than 0. Look at the end of its log."),
    STUCK: Look(
        "warning", "warning", "stuck",
        f"The job has not ended, and has not reported for {STUCK_S / 60:.0f} minutes or more; it should every 30 seconds.",
    ),
    RUNNING: Look("ok", "run", "running", "The job has not ended, and reports."),
    FINISHED: Look("idle", "ok", "finished", "The job ended by itself, with exit code 0."),
}  # fmt: skip
"""The states, what needs a look first."""

ORDER = {state: place for place, state in enumerate(LOOKS)}

FILE_ITERATOR = {0: "waits for more lumisections", 1: "has seen the end of the run, files are left", 2: "has read the run to its end"}
"""What a job says of its way through the files of the run, by `fi_state`."""


def state_of(exit_code: int | None, age_s: float) -> str:
    """The state of a job by its exit code (None: it has not ended) and the age of its last report, seconds."""
    if exit_code is None:
        return STUCK if age_s >= STUCK_S else RUNNING
    return CRASHED if exit_code else FINISHED


def exit_words(code: int | None) -> str:
    """What an exit code says: a signal by its name, whether the process or its shell tells it; "" for 0 and none."""
    if not code:
        return ""
    number = -code if code < 0 else code - 128 if 128 < code < 193 else 0
    try:
        return f"{code} {signal.Signals(number).name}" if number else str(code)
    except ValueError:
        return str(code)
