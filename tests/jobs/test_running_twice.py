"""Every kind of background jobs may run twice: a process can be killed after the work of a job and before its outcome is stored."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import pytest

from app.areas import AREAS
from app.control import service
from app.control.models import SubmittedCommand
from app.core.database import proxy
from app.core.settings import Settings
from app.diary.review import bulk
from app.diary.review.bulk import review_jobs, undo_bulk
from app.gui import short_links
from app.gui.catalog.importing import KEEP_SNAPSHOT
from app.gui.files import staging
from app.gui.files.entries import Entry
from app.gui.files.register import IMPORT, register
from app.gui.models import File, NameList, Registration, Sample
from app.gui.plots.plots import EVICT
from app.queue import execution, store
from app.queue.models import BackgroundJob
from app.queue.states import DONE, QUEUED
from app.trends.custom.requests import RunsRequest
from app.trends.custom.store import COMPUTE, request_trend
from app.trends.scan import EXTRACT, READ_CONFIGS
from tests.alarms.pages import seed as alarms
from tests.control import seed as commands
from tests.diary.test_bulk_reviews import OBSOLETE, failed_jobs
from tests.gui.snapshots.conftest import RUN, LiveRun
from tests.notify import seed as notifications
from tests.square import seed as square
from tests.transfers import seed as transfers
from tests.trends import seed as trends
from tests.trends.conftest import FILES, Site

UNCOUNTED = {
    "background_job",
    "version_counter",
    "requested_trend.version",
    "trend_dataset.changed",
    "trend_extraction.finished",
    "trend_extraction.bytes_read",
}
"""Tables and columns without effects of jobs: the jobs, versions by which pages see that they may be old, and what the last run cost."""
YEARS_S = 20 * 365 * 86400.0
"""After so long everything is old."""
CHECK_FILES = "check-trend-files"
DATASET = "/ZeroBias/Run2022C-Express-v1/DQMIO"


def handlers() -> dict[str, execution.Handler]:
    """The handlers of all kinds of jobs of the product."""
    modules = [import_module(area.jobs).__name__ for area in AREAS if area.jobs]
    return {kind: handler for kind, handler in execution.HANDLERS.items() if handler.__module__ in modules}


def daily_kinds() -> set[str]:
    """The kinds of jobs of the product that run once a day."""
    return execution.DAILY & handlers().keys()


def effects(job: BackgroundJob, data: Path) -> dict[str, object]:
    """All that a job may have done: the rows of each table, the other jobs, and the files."""
    tables = [name for (name,) in proxy.execute_sql("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()]
    found: dict[str, object] = {name: rows_of(name) for name in tables if name not in UNCOUNTED}
    found["other jobs"] = [
        (row.kind, row.key) for row in BackgroundJob.select().where(BackgroundJob.id != job.id).order_by(BackgroundJob.id)
    ]
    files = [path for path in data.rglob("*") if path.is_file() and ".db" not in path.name]
    return found | {str(path): path.read_bytes() for path in files}


def rows_of(table: str) -> list[str]:
    """The rows of a table, without columns that are not counted."""
    columns = [name for _, name, *_ in proxy.execute_sql(f'PRAGMA table_info("{table}")').fetchall() if f"{table}.{name}" not in UNCOUNTED]
    quoted = ", ".join(f'"{name}"' for name in columns)
    return sorted(map(repr, proxy.execute_sql(f'SELECT {quoted} FROM "{table}"').fetchall()))


def run_twice(kind: str, key: str, data: Path) -> bool:
    """Run a job whose process is killed before its outcome is stored, and once more; returns whether the first run did anything."""
    job = store.enqueue(kind, key)
    before = effects(job, data)
    handlers()[kind](claimed(job))
    once = effects(job, data)
    BackgroundJob.update(state=QUEUED, lease_until=0.0).where(BackgroundJob.id == job.id).execute()
    execution.attempt(claimed(job), handlers()[kind])
    ended = BackgroundJob.get_by_id(job.id)
    assert (ended.state, ended.attempts) == (DONE, 2), f"{kind}: {ended.error}"
    again = effects(job, data)
    assert {name for name in once | again if once.get(name) != again.get(name)} == set(), f"the second run of {kind} did more"
    return once != before


def claimed(job: BackgroundJob) -> BackgroundJob:
    found = execution.claim(job.id)
    assert found
    return found


def registered(settings: Settings, run_files: Path) -> str:
    site = Site(settings, run_files)
    site.configure(n="basic.BinCount(2) DT/n")
    (path,) = site.add(next(iter(FILES)))
    register([Entry(DATASET, 355555, 0, str(path), "tdirectory")])
    return str(File.get().id)


def imported(settings: Settings, run_files: Path) -> str:
    file = registered(settings, run_files)
    execution.run(store.enqueue(IMPORT, file).id)
    return file


def with_trends(settings: Settings, run_files: Path) -> str:
    imported(settings, run_files)
    execution.run(store.enqueue(READ_CONFIGS, "now").id)
    return f"355555/{DATASET[1:]}"


def staged(settings: Settings, run_files: Path) -> str:
    entries = [Entry(DATASET, 355000 + number, 0, f"/data/{number}.root", "tdirectory") for number in range(300)]
    job = staging._accept(staging._stage(entries))
    BackgroundJob.update(state=QUEUED, lease_until=0.0, attempts=0).execute()
    return job.key


def plotted(settings: Settings, run_files: Path) -> str:
    for name in ("ab", "cd"):
        plot = settings.data / "plots" / name / f"{name}.png"
        plot.parent.mkdir(parents=True)
        plot.write_bytes(bytes(600_000))
    return "plots"


def requested(settings: Settings, run_files: Path) -> str:
    imported(settings, run_files)
    return request_trend(RunsRequest(metric="basic.BinCount(2)", me="DT/n", dataset=DATASET), "ada", settings).key


def submitted(settings: Settings, run_files: Path) -> str:
    row = SubmittedCommand.create(
        system="production",
        name="restart_hltd",
        arguments=json.dumps({"host": "fu-c2f11-11-01"}),
        impact="{}",
        user="ada",
        reason="The clients hang",
        idempotency_key="one",
        created=time.time(),
        version=1,
    )
    return str(row.id)


def reviewed(settings: Settings, run_files: Path) -> str:
    return str(review_jobs(failed_jobs(60), "", OBSOLETE, "ada").id)


def undone(settings: Settings, run_files: Path) -> str:
    review = reviewed(settings, run_files)
    execution.run(BackgroundJob.get(BackgroundJob.kind == bulk.KIND).id)
    undo_bulk(int(review), "ada")
    return review


PREPARED: dict[str, Callable[[Settings, Path], str]] = {
    IMPORT: registered,
    staging.REGISTER: staged,
    EVICT: plotted,
    READ_CONFIGS: imported,
    EXTRACT: with_trends,
    COMPUTE: requested,
    service.JOB_KIND: submitted,
    bulk.KIND: reviewed,
    bulk.UNDO_KIND: undone,
}
"""What makes a job of each kind that does not run once a day, and returns its key. Snapshots have a test of their own."""


@pytest.mark.parametrize("kind", PREPARED)
def test_a_job_that_runs_twice_has_one_effect(
    settings_of_jobs: Settings, run_files: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setattr(bulk, "DIRECT", 10)
    handlers()
    assert run_twice(kind, PREPARED[kind](settings_of_jobs, run_files), settings_of_jobs.data)


def test_a_snapshot_of_an_ongoing_run_that_is_kept_twice_is_there_once(settings_of_jobs: Settings, lumi_files: Path) -> None:
    LiveRun(settings_of_jobs, lumi_files).write(1, RUN)
    file = str(File.get().id)
    handlers()
    execution.run(store.enqueue(IMPORT, file).id)
    assert run_twice(KEEP_SNAPSHOT, file, settings_of_jobs.data)


def test_daily_jobs_that_run_twice_remove_and_count_once(
    settings_of_jobs: Settings, run_files: Path, lumi_files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    handlers()
    now = time.time()
    fill_all_areas(settings_of_jobs, run_files, lumi_files, now)
    assert run_twice(CHECK_FILES, "today", settings_of_jobs.data), "files that were read long ago are not looked at"
    monkeypatch.setattr(time, "time", lambda: now + YEARS_S)
    idle = [kind for kind in daily_kinds() - {CHECK_FILES} if not run_twice(kind, "today", settings_of_jobs.data)]
    assert idle == []


def fill_all_areas(settings: Settings, run_files: Path, lumi_files: Path, now: float) -> None:
    """Store something that each daily job removes or counts when it is old."""
    execution.run(store.enqueue(EXTRACT, with_trends(settings, run_files)).id)
    for file in (settings.data / "demo").iterdir():
        os.utime(file, (now, now))
    LiveRun(settings, lumi_files).keep(1, 2)
    for area in (square, commands, notifications, transfers, trends):
        area.fill(settings, now)
    alarms.fill()
    short_links.store("/browse/1/A/B/C")
    review_jobs(failed_jobs(60), "", OBSOLETE, "ada")
    request_trend(RunsRequest(metric="basic.BinCount(2)", me="DT/n", dataset="/A/B/C"), "ada", settings)
    NameList.create(sha256="", blob=b"", count=0)
    Sample.update(errors=None, warnings=None).execute()
    Registration.create(user="ada", summary="", count=0, files="{}", created=now)
    BackgroundJob.update(state=DONE, finished=now).execute()


def test_every_kind_of_jobs_is_run_twice_here() -> None:
    assert set(handlers()) == {*PREPARED, KEEP_SNAPSHOT} | daily_kinds()
