"""Requested trends by the real worker: killed or cancelled in the middle, a trend has each point once, and goes on where it was."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from app.core.settings import TREE, Settings
from app.queue import store as jobs
from app.trends.custom.models import RequestedPoint, RequestedTrend
from app.trends.custom.requests import RunsRequest
from app.trends.custom.store import job_of, request_trend
from tests.support.patience import PATIENCE_S
from tests.support.processes import service, until
from tests.support.queues import with_queues
from tests.trends.conftest import Site

pytestmark = [pytest.mark.both_databases, pytest.mark.slow]

RUNS = 20
REQUEST = RunsRequest(
    metric="basic.BinCount(2)", me="DT/n", dataset="/ZeroBias/Run2022C-Express-v1/DQMIO", runs=f"latest:{RUNS}", files=RUNS
)


@pytest.fixture
def hub(hub: Settings, request: pytest.FixtureRequest) -> Settings:
    """An empty database, with Redis beside PostgreSQL, and a lease that ends soon."""
    return with_queues(hub, request)


@pytest.fixture
def trend(site: Site) -> RequestedTrend:
    """A trend of many runs, each with its number in its histogram; no worker runs yet."""
    files = [site.folder / f"DQM_V0001_R{run:09}__ZeroBias__Run2022C-Express-v1__DQMIO.root" for run in range(1, RUNS + 1)]
    arguments = [part for run, file in enumerate(files, 1) for part in (str(file), str(run), str(run))]
    subprocess.run([sys.executable, "-W", "ignore", "-m", "tests.trends.write_runs", *arguments], cwd=TREE, check=True, timeout=PATIENCE_S)
    site.register(*files)
    return request_trend(REQUEST, "ann", site.settings)


def points() -> Counter[tuple[int, float]]:
    return Counter((point.run, point.value) for point in RequestedPoint.select())


def state(trend: RequestedTrend) -> str:
    job = job_of(trend)
    assert job
    return str(job.state)


def processes_of(pid: int) -> list[int]:
    """A process and its descendants."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(each for child in children for each in processes_of(int(child)))]


def test_a_killed_worker_loses_and_repeats_no_point(site: Site, trend: RequestedTrend) -> None:
    with service(site.settings, "worker") as victim:
        until(lambda: sum(points().values()) >= 1, "a first point")
        for pid in processes_of(victim.pid):
            os.kill(pid, signal.SIGKILL)
        victim.wait(PATIENCE_S)
    before = points()
    assert max(before)[0] == RUNS, "the newest run first"
    until(lambda: points() == before, "the last statement of the killed worker")
    marked = RequestedPoint.update(error=-1.0).execute()
    with service(site.settings, "worker"):
        until(lambda: state(trend) == "done", "the trend to be complete")
    assert points() == Counter((run, float(run)) for run in range(1, RUNS + 1))
    assert RequestedPoint.select().where(RequestedPoint.error == -1.0).count() == marked, "what was there is not computed again"


def test_a_cancelled_trend_stops_with_the_points_that_it_has(site: Site, trend: RequestedTrend) -> None:
    with service(site.settings, "worker") as worker:
        until(lambda: sum(points().values()) >= 1, "a first point")
        stopped = processes_of(worker.pid)
        for pid in stopped:
            os.kill(pid, signal.SIGSTOP)
        job = job_of(trend)
        assert job
        jobs.cancel(job.id)
        before = sum(points().values())
        for pid in stopped:
            os.kill(pid, signal.SIGCONT)
        until(lambda: state(trend) == "cancelled", "the computation to be cancelled")
    assert before <= sum(points().values()) <= before + 1, "the file that was being read may still have its point"
    request_trend(REQUEST, "ann", site.settings)
    with service(site.settings, "worker"):
        until(lambda: state(trend) == "done", "the trend to be complete")
    assert points() == Counter((run, float(run)) for run in range(1, RUNS + 1))
