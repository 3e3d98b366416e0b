"""A short stress test; `make storm` and `python -m tests.render.storm` run longer ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.render import storm
from tests.support import storms

pytestmark = pytest.mark.slow

REQUESTS_PER_CLIENT = 50 * storms.TIMES


@pytest.mark.storm
def test_storm_of_faults_does_not_affect_other_requests(program: Path, objects: Path, tmp_path: Path) -> None:
    report = storm.run(program, objects, tmp_path, lambda count: count < REQUESTS_PER_CLIENT, seed=storms.SEED + 1)
    assert report.requests == storm.CLIENTS * REQUESTS_PER_CLIENT
    assert report.violations() == [], str(report)
    assert {outcome.partition(":")[0] for outcome in report.outcomes} >= {"ordinary", "crash", "abort", "throw", "leak"}
