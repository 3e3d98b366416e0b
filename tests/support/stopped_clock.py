"""A system clock that stands still: ages on pages then do not depend on how long the machine needs, or stalls, between two steps of a test."""

from __future__ import annotations

import time

import pytest


class StoppedClock:
    """The system clock of this process, `time.time`; `time.monotonic` goes on.

    Attributes:
        now: What it shows, Unix time in s.
    """

    def __init__(self) -> None:
        self.now = time.time()

    def time(self) -> float:
        """What it shows."""
        return self.now

    def advance(self, seconds: float) -> None:
        """Let so much time pass."""
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> StoppedClock:
    """The clock, stopped before anything else of the test is made that asks for it."""
    stopped = StoppedClock()
    monkeypatch.setattr(time, "time", stopped.time)
    return stopped
