"""The tests of this folder use real runs and simulators of P5."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.core.settings import Settings
from tests.square import data
from tests.support.square_fixtures import faulty, p5
from tests.support.stopped_clock import StoppedClock, clock

__all__ = ["clock", "faulty", "p5"]


@pytest.fixture
def filled(clock: StoppedClock, hub: Settings, fixtures_dir: Path) -> Settings:
    """The tables hold the real runs, whose newest reports stay as old as they were written."""
    data.fill(fixtures_dir)
    return hub
