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
from app.trends.configs.folder import load_configs
from app.trends.export import exported_points
from app.trends.models import Trend, TrendExtraction, TrendPoint, TrendVersion
from app.trends.scan import enqueue_due
from app.trends.settings import config_folder
from app.trends.versions import sync
from tests.support import storms
from tests.support.patience import PATIENCE_S
from tests.support.processes import environment, service, until
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


def wait_for_all_jobs(site: Site) -> None:
    """Wait until no sample is due and no job open, as long as jobs are done meanwhile."""

    def is_finished() -> bool:
        return enqueue_due(site.settings) == 0 and set(store.counts()) <= {("bulk", "done")}

    while not is_finished():
        done = store.counts().get(("bulk", "done"), 0)
        until(lambda done=done: store.counts().get(("bulk", "done"), 0) > done or is_finished(), "a further job to be done")


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
                until(lambda done=done: TrendExtraction.select().count() > done or done == RUNS, "points of a further file")
                time.sleep(chance.uniform(0, 3 if storms.TIMES > 1 else 0.3))
                victim.kill()
        wait_for_all_jobs(site)
    assert TrendPoint.select().count() == 2 * RUNS
    points = [(point.name, point.run, point.value) for point in exported_points()]
    assert sorted(points, key=lambda point: point[:2]) == [
        *(("empty", run, None) for run in range(1, RUNS + 1)),
        *(("n", run, run) for run in range(1, RUNS + 1)),
    ]


VALUES = {"basic.BinCount(2)": lambda run: run, "basic.BinCount(1)": lambda run: 0, "basic.FractionInBin(2)": lambda run: 1}
"""The value of each version of the trend that changes, by its metric."""
CHANGES = 5


@pytest.mark.slow
@pytest.mark.parametrize("database_kind", ["postgresql"])
def test_recomputes_beside_changing_configurations_and_two_workers_mix_no_versions(site: Site, many_files: list[Path]) -> None:
    def configure(metric: str) -> None:
        site.configure(n=f"{metric} DT/n", entries="basic.Count() DT/n")
        sync(load_configs(config_folder(site.settings)))

    def recompute() -> subprocess.Popen[bytes]:
        code = "from app.cli import main; main(['trends', 'recompute', '--reason', 'mended'])"
        return subprocess.Popen([sys.executable, "-c", code], cwd=TREE, env=environment(site.settings), stdout=subprocess.DEVNULL)

    site.configure(n="basic.BinCount(2) DT/n", entries="basic.Count() DT/n")
    site.sync(*many_files)
    with service(site.settings, "worker"), service(site.settings, "worker"):
        for turn in range(CHANGES):
            recomputing = recompute()
            while recomputing.poll() is None:  # a sync at each moment of it
                configure(list(VALUES)[(turn + 1) % 3])
                enqueue_due(site.settings)
            assert recomputing.returncode == 0
            done = TrendExtraction.select().count()
            until(lambda done=done: TrendExtraction.select().count() > done or done == RUNS, "points of a further file")
        TrendPoint.update(value=-1).execute()
        recomputing = recompute()
        configure("basic.BinCount(2)")
        assert recomputing.wait(PATIENCE_S) == 0
        wait_for_all_jobs(site)
    metrics = dict(TrendVersion.select(TrendVersion.hash, TrendVersion.metric).join(Trend).where(Trend.name == "n").tuples())
    current = [(point.name, point.run, point.value) for point in exported_points() if point.is_current]
    assert sorted(current) == sorted((name, run, run) for name in ("entries", "n") for run in range(1, RUNS + 1))
    for point in exported_points(name="n"):
        assert point.value in (-1, VALUES[metrics[point.version]](point.run)), point
    assert {state.points for state in TrendExtraction.select()} == {2}
