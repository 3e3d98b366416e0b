"""A time limit that leaves out how long the whole machine stalled, as a virtual one without processor does."""

from __future__ import annotations

import time

MOST_AT_ONCE_S = 1.0
"""What counts at most between two looks, s: what stalls this process stalls the programs for which it waits, too."""


class TimeLimit:
    """A limit for something at which this process looks several times a second."""

    def __init__(self, seconds: float, within: TimeLimit | None = None) -> None:
        """Begin. within: Another limit that holds, too."""
        self._left_s, self._within, self._looked = seconds, within, time.monotonic()

    def left_s(self) -> float:
        """How much is left, s; 0 or less when it is over."""
        now = time.monotonic()
        self._left_s -= min(now - self._looked, MOST_AT_ONCE_S)
        self._looked = now
        return min(self._left_s, self._within.left_s()) if self._within else self._left_s
