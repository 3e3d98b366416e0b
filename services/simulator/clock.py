"""Time at the stand-in P5: a clock with a speed, and what is to happen when."""

from __future__ import annotations

import heapq
import itertools
import time
from collections.abc import Callable

HORIZON_S = 600.0
"""A fast clock starts so far in the past that it runs this many seconds of wall time before it has caught up."""


def _uptime() -> float:
    """Seconds that nobody sets back, and that go on while the machine sleeps."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class Clock:
    """Seconds since the epoch; `speed` times as fast as the wall clock, which it overtakes only by `advance`.

    `behind` is by how many seconds it starts in the past, but not before the time `after`.
    """

    def __init__(self, speed: float = 1.0, behind: float | None = None, after: float = 0.0) -> None:
        self.speed = speed
        self._started = _uptime()
        self._wall = time.time()
        wanted = (max(speed - 1, 0) * HORIZON_S) if behind is None else behind
        self._behind = min(wanted, self._wall - after)
        self._advanced = 0.0

    def now(self) -> float:
        elapsed = _uptime() - self._started
        return self._wall + self._advanced + min(elapsed, elapsed * self.speed - self._behind)

    def advance(self, seconds: float) -> None:
        self._advanced += seconds


class Timeline:
    """What is to happen at P5, in the order of its time; whoever acts reads the time from `now`, so that a seed always plays the same."""

    def __init__(self, now: float) -> None:
        self.now = now
        self._order = itertools.count()
        self._events: list[tuple[float, int, Callable[[], None]]] = []

    def at(self, when: float, act: Callable[[], None]) -> None:
        """Have `act` called once, at the time `when` or, if that is over, with what comes next."""
        heapq.heappush(self._events, (max(when, self.now), next(self._order), act))

    def after(self, seconds: float, act: Callable[[], None]) -> None:
        self.at(self.now + seconds, act)

    def every(self, period: float, act: Callable[[], None], first: float = 0.0) -> None:
        """Have `act` called each `period` seconds, the first time after `first` seconds."""

        def again() -> None:
            act()
            self.after(period, again)

        self.after(first, again)

    def run_until(self, when: float, most: int | None = None) -> bool:
        """Let happen what is due, but at most so many events; False when some are left."""
        for done in itertools.count():
            if not self._events or self._events[0][0] > when:
                self.now = max(self.now, when)
                return True
            if done == most:
                return False
            self.now, _, act = heapq.heappop(self._events)
            act()
        raise AssertionError("count never ends")
