"""Bulk reviews and their undo, on both databases."""

from __future__ import annotations

import time

import pytest

from app.core.settings import Settings
from app.diary.models import DiaryBulkChange, DiaryBulkReview, DiaryEvent, DiaryJob
from app.diary.observations.store import store
from app.diary.review import bulk
from app.diary.review.bulk import find_bulk, forget_changes, newest_bulks, review_all, review_jobs, run_bulk, undo_bulk
from app.diary.review.errors import BadReview, SelectionChanged, UndoRefused
from app.diary.review.review import Review, ReviewChange
from app.diary.review.reviews import review_of, reviews_of, save_review
from app.diary.search.find import count
from app.diary.search.selection import JobSelection
from app.queue import execution
from app.queue.states import RUNNING
from app.queue.store import cancel, latest_job
from app.security.models import Audit
from jobs import diary as diary_jobs
from tests.diary.observations import NOW, seen
from tests.diary.threads import run_at_once

pytestmark = pytest.mark.both_databases


def failed_jobs(count: int, *sources: str) -> list[int]:
    """The numbers of failed jobs, of each source as many."""
    for source in sources or ("slurm",):
        store(source, [seen(NOW, "failed", native_id=str(number)) for number in range(count)], NOW)
    return [row.id for row in DiaryJob.select().order_by(DiaryJob.id)]


OBSOLETE = ReviewChange(review="done", verdict="obsolete", add_tags=("disk",))


def test_all_jobs_of_a_list_are_reviewed_with_one_audit_row(hub: Settings) -> None:
    numbers = failed_jobs(56, "slurm", "condor")
    row = review_jobs(reversed(numbers), "state=failed", OBSOLETE, "anna")
    assert (row.count, row.changed, row.by, DiaryBulkReview.get().jobs) == (112, 112, "anna", b"")
    assert row.finished
    assert {(each.review, each.verdict, each.tags) for each in reviews_of(numbers).values()} == {("done", "obsolete", ("disk",))}
    (audited,) = Audit.select()
    assert (audited.user, audited.action, audited.target) == ("anna", "review jobs", "112 jobs of the list state=failed")
    assert audited.answer == "review done; verdict obsolete; add tags disk"


def test_an_undo_restores_each_job_and_keeps_what_was_changed_since(hub: Settings) -> None:
    numbers = failed_jobs(60)
    save_review(numbers[0], ReviewChange(verdict="issue", summary="kept", tags=("a",)), 0, "bob")
    before = review_of(numbers[0])
    row = review_jobs(numbers, "", OBSOLETE, "anna")
    save_review(numbers[1], ReviewChange(notes="since"), 1, "bob")
    undone = undo_bulk(row.id, "carl")
    assert (undone.restored, undone.kept, undone.undone_by) == (59, 1, "carl")
    assert undone.undo_finished
    after = review_of(numbers[0])
    assert (after.review, after.verdict, after.summary, after.tags) == (before.review, before.verdict, before.summary, before.tags)
    assert review_of(numbers[1]).verdict == "obsolete"
    assert review_of(numbers[2]) == Review(numbers[2], version=2, by="carl", at=review_of(numbers[2]).at)
    assert [each.action for each in Audit.select().order_by(Audit.id)][-1] == "undo review of jobs"
    with pytest.raises(UndoRefused, match="carl has undone this bulk review"):
        undo_bulk(row.id, "anna")


def test_bulk_reviews_of_the_same_jobs_are_undone_one_after_the_other(hub: Settings) -> None:
    numbers = failed_jobs(3)
    rows = [review_jobs(numbers, "", ReviewChange(verdict=verdict), "anna") for verdict in ("ok", "issue", "other")]
    for row, verdict in zip(reversed(rows), ("issue", "ok", "none"), strict=True):
        assert undo_bulk(row.id, "anna").restored == 3
        assert {review.verdict for review in reviews_of(numbers).values()} == {verdict}


def test_an_earlier_bulk_review_is_not_undone_over_a_later_one(hub: Settings) -> None:
    numbers = failed_jobs(3)
    first = review_jobs(numbers, "", ReviewChange(verdict="ok"), "anna")
    review_jobs(numbers[:1], "", ReviewChange(verdict="issue"), "anna")
    undone = undo_bulk(first.id, "anna")
    assert (undone.restored, undone.kept) == (2, 1)
    assert [review_of(number).verdict for number in numbers] == ["issue", "none", "none"]


