"""Faults of bulk reviews: jobs that were never seen, processes that die, jobs that are removed meanwhile, too many tags."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from app.core.database import proxy
from app.core.settings import Settings
from app.diary.models import DiaryBulkChange, DiaryBulkReview, DiaryJob
from app.diary.observations.store import store
from app.diary.review import bulk
from app.diary.review.bulk import find_bulk, forget_changes, is_stopped, review_all, review_jobs, undo_bulk
from app.diary.review.bulk_selection import selected_jobs
from app.diary.review.errors import SelectionChanged
from app.diary.review.fields import MAX_TAGS
from app.diary.review.review import ReviewChange
from app.diary.review.reviews import review_of, reviews_of, save_review
from app.diary.search.selection import JobSelection
from app.queue import execution
from app.queue.models import BackgroundJob
from app.queue.store import cancel, latest_job
from app.security import Role
from jobs import diary as diary_jobs
from tests.diary.observations import NOW, seen
from tests.diary.test_bulk_reviews import failed_jobs
from tests.diary.test_pages import words
from tests.diary.users import signed_in

FAILED = JobSelection(state=("failed",))
DONE = ReviewChange(review="done")


def replace_a_failure() -> int:
    """One failed job leaves the list, another one joins it; returns the number of the latter."""
    store("slurm", [seen(NOW + 1, "done", native_id="0"), seen(NOW + 1, "failed", native_id="unseen")], NOW + 1)
    return int(DiaryJob.get(DiaryJob.native_id == "unseen").id)


@pytest.mark.both_databases
def test_a_failure_that_nobody_has_seen_is_not_reviewed_in_place_of_another(hub: Settings) -> None:
    failed_jobs(3)
    confirmed = selected_jobs(FAILED, ())
    unseen = replace_a_failure()
    assert selected_jobs(FAILED, ()).count == confirmed.count == 3
    with pytest.raises(SelectionChanged, match="Other jobs are in this list now, 3 as before"):
        review_all(FAILED, (), DONE, "anna", confirmed.count, confirmed.digest)
    assert review_of(unseen).review == "open"
    now = selected_jobs(FAILED, ())
    assert review_all(FAILED, (), DONE, "anna", now.count, now.digest).changed == 3


def test_scripts_and_pages_confirm_which_jobs_are_reviewed(client: FlaskClient) -> None:
    failed_jobs(3)
    sam = signed_in("sam", Role.SHIFTER)
    body = {name: client.get("/api/v1/jobs?state=failed&digest=1", headers=sam).json[name] for name in ("count", "digest")}
    unseen = replace_a_failure()
    answer = client.post("/api/v1/jobs/reviews?state=failed", json=body | {"review": "done"}, headers=sam)
    assert (answer.status_code, answer.json["message"].split(",")[0]) == (409, "Other jobs are in this list now")
    page = client.post("/diary/bulk/new?state=failed", data=body | {"review": "done", "do": "review"}, headers=sam)
    assert page.status_code == 409
    assert "The list has other jobs now. Nothing was changed." in words(page.text)
    assert review_of(unseen).review == "open"


TRIGGER = """
CREATE TRIGGER broken BEFORE INSERT ON diary_review WHEN NEW.job = {number} AND NEW.verdict = '{verdict}'
BEGIN SELECT RAISE(ABORT, 'disk full'); END
"""


def consume(kind: str, number: int) -> None:
    """A consumer finds the job once its lease is over."""
    job = latest_job(kind, str(number))
    assert job is not None
    BackgroundJob.update(lease_until=0).where(BackgroundJob.id == job.id).execute()
    execution.run(job.id)


def test_a_bulk_review_and_its_undo_that_broke_off_are_continued_by_a_consumer(hub: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(execution.HANDLERS, bulk.KIND, diary_jobs.review_jobs)
    monkeypatch.setitem(execution.HANDLERS, bulk.UNDO_KIND, diary_jobs.undo_review_of_jobs)
    numbers = failed_jobs(70)
    proxy.execute_sql(TRIGGER.format(number=numbers[60], verdict="ok"))
    row = review_jobs(numbers, "", ReviewChange(verdict="ok"), "anna")
    assert (row.changed, row.finished, is_stopped(row)) == (50, None, False)
    proxy.execute_sql("DROP TRIGGER broken")
    consume(bulk.KIND, row.id)
    assert (find_bulk(row.id).changed, {review.version for review in reviews_of(numbers).values()}) == (70, {1})
    assert find_bulk(row.id).finished
    proxy.execute_sql(TRIGGER.format(number=numbers[60], verdict="none"))
    undone = undo_bulk(row.id, "anna")
    assert (undone.restored, undone.undo_finished, is_stopped(undone)) == (50, None, False)
    DiaryBulkReview.update(at=0).execute()
    assert forget_changes(NOW) == 0, "what is to be restored yet stays"
    proxy.execute_sql("DROP TRIGGER broken")
    consume(bulk.UNDO_KIND, row.id)
    assert {review.verdict for review in reviews_of(numbers).values()} == {"none"}
    assert not DiaryBulkChange.select().exists()


def test_a_bulk_review_whose_background_job_was_cancelled_is_shown_as_stopped(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "DIRECT", 1)
    row = review_jobs(failed_jobs(3), "", DONE, "anna")
    sam, page = signed_in("sam", Role.SHIFTER), f"/diary/bulk/{row.id}"
    assert "in progress 0 of 3 jobs are reviewed" in words(client.get(page, headers=sam).text)
    job = latest_job(bulk.KIND, str(row.id))
    assert job is not None
    cancel(job.id)
    html = client.get(page, headers=sam).text
    assert "stopped 0 of 3 jobs are reviewed. Its background job has failed or was cancelled." in words(html)
    assert "hx-get" not in html.partition('id="bulk"')[2].partition(">")[0], "nothing will change"
    assert "stopped" in words(client.get("/diary/bulk", headers=sam).text)
    assert client.get(f"/api/v1/jobs/reviews/{row.id}", headers=sam).json["stopped"] is True


def test_a_bulk_review_gives_no_job_more_tags_than_one_may_have(client: FlaskClient) -> None:
    numbers = failed_jobs(3)
    save_review(numbers[0], ReviewChange(tags=tuple(f"t{number}" for number in range(MAX_TAGS))), 0, "bob")
    row = review_jobs(numbers, "", ReviewChange(add_tags=("disk",)), "anna")
    assert (row.changed, row.skipped) == (2, 1)
    assert len(review_of(numbers[0]).tags) == MAX_TAGS
    text = words(client.get(f"/diary/bulk/{row.id}", headers=signed_in("sam", Role.SHIFTER)).text)
    assert "2 jobs were changed. 1 job would have too many tags and stays as it was." in text
    assert "had these values already" not in text
