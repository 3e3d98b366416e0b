"""The log lines about periodic tasks that fail: one when a failure begins, one when it ends, however often the task runs."""

from __future__ import annotations

import logging

from app.core.outages import outage_of

log = logging.getLogger(__name__)

_failing: dict[str, str] = {}
"""Class of the last error of each task of this process whose last step failed."""


def log_failure(task: str, error: Exception) -> None:
    """Log a failed step, unless the step before failed by an error of the same class.

    The traceback is only logged for errors that the product does not define and that are no outages: the others, such
    as an unreachable server or a full disk, say what is wrong.
    """
    kind = type(error)
    if _failing.get(task) == kind.__qualname__:
        return
    _failing[task] = kind.__qualname__
    is_foreseen = kind.__module__.partition(".")[0] == "app" or outage_of(error) is not None
    log.error("The periodic task %s fails: %s: %s", task, kind.__name__, error, exc_info=None if is_foreseen else error)


def log_success(task: str) -> None:
    """Log that a task that failed works again."""
    if _failing.pop(task, None):
        log.warning("The periodic task %s works again", task)
