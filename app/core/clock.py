"""The clock of this machine: whether somebody or something has set it while this process runs.

Times in the database come from it, so after a wrong one old rows look new, and new ones old. Jobs that delete by age
wait until somebody had the time to correct it.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

log = logging.getLogger(__name__)

STEP_S = 10.0
"""A larger change between two calls, s, is no drift: the clock was set."""
KEEP_S = 12 * 3600.0
"""A clock that was not corrected for this time, s, is assumed to be right: the next shift has seen the status page."""
FAR_S = 3600.0
"""Jobs that delete by age wait after the clock was set ahead by more than this, s."""


def _since_boot() -> float:
    """Seconds since the start of the machine, with its suspensions."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class ClockWatch:
    """Compares the clock with the time since the start of the machine. Cheap enough to be used often.

    Args:
        now: The clock, Unix s UTC.
        since_boot: Time that nobody can set, s.
    """

    def __init__(self, now: Callable[[], float] = time.time, since_boot: Callable[[], float] = _since_boot) -> None:
        self._now, self._since_boot = now, since_boot
        self._right = self._last = now() - since_boot()
        self._set_at = float("-inf")

    def set_by_s(self) -> float:
        """By how much the clock was set ahead in the last KEEP_S, s; negative: back; 0: not at all, or it was corrected."""
        steady = self._since_boot()
        offset = self._now() - steady
        if abs(offset - self._last) > STEP_S:
            log.warning("The clock of this machine was set %s", in_words(offset - self._last))
            self._set_at = steady
        elif steady - self._set_at > KEEP_S:
            self._right = offset
        self._last = offset
        step = offset - self._right
        return step if abs(step) > STEP_S else 0.0

    def is_far_ahead(self) -> bool:
        """Whether nothing may be deleted by its age now."""
        return self.set_by_s() > FAR_S


def in_words(step_s: float) -> str:
    """How a clock was set, e.g. `ahead by 3,600 s`."""
    return f"{'ahead' if step_s > 0 else 'back'} by {abs(step_s):,.0f} s"


CLOCK = ClockWatch()
"""That of this process."""
