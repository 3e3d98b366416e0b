"""The own jobs of this hub, from the rows of its queue."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from app.areas import AREAS
from app.core import database
from app.core.settings import Settings
from app.diary.jobs import children_of, parents_of
from app.diary.models import DiaryEvent, DiaryJob
from app.diary.sources import own_jobs
from app.diary.sources.registry import source_named
from app.diary.sources.runner import Report, scan_source, source_state
from app.gui.files.entries import Entry
from app.gui.files.register import IMPORT, register
from app.gui.models import File, Sample
from app.gui.samples import SampleKey
from app.queue.models import BackgroundJob
from app.queue.store import cancel, enqueue, retry
from app.trends.custom.requests import RunsRequest
from app.trends.custom.store import COMPUTE, request_trend
from app.trends.scan import EXTRACT, job_key
from tests.diary.observations import changes, only_job

KINDS = [each.kind for area in AREAS for each in area.own_jobs]

pytestmark = pytest.mark.both_databases

DATASET = "/ZeroBias/Run2023C-PromptReco-v4/DQMIO"


def scan(hub: Settings) -> Report:
    return scan_source(source_named("own-jobs", hub), hub)


def test_the_kinds_of_jobs_are_those_of_the_areas() -> None:
    assert KINDS == [IMPORT, EXTRACT, COMPUTE]


def test_an_import_has_the_name_run_and_dataset_of_its_file(hub: Settings, tmp_path: Path) -> None:
    register([Entry(DATASET, 367123, 0, str(tmp_path / "one.root"), "tdirectory")])
    job = enqueue(IMPORT, str(File.get().id))
    assert scan(hub)[:5] == (1, 0, 1, 0, 0)
    found = only_job()
    assert (found.source, found.native_id, found.kind, found.state) == ("own-jobs", str(job.id), "import", "pending")
    assert (found.name, found.submitted) == ("one.root", int(job.created))
    assert found.value_of("labels") == {"run": "367123", "dataset": DATASET, "queue": "bulk"}


def test_an_import_keeps_its_name_when_its_file_is_removed(hub: Settings, tmp_path: Path) -> None:
    register([Entry(DATASET, 367123, 0, str(tmp_path / "one.root"), "tdirectory")])
    enqueue(IMPORT, str(File.get().id))
    scan(hub)
    Sample.delete().execute()
    File.delete().execute()
    BackgroundJob.update(state="failed", finished=time.time(), error="Gone").execute()
    scan(hub)
    assert (only_job().state, only_job().name) == ("failed", "one.root")
    assert only_job().value_of("labels")["run"] == "367123"


def test_the_folder_of_a_file_is_not_in_the_diary_which_viewers_see(hub: Settings, client: FlaskClient, tmp_path: Path) -> None:
    register([Entry(DATASET, 367123, 0, str(tmp_path / "one.root"), "tdirectory")])
    enqueue(IMPORT, str(File.get().id))
    BackgroundJob.update(state="failed", finished=time.time(), error=f"{tmp_path}/one.root: no ROOT file").execute()
    scan(hub)
    job_page = client.get(f"/diary/jobs/{only_job().id}").text
    assert "one.root: no ROOT file" in job_page
    assert str(tmp_path) not in job_page + client.get("/diary").text


def test_extractions_and_requested_trends_are_found_and_other_jobs_are_not(hub: Settings) -> None:
    enqueue(EXTRACT, job_key(SampleKey(367123, 0, DATASET)))
    enqueue(COMPUTE, "abcdef")
    enqueue("clean", "2026-01-01")
    assert scan(hub).found == 2
    extraction, trend = DiaryJob.select().order_by(DiaryJob.native_id)
    assert (extraction.kind, extraction.name) == ("extraction", f"run 367123 of {DATASET}")
    assert extraction.value_of("labels") == {"run": "367123", "dataset": DATASET, "queue": "bulk"}
    assert (trend.kind, trend.name, trend.value_of("facts")["key"]) == ("requested trend", "", "abcdef")


def test_an_extraction_follows_from_the_latest_import_of_its_file_before_it(hub: Settings, tmp_path: Path) -> None:
    register([Entry(DATASET, run, 0, str(tmp_path / f"{run}.root"), "tdirectory") for run in (367123, 367124)])
    BackgroundJob.delete().execute()
    first, other = (str(file.id) for file in File.select().order_by(File.url))
    for kind, key in [
        (IMPORT, first),
        (IMPORT, first),
        (IMPORT, other),
        (EXTRACT, job_key(SampleKey(367123, 0, DATASET))),
        (IMPORT, first),
    ]:
        enqueue(kind, key)
        BackgroundJob.update(state="done", finished=time.time()).execute()
    scan(hub)
    extraction = DiaryJob.get(DiaryJob.kind == "extraction")
    imports = list(DiaryJob.select().where(DiaryJob.kind == "import").order_by(DiaryJob.id))
    assert [parent.job for parent in parents_of(extraction)] == [imports[1]]
    assert [[child.job for child in children_of(each)] for each in imports] == [[], [extraction], [], []]


def test_an_extraction_whose_file_is_not_registered_has_no_parent(hub: Settings) -> None:
    enqueue(EXTRACT, job_key(SampleKey(367123, 0, DATASET)))
    enqueue(EXTRACT, f"{'9' * 19}/a/b/c")
    assert scan(hub).found == 2
    assert [parents_of(job) for job in DiaryJob.select()] == [[], []]


def test_a_scan_reads_only_the_rows_that_changed_however_many_ended(hub: Settings) -> None:
    if not database.is_sqlite():
        return  # it may choose to read a small table whole
    scan(hub)
    queries: list[str] = []
    connection = database.proxy.connection()
    connection.set_trace_callback(queries.append)
    source_named("own-jobs", hub).scan({"id": 1, "since": time.time() - 60, "after": 0})
    connection.set_trace_callback(None)
    plans = [line[3] for query in queries if query.startswith("SELECT") for line in connection.execute("EXPLAIN QUERY PLAN " + query)]
    assert len(plans) > 3
    assert [plan for plan in plans if plan.startswith("SCAN") or "kind=?" in plan] == []


def test_a_requested_trend_has_the_name_and_user_of_its_request(hub: Settings) -> None:
    request = RunsRequest("basic.Mean()", "Pixel/charge", DATASET)
    request_trend(request, "anna", hub)
    scan(hub)
    found = only_job()
    assert (found.name, found.user) == ("basic.Mean() of Pixel/charge", "anna")
    assert (found.value_of("labels")["dataset"], found.value_of("logs")) == (DATASET, [[f"/trends/requested/{request.key}", "page"]])


def test_a_job_is_followed_through_failure_retry_and_cancelling(hub: Settings) -> None:
    job = enqueue(EXTRACT, "1/a/b/c")
    scan(hub)
    now = time.time()
    this = BackgroundJob.id == job.id
    BackgroundJob.update(state="running", started=now, attempts=1, lease_until=now + 20, progress=0.5).where(this).execute()
    scan(hub)
    assert (only_job().started, only_job().value_of("metrics")) == (pytest.approx(now), {"progress": 0.5})
    BackgroundJob.update(state="failed", finished=now, error="The file is damaged").where(this).execute()
    scan(hub)
    assert (only_job().state, only_job().reason, only_job().ended) == ("failed", "The file is damaged", pytest.approx(now))
    retry(job.id)
    scan(hub)
    cancel(job.id)
    scan(hub)
    assert [new for _, new in changes(only_job())] == ["pending", "running", "failed", "pending", "cancelled"]
    assert scan(hub).changed == 0


def test_a_job_stays_in_the_diary_when_its_row_is_removed(hub: Settings) -> None:
    job = enqueue(EXTRACT, "1/a/b/c")
    scan(hub)
    cancel(job.id)
    scan(hub)
    BackgroundJob.delete().execute()
    for _ in range(5):
        scan(hub)
    assert only_job().state == "cancelled"


def test_more_jobs_than_fit_into_one_scan_are_all_found_and_followed(hub: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own_jobs, "AT_ONCE", 10)
    for number in range(35):
        enqueue(EXTRACT, f"{number + 1}/a/b/c")
    for _ in range(12):
        scan(hub)
    assert DiaryJob.select().count() == 35
    BackgroundJob.update(state="done", finished=time.time()).execute()
    for _ in range(12):
        scan(hub)
    assert {job.state for job in DiaryJob.select()} == {"done"}
    assert DiaryEvent.select().where(DiaryEvent.field == "state").count() == 70


@pytest.mark.parametrize("key", ["", "9" * 30, "٣", "-1", "1/x", "0", "x\ud7ff\u202e", "7" * 5000])
def test_a_row_with_an_odd_key_hides_no_other_one(hub: Settings, key: str) -> None:
    for kind in KINDS:
        enqueue(kind, key)
    BackgroundJob.update(created=float("inf")).where(BackgroundJob.kind == COMPUTE).execute()
    enqueue(EXTRACT, "1/a/b/c")
    report = scan(hub)
    assert (report.found, report.quarantined) == (3, 1)


def test_old_rows_that_do_not_change_are_not_read_again(hub: Settings) -> None:
    old = time.time() - 5000
    for number in range(5):
        BackgroundJob.create(queue="bulk", kind=EXTRACT, key=f"{number}", state="done", created=old, finished=old, lease_until=old)
    assert scan(hub).seen == 5
    scan(hub)
    assert scan(hub).seen == 0
    assert source_state("own-jobs").failures == 0
