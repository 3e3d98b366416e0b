"""Simulators, and recorded data of DQM^2."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.p5 import P5, Simulators


@pytest.fixture
def p5(simulators: Simulators) -> Iterator[P5]:
    """An empty simulator whose clock only moves by `advance`."""
    with simulators.run("--quiet-start", "--speed", "0") as found:
        yield found


@pytest.fixture(scope="module")
def live_p5(simulators: Simulators) -> Iterator[P5]:
    """The default simulator with four FUs, as at the experiment, at one moment."""
    with simulators.run("--fus", "4", "--speed", "0") as found:
        yield found


@pytest.fixture(scope="session")
def dqmsquare(fixtures_dir: Path) -> Callable[[str], Any]:
    """A function that reads a file with recorded data."""
    return lambda name: json.loads((fixtures_dir / "dqmsquare" / name).read_text())
