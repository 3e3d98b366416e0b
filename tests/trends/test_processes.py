"""Extraction by the real workers: whoever is killed, each file has its points once, and they are right."""

from __future__ import annotations

import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from app.core.settings import TREE, Settings
from app.queue import store
from app.trends.export import exported_points
from app.trends.models import TrendExtraction, TrendPoint
from app.trends.scan import enqueue_due
from tests.support import storms
from tests.support.patience import PATIENCE_S
from tests.support.processes import service, until
from tests.support.queues import with_queues
from tests.trends.conftest import Site

RUNS = 40 if storms.TIMES == 1 else 100 * storms.TIMES
"""Files of the storm: 2,000 in `make storm`."""
KILLS = 2 * storms.TIMES


@pytest.fixture
def hub(hub: Settings, request: pytest.FixtureRequest) -> Settings:
    """An empty database, with Redis beside PostgreSQL, and a lease that ends soon."""
    return with_queues(hub, request)


@pytest.fixture
def many_files(site: Site) -> list[Path]:
    """A file for each run, with the number of the run in its histogram."""
    files = [site.folder / f"DQM_V0001_R{run:09}__ZeroBias__Run2022C-Express-v1__DQMIO.root" for run in range(1, RUNS + 1)]
    arguments = [part for run, file in enumerate(files, 1) for part in (str(file), str(run), str(run))]
    subprocess.run([sys.executable, "-W", "ignore", "-m", "tests.trends.write_runs", *arguments], cwd=TREE, check=True, timeout=PATIENCE_S)
    return files


@pytest.mark.storm
@pytest.mark.slow
@pytest.mark.parametrize("database_kind", ["postgresql"])
def test_two_workers_of_which_one_is_killed_again_and_again_store_every_point_once(site: Site, many_files: list[Path]) -> None:
    chance = storms.chance(355555)
    site.configure(n="basic.BinCount(2) DT/n", empty="basic.FractionInBin(1) DT/n")
    site.sync(*many_files)
    with ExitStack() as stack:
        stack.enter_context(service(site.settings, "worker"))
        for _ in range(KILLS):
            enqueue_due(site.settings)
            with service(site.settings, "worker") as victim:
                done = TrendExtraction.select().count()
                until(lambda: TrendExtraction.select().count() > done or done == RUNS, "points of a further file")  # noqa: B023  # called in this turn only
                time.sleep(chance.uniform(0, 3 if storms.TIMES > 1 else 0.3))
                victim.kill()
        until(lambda: enqueue_due(site.settings) == 0 and set(store.counts()) <= {("bulk", "done")}, "all jobs to be done")
    assert TrendPoint.select().count() == 2 * RUNS
    points = [(point.name, point.run, point.value) for point in exported_points()]
    assert sorted(points, key=lambda point: point[:2]) == [
        *(("empty", run, None) for run in range(1, RUNS + 1)),
        *(("n", run, run) for run in range(1, RUNS + 1)),
    ]
