"""Jobs of the demo, of all sources, made by a formula; the facts of each one name it.

They are stored as their sources would have: each with its history, from its submission on. Some are reviewed.
"""

from __future__ import annotations

import time
from collections import defaultdict
from itertools import groupby
from pathlib import Path

from app.core.database import proxy
from app.core.settings import Settings
from app.diary.demo.batch import SIMULATION, SOURCES, batch_jobs, simulations
from app.diary.demo.folders import with_folders, write_config
from app.diary.demo.job import DAY_S, MINUTE_S, DemoJob
from app.diary.demo.logs import with_logs
from app.diary.demo.of_runs import dqm_clients, own_jobs
from app.diary.demo.reviews import store_demo_reviews
from app.diary.models import DiaryJob
from app.diary.observations.observation import Observation
from app.diary.observations.store import store

JOBS = 2000
SCAN_S = 900
"""The sources were asked so often."""


def make_demo(settings: Settings, step: int = 1) -> int:
    """Store the jobs of the demo, and write their logs to its folder; their number, 0 if the diary has such jobs already.

    step: Only one of so many jobs is stored.
    """
    if DiaryJob.select().where(DiaryJob.source.in_(SOURCES)).exists():
        return 0
    now = float(time.time() // MINUTE_S * MINUTE_S)
    jobs = with_logs(list(with_folders(demo_jobs(now)[::step], job_folder(settings))), log_folder(settings))
    write_config(sources_folder(settings) / f"{SIMULATION}.toml", job_folder(settings))
    scans = sorted(_scans(jobs, now).items())
    for _, of_day in groupby(scans, key=lambda scan: scan[0][0] // DAY_S):
        with proxy.atomic():  # one for all scans of a day, which are many and small
            for (at, source), observations in of_day:
                store(source, observations, at)
    store_demo_reviews(now)
    return len(jobs)


def log_folder(settings: Settings) -> Path:
    """The folder of the logs of the demo."""
    return settings.data / "demo" / "job-logs"


def job_folder(settings: Settings) -> Path:
    """The folder of the folders of unfinished simulations."""
    return settings.data / "demo" / "jobs"


def sources_folder(settings: Settings) -> Path:
    """The folder of the configuration of the source of these."""
    return settings.data / "demo" / "job-sources"


def demo_jobs(now: float) -> list[DemoJob]:
    """The jobs until `now`, Unix s UTC."""
    found = [*dqm_clients(now), *own_jobs(now), *batch_jobs(now)]
    return [*found, *simulations(now, JOBS - len(found))]


def _scans(jobs: list[DemoJob], now: float) -> dict[tuple[float, str], list[Observation]]:
    """What each scan has shown, by its time and source."""
    scans: dict[tuple[float, str], list[Observation]] = defaultdict(list)
    for job in jobs:
        for seen in job.observations():
            scans[min(-(-seen.seen // SCAN_S) * SCAN_S, now), job.source].append(seen)
    return scans
