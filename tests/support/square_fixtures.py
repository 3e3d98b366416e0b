"""Fixtures of DQM^2: the hub with the jobs of three real runs, the newest one ongoing; and stand-ins for P5."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.core.settings import Settings
from tests.square import data
from tests.support.faulty_p5 import FaultyP5, faulty_p5
from tests.support.p5 import P5, stand_in


@pytest.fixture
def filled(hub: Settings, fixtures_dir: Path) -> Settings:
    """The tables hold the real runs."""
    data.fill(fixtures_dir)
    return hub


@pytest.fixture
def p5() -> Iterator[P5]:
    """A stand-in whose first run begins when it is asked for, and whose clock goes on only then."""
    with stand_in("--quiet-start", "--speed", "1") as running:
        yield running


@pytest.fixture
def faulty() -> Iterator[FaultyP5]:
    with faulty_p5() as running:
        yield running
