"""Time at the simulated P5: a clock with a speed, and a queue of future events."""

from __future__ import annotations

import heapq
import itertools
import time
from collections.abc import Callable

HORIZON_S = 600.0
"""By default a fast clock starts so far in the past that it takes this many seconds of wall time to catch up."""


def _uptime() -> float:
    """Seconds of a clock that is never set back and continues while the machine sleeps."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class Clock:
    """A clock that runs `speed` times as fast as the wall clock and stops gaining once it has caught up; only `advance` overtakes it.

    behind: seconds that it starts in the past, but not before the time `after`.
    """

    def __init__(self, speed: float = 1.0, behind: float | None = None, after: float = 0.0) -> None:
        self.speed = speed
        self._started = _uptime()
        self._wall = time.time()
        behind_s = (max(speed - 1, 0) * HORIZON_S) if behind is None else behind
        self._behind = min(behind_s, self._wall - after)
        self._advanced = 0.0

    def now(self) -> float:
        """The time, seconds since the epoch."""
        elapsed = _uptime() - self._started
        return self._wall + self._advanced + min(elapsed, elapsed * self.speed - self._behind)

    def advance(self, seconds: float) -> None:
        """Set the clock forward."""
        self._advanced += seconds


class EventQueue:
    """Future events in the order of their times. Actions read the time from `now`, so that the same seed always has the same result."""

    def __init__(self, now: float) -> None:
        self.now = now
        self._order = itertools.count()
        self._events: list[tuple[float, int, Callable[[], None]]] = []

    def at(self, at: float, action: Callable[[], None]) -> None:
        """Call `action` once, at a time or, if that is in the past, as the next event."""
        heapq.heappush(self._events, (max(at, self.now), next(self._order), action))

    def after(self, seconds: float, action: Callable[[], None]) -> None:
        """Call `action` once, after some seconds."""
        self.at(self.now + seconds, action)

    def every(self, period: float, action: Callable[[], None], first: float = 0.0) -> None:
        """Call `action` every `period` seconds, the first time after `first` seconds."""

        def repeat() -> None:
            action()
            self.after(period, repeat)

        self.after(first, repeat)

    def run_until(self, end: float, max_events: int | None = None) -> bool:
        """Process the events up to a time, at most `max_events`; False if some are left."""
        for done in itertools.count():
            if not self._events or self._events[0][0] > end:
                self.now = max(self.now, end)
                return True
            if done == max_events:
                return False
            self.now, _, action = heapq.heappop(self._events)
            action()
        raise AssertionError("count never ends")
