"""A short storm; `python -m tests.render.storm` is the long one."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.render import storm
from tests.support import storms

pytestmark = pytest.mark.slow


@pytest.mark.storm
def test_nothing_fails_in_a_storm_but_what_is_injected(program: Path, objects: Path, tmp_path: Path) -> None:
    seen = storm.run(program, objects, tmp_path, 5 * storms.TIMES, seed=storms.SEED + 1)
    assert seen.complaints() == [], str(seen)
    assert {kind.partition(":")[0] for kind in seen.ended} >= {"ordinary", "crash", "abort", "throw", "leak"}
