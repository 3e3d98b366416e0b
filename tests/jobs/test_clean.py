"""The daily cleaning: what goes, and what stays."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from app.core.settings import Settings
from app.diary.index_models import DiaryTally
from app.diary.observations.observation import Observation
from app.diary.observations.store import store as store_jobs
from app.gui import short_links
from app.gui.models import Dataset, File, NameList, Sample, ShortLink
from app.queue import store
from app.queue.models import BackgroundJob
from app.queue.states import DONE, QUEUED
from app.transfers.models import TransferRun
from jobs.diary import clean as clean_diary
from jobs.gui import clean_names, clean_short_links
from jobs.queue import CLEAN, KEEP_DAYS, clean
from jobs.transfers import clean as clean_transfers
from tests.support.patience import PATIENCE_S
from tests.transfers.samples import NOW, file_record, receive, report

pytestmark = pytest.mark.both_databases

DAY_S = 86400.0


def run_now(kind: str, handler: Callable[[BackgroundJob], None]) -> BackgroundJob:
    store.run_in_thread(kind, "today", handler)
    row = store.latest_job(kind, "today")
    assert row
    assert store.wait(row, PATIENCE_S)
    ended: BackgroundJob = BackgroundJob.get_by_id(row.id)
    assert ended.state == DONE, ended.error
    return ended


def test_jobs_that_ended_long_ago_are_deleted_and_others_stay(hub: Settings) -> None:
    long_ago = time.time() - (KEEP_DAYS + 1) * DAY_S
    BackgroundJob.create(queue="bulk", kind="import", key="old", state=DONE, finished=long_ago)
    BackgroundJob.create(queue="bulk", kind="import", key="recent", state=DONE, finished=long_ago + 2 * DAY_S)
    BackgroundJob.create(queue="bulk", kind="import", key="open", state=QUEUED, created=long_ago)
    assert run_now(CLEAN, clean).note == "1 rows of old jobs removed"
    assert {row.key for row in BackgroundJob.select()} == {"recent", "open", "today"}


def test_name_lists_that_no_sample_has_go(hub: Settings) -> None:
    used, orphan = (NameList.create(sha256=name, blob=b"", count=0) for name in ("used", "orphan"))
    file = File.create(url="/data/1.root", format="tdirectory", registered=0)
    dataset = Dataset.create(name="/A/B/C")
    Sample.create(dataset=dataset, run=1, lumi=0, file=file, namelist=used)
    Sample.create(dataset=dataset, run=2, lumi=0, file=file)
    assert run_now("clean-names", clean_names).note == "1 name lists removed"
    assert [row.id for row in NameList.select()] == [used.id] != [orphan.id]


def test_short_links_that_nobody_opens_are_deleted_and_the_same_view_has_the_same_again(hub: Settings) -> None:
    opened, unused = (short_links.store(address) for address in ("/browse/1/A/B/C", "/browse/2/A/B/C"))
    long_ago = time.time() - 731 * DAY_S
    ShortLink.update(created=long_ago, used=long_ago).execute()
    assert short_links.address_of(opened) == "/browse/1/A/B/C"
    assert run_now("clean-short-links", clean_short_links).note == "1 short links deleted"
    assert short_links.address_of(opened) == "/browse/1/A/B/C"
    assert short_links.address_of(unused) is None
    assert short_links.store("/browse/2/A/B/C") == unused


def test_counts_of_values_that_no_job_of_the_diary_has_any_more_are_deleted(hub: Settings) -> None:
    now = time.time()
    for state in ("running", "done"):
        store_jobs("slurm", [Observation("7", now, state, now - 100)], now)
    assert {row.state: row.jobs for row in DiaryTally.select()} == {"running": 0, "done": 1}
    assert run_now("clean-diary", clean_diary).note == "0 jobs removed"
    assert {row.state: row.jobs for row in DiaryTally.select()} == {"done": 1}


def test_reports_of_the_transfer_of_old_runs_are_removed(hub: Settings) -> None:
    receive(hub, report(file_record(1)), NOW)
    assert run_now("clean-transfers", clean_transfers).note == "1 runs removed"
    assert TransferRun.select().count() == 0