def test_a_bulk_review_of_which_nothing_is_left_to_restore_keeps_its_undo_for_later(hub: Settings) -> None:
    numbers = failed_jobs(3)
    first = review_jobs(numbers, "", ReviewChange(add_tags=("one",)), "anna")
    second = review_jobs(numbers, "", ReviewChange(add_tags=("two",)), "anna")
    with pytest.raises(UndoRefused, match="All jobs of this bulk review have been changed since; undo the later bulk reviews"):
        undo_bulk(first.id, "anna")
    assert {review.tags for review in reviews_of(numbers).values()} == {("one", "two")}
    assert (undo_bulk(second.id, "anna").restored, undo_bulk(first.id, "anna").restored) == (3, 3)
    assert {review.tags for review in reviews_of(numbers).values()} == {()}


def test_a_bulk_review_with_no_tags_removes_all_as_for_one_job(hub: Settings) -> None:
    numbers = failed_jobs(2)
    save_review(numbers[0], ReviewChange(tags=("disk", "menu")), 0, "bob")
    row = review_jobs(numbers, "", ReviewChange(tags=()), "anna")
    assert (row.changed, bulk.words_of(row)) == (1, "tags none")
    assert {review.tags for review in reviews_of(numbers).values()} == {()}
    assert undo_bulk(row.id, "anna").restored == 1
    assert review_of(numbers[0]).tags == ("disk", "menu")


def test_a_job_that_has_all_values_already_is_not_changed(hub: Settings) -> None:
    numbers = failed_jobs(2)
    save_review(numbers[0], ReviewChange(review="done"), 0, "bob")
    row = review_jobs(numbers, "", ReviewChange(review="done"), "anna")
    assert (row.count, row.changed) == (2, 1)
    undo_bulk(row.id, "anna")
    assert [review_of(number).review for number in numbers] == ["done", "open"]


def test_a_job_that_is_gone_meanwhile_stops_nothing(hub: Settings) -> None:
    numbers = failed_jobs(3)
    row = review_jobs([*numbers, 10**9], "", ReviewChange(review="done"), "anna")
    assert (row.count, row.changed) == (4, 3)


def test_many_jobs_are_reviewed_by_a_background_job_that_another_process_can_continue(
    hub: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "DIRECT", 100)
    numbers = failed_jobs(130)
    row = review_jobs(numbers, "", OBSOLETE, "anna")
    assert (row.changed, row.finished) == (0, None)
    job = latest_job("review-jobs", str(row.id))
    assert job is not None

    class Killed(Exception):
        pass

    def die(progress: float, note: str) -> None:
        raise Killed(note)

    with pytest.raises(Killed, match="50 of 130 jobs"):
        run_bulk(row.id, die)
    with pytest.raises(UndoRefused, match="not finished yet"):
        undo_bulk(row.id, "anna")
    notes: list[str] = []
    run_bulk(row.id, lambda progress, note: notes.append(f"{progress:.2f} {note}"))
    assert notes == ["0.77 100 of 130 jobs", "1.00 130 of 130 jobs"]
    assert find_bulk(row.id).changed == 130
    assert {review.version for review in reviews_of(numbers).values()} == {1}


def test_the_consumer_reviews_and_restores_many_jobs(hub: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "DIRECT", 10)
    monkeypatch.setitem(execution.HANDLERS, bulk.KIND, diary_jobs.review_jobs)
    monkeypatch.setitem(execution.HANDLERS, bulk.UNDO_KIND, diary_jobs.undo_review_of_jobs)
    numbers = failed_jobs(60)
    row = review_jobs(numbers, "", OBSOLETE, "anna")
    for kind, verdict in ((bulk.KIND, "obsolete"), (bulk.UNDO_KIND, "none")):
        job = latest_job(kind, str(row.id))
        assert job is not None
        execution.run(job.id)
        job = latest_job(kind, str(row.id))
        assert job is not None
        assert (job.state, job.note) == ("done", "60 of 60 jobs")
        assert {review.verdict for review in reviews_of(numbers).values()} == {verdict}
        if kind == bulk.KIND:
            assert undo_bulk(row.id, "anna").restored == 0
    assert (find_bulk(row.id).restored, bool(find_bulk(row.id).undo_finished)) == (60, True)


