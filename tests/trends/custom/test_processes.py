"""Requested trends by the real worker: killed in the middle, a trend has each point once, and goes on where it was."""

from __future__ import annotations

import os
import signal
from collections import Counter
from pathlib import Path

import pytest

from app.trends.custom.models import RequestedPoint, RequestedTrend
from app.trends.custom.requests import RunsRequest
from app.trends.custom.store import job_of, request_trend
from tests.support.patience import PATIENCE_S
from tests.support.processes import service, until
from tests.trends.conftest import FURTHER, Site, file_of

pytestmark = pytest.mark.slow

RUNS = sorted(FURTHER)[:10]
REQUEST = RunsRequest(
    metric="basic.BinCount(2)", me="DT/n", dataset="/ZeroBias/Run2022C-Express-v1/DQMIO", runs=f"latest:{len(RUNS)}", files=len(RUNS)
)


@pytest.fixture
def trend(site: Site) -> RequestedTrend:
    """A trend of many runs; no worker runs yet. The lease of a job ends soon, but not at once on a busy machine."""
    site.settings = site.settings.replace(job_lease_s=5.0)
    site.register(*site.add(*map(file_of, RUNS)))
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
    assert max(before)[0] == RUNS[-1], "the newest run first"
    until(lambda: points() == before, "the last statement of the killed worker")
    marked = RequestedPoint.update(error=-1.0).execute()
    with service(site.settings, "worker"):
        until(lambda: state(trend) == "done", "the trend to be complete")
    assert points() == Counter((run, float(FURTHER[run])) for run in RUNS)
    assert RequestedPoint.select().where(RequestedPoint.error == -1.0).count() == marked, "what was there is not computed again"
