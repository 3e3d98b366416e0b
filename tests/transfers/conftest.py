"""In these tests the clock stands still: what was reported just now does not become silent or late while the machine stalls."""

from __future__ import annotations

import pytest

from tests.support.stopped_clock import StoppedClock, clock

__all__ = ["clock"]


@pytest.fixture(autouse=True)
def hub_with_stopped_clock(clock: StoppedClock) -> None:
    """Stop the clock of each test."""
