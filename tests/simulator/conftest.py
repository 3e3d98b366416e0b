"""Stand-ins to ask, and the recorded data of DQM^2."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.p5 import P5, stand_in


@pytest.fixture
def p5() -> Iterator[P5]:
    """A stand-in with nothing in it, whose clock stands still but for `advance`."""
    with stand_in("--quiet-start", "--speed", "0") as found:
        yield found


@pytest.fixture(scope="module")
def living() -> Iterator[P5]:
    """The ordinary stand-in, with the four FUs of the experiment."""
    with stand_in("--fus", "4") as found:
        yield found


@pytest.fixture(scope="session")
def dqmsquare(fixtures_dir: Path) -> Callable[[str], Any]:
    """Reads one of the files with recorded data."""
    return lambda name: json.loads((fixtures_dir / "dqmsquare" / name).read_text())