def test_two_processes_that_continue_the_same_bulk_review_change_each_job_once(hub: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "DIRECT", 100)
    numbers = failed_jobs(110, "a", "b")
    row = review_jobs(numbers, "", OBSOLETE, "anna")

    assert run_at_once(lambda: run_bulk(row.id)) == []
    run_bulk(row.id)
    assert find_bulk(row.id).changed == 220
    assert find_bulk(row.id).finished
    assert {review.version for review in reviews_of(numbers).values()} == {1}
    assert DiaryEvent.select().where(DiaryEvent.field == "verdict").count() == 220


def test_a_bulk_review_that_was_cancelled_can_be_undone(hub: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "DIRECT", 100)
    numbers = failed_jobs(130)
    row = review_jobs(numbers, "", OBSOLETE, "anna")

    def stop(progress: float, note: str) -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        run_bulk(row.id, stop)
    job = latest_job("review-jobs", str(row.id))
    assert job is not None
    assert job.state != RUNNING
    cancel(job.id)
    assert undo_bulk(row.id, "anna").restored == 50
    assert run_bulk(row.id).changed == 50, "what is undone does not go on"
    assert {review.verdict for review in reviews_of(numbers).values()} == {"none"}


def test_a_bulk_review_can_be_undone_for_24_hours(hub: Settings) -> None:
    row = review_jobs(failed_jobs(2), "", OBSOLETE, "anna")
    DiaryBulkReview.update(at=time.time() - 86300).execute()
    assert forget_changes(time.time()) == 0
    assert bulk.undo_problem(find_bulk(row.id), time.time()) == ""
    DiaryBulkReview.update(at=time.time() - 86500).execute()
    with pytest.raises(UndoRefused, match="for 24 hours; this one is older"):
        undo_bulk(row.id, "anna")
    DiaryBulkReview.update(at=time.time() - 3 * 86400).execute()
    assert forget_changes(time.time()) == 2
    assert not DiaryBulkChange.select().exists()


def test_a_bulk_review_of_nothing_is_refused(hub: Settings) -> None:
    numbers = failed_jobs(1)
    with pytest.raises(BadReview, match="Choose what to set"):
        review_jobs(numbers, "", ReviewChange(), "anna")
    with pytest.raises(BadReview, match="There is no such job"):
        review_jobs([], "", OBSOLETE, "anna")
    with pytest.raises(BadReview, match="Expected one of"):
        review_jobs(numbers, "", ReviewChange(verdict="bad"), "anna")
    with pytest.raises(UndoRefused):
        undo_bulk(1, "anna")
    assert newest_bulks(10) == []


def test_bulk_reviews_are_listed_newest_first(hub: Settings) -> None:
    numbers = failed_jobs(1)
    for verdict in ("ok", "issue"):
        review_jobs(numbers, "", ReviewChange(verdict=verdict), "anna")
    assert [bulk.words_of(row) for row in newest_bulks(10)] == ["verdict issue", "verdict ok"]


def test_a_bulk_review_has_all_jobs_of_the_list_and_the_search_knows_it_at_once(hub: Settings) -> None:
    failed_jobs(60)
    store("slurm", [seen(NOW, "done", native_id="done")], NOW)
    selection = JobSelection(q="state:failed", source=("slurm",))
    row = review_all(selection, (), OBSOLETE, "anna", expected=60)
    assert (row.count, row.changed, row.selection) == (60, 60, "q=state%3Afailed&source=slurm")
    assert count(selection, ()) == 0, "obsolete jobs are left out"
    assert count(JobSelection(q="tag:disk verdict:obsolete review:done"), ()) == 60
    undo_bulk(row.id, "anna")
    assert count(selection, ()) == 60
    assert count(JobSelection(tag=("disk",), obsolete=True), ()) == 0


def test_a_bulk_review_of_a_list_that_has_other_jobs_by_now_is_refused(hub: Settings) -> None:
    failed_jobs(3)
    with pytest.raises(SelectionChanged, match="3 jobs are in this list now, not 2 as before"):
        review_all(JobSelection(), (), OBSOLETE, "anna", expected=2)
    assert not DiaryBulkReview.select().exists()


def test_own_jobs_are_those_of_the_users_of_the_batch_systems(hub: Settings) -> None:
    store("s", [seen(NOW, native_id=user or "nobody", user=user) for user in ("anna", "adoe", "bob", "")], NOW)
    assert review_all(JobSelection(mine=True), ("anna", "adoe"), OBSOLETE, "anna").changed == 2
    with pytest.raises(BadReview, match="There is no such job"):
        review_all(JobSelection(mine=True), (), OBSOLETE, "anna")
