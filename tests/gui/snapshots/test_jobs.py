"""The jobs of snapshots: the import of an ongoing run queues the keeping of one, once for run 0 and the run that it is of."""

from __future__ import annotations

import pytest

from app.gui.catalog.catalog import Catalog
from app.gui.catalog.importing import KEEP_SNAPSHOT
from app.gui.files import register
from app.gui.files.entries import ONLINE_DATASET, Entry
from app.gui.snapshots.models import LiveSnapshot
from app.queue import execution
from app.queue.models import BackgroundJob
from jobs.gui import clean_snapshots, keep_snapshot
from tests.gui.snapshots.conftest import LIVE, RUN, LiveRun
from tests.jobs.test_clean import run_now
from tests.support.patience import PATIENCE_S


@pytest.fixture
def settings_of_jobs(live: LiveRun, monkeypatch: pytest.MonkeyPatch) -> None:
    """The settings that jobs load."""
    monkeypatch.setenv("DQMHUB_DATA_DIR", live.settings.data_dir)
    monkeypatch.setenv("DQMHUB_DATABASE_URL", live.settings.database_url)
    monkeypatch.setenv("DQMHUB_FILE_ROOTS", live.settings.data_dir)


def import_as(live: LiveRun, *entries: tuple[int, str]) -> list[BackgroundJob]:
    """Register the file as these runs and datasets, import it, and return the jobs that wait to keep a snapshot."""
    register.register([Entry(dataset, run, 0, str(live.file), "protobuf") for run, dataset in entries])
    run, dataset = entries[0]
    Catalog(live.settings).open(LIVE._replace(run=run, dataset=dataset), PATIENCE_S)
    return list(BackgroundJob.select().where(BackgroundJob.kind == KEEP_SNAPSHOT, BackgroundJob.state == "queued"))


@pytest.mark.both_databases
def test_the_live_consumer_keeps_one_snapshot_of_each_version_of_a_file(live: LiveRun, settings_of_jobs: None) -> None:
    live.write(1)
    (job,) = import_as(live, (0, ONLINE_DATASET), (RUN, ONLINE_DATASET))
    assert job.queue == "live"
    execution.attempt(execution.claim(job.id), keep_snapshot)
    assert BackgroundJob.get_by_id(job.id).note == f"Lumisection 1 of run {RUN}: 537 monitor elements."
    assert live.kept_lumis() == [1]
    live.write(2)
    (again,) = import_as(live, (0, ONLINE_DATASET), (RUN, ONLINE_DATASET))
    execution.attempt(execution.claim(again.id), keep_snapshot)
    assert live.kept_lumis() == [2, 1]


def test_a_file_that_was_deleted_before_its_snapshot_was_kept_says_so(live: LiveRun, settings_of_jobs: None) -> None:
    live.write(1)
    (job,) = import_as(live, (0, ONLINE_DATASET))
    live.file.unlink()
    execution.attempt(execution.claim(job.id), keep_snapshot)
    ended = BackgroundJob.get_by_id(job.id)
    assert (ended.state, LiveSnapshot.select().count()) == ("done", 0)
    assert ended.note == "No such file or directory."


def test_runs_that_are_not_ongoing_and_hubs_without_snapshots_have_no_such_jobs(live: LiveRun) -> None:
    live.put((live.files / f"{RUN}-1.pb").read_bytes())
    assert import_as(live, (RUN, "/ZeroBias/Run2023C-Demo-v1/DQMIO")) == []
    live.settings = live.settings.replace(live_snapshots=0)
    live.write(2)
    assert import_as(live, (0, ONLINE_DATASET)) == []


def test_the_daily_job_removes_snapshots_beyond_the_bounds(live: LiveRun, settings_of_jobs: None, monkeypatch: pytest.MonkeyPatch) -> None:
    live.keep(1, 2, 3)
    monkeypatch.setenv("DQMHUB_LIVE_SNAPSHOTS", "1")
    assert run_now("clean-snapshots", clean_snapshots).note == "1 snapshots removed"
    assert live.kept_lumis() == [3, 2]
