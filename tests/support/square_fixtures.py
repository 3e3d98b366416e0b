"""Fixtures of DQM^2: the hub with the jobs of three real runs, the newest one ongoing; and simulators of P5."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.core.settings import Settings
from tests.square import data
from tests.support.faulty_p5 import FaultyP5, faulty_p5
from tests.support.p5 import P5, Simulators


@pytest.fixture
def filled(hub: Settings, fixtures_dir: Path) -> Settings:
    """The tables hold the real runs."""
    data.fill(fixtures_dir)
    return hub


@pytest.fixture
def p5(simulators: Simulators) -> Iterator[P5]:
    """A simulator whose first run begins on request; its clock runs only from then on."""
    with simulators.run("--quiet-start", "--speed", "1") as running:
        yield running


@pytest.fixture
def faulty() -> Iterator[FaultyP5]:
    with faulty_p5() as running:
        yield running
