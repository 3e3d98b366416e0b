"""Reviews of jobs: versions, history, undo and tags, on both databases."""

from __future__ import annotations

import threading

import pytest

from app.core.database import end_thread
from app.core.settings import Settings
from app.diary.errors import UnknownDiaryJob
from app.diary.jobs import pin_state, release_state
from app.diary.models import DiaryEvent, DiaryJob, DiaryReview, DiaryTag
from app.diary.observations.store import store
from app.diary.review.errors import BadReview, ReviewConflict, UndoRefused
from app.diary.review.review import Review, ReviewChange
from app.diary.review.reviews import review_of, reviews_of, save_review, undo
from app.diary.review.tags import completions
from app.security.models import Audit
from tests.diary.observations import NOW, changes, only_job, seen

pytestmark = pytest.mark.both_databases


@pytest.fixture
def job(hub: Settings) -> DiaryJob:
    """A failed job that nobody has reviewed."""
    store("slurm", [seen(NOW, "failed")], NOW)
    return only_job()


def last_event(job: DiaryJob, field: str) -> int:
    number: int = DiaryEvent.select().where(DiaryEvent.job == job.id, DiaryEvent.field == field).order_by(DiaryEvent.id.desc()).get().id
    return number


def test_a_job_that_nobody_has_reviewed_is_open_without_verdict(job: DiaryJob) -> None:
    assert review_of(job.id) == Review(job.id, "open", "none", "", "", (), 0, "", None)


def test_a_change_sets_the_fields_it_has_and_leaves_the_others(job: DiaryJob) -> None:
    save_review(job.id, ReviewChange(verdict="issue", notes="# Why\nDisk full", tags=("Pixel", "#disk")), 0, "anna")
    after = save_review(job.id, ReviewChange(review="done", summary=" seen "), 1, "bob")
    assert (after.review, after.verdict, after.summary, after.notes, after.tags, after.version, after.by) == (
        *("done", "issue", "seen", "# Why\nDisk full", ("disk", "pixel"), 2, "bob"),
    )
    assert review_of(job.id) == after
    assert changes(job, "notes") == [("", "# Why\nDisk full")]
    assert changes(job, "tags") == [("", "disk pixel")]
    actors = {row.field: row.actor for row in DiaryEvent.select().where(DiaryEvent.job == job.id)}
    assert (actors["verdict"], actors["summary"]) == ("user:anna", "user:bob")


def test_a_review_never_changes_what_the_source_says(job: DiaryJob) -> None:
    save_review(job.id, ReviewChange(review="done", verdict="obsolete", notes="x", tags=("a",)), 0, "anna")
    assert only_job().__data__ == job.__data__
    store("slurm", [seen(NOW + 5, "running")], NOW + 5)
    assert review_of(job.id).notes == "x"


def test_a_change_of_an_older_version_is_refused_with_both_texts(job: DiaryJob) -> None:
    save_review(job.id, ReviewChange(notes="text of anna"), 0, "anna")
    with pytest.raises(ReviewConflict, match="anna has changed this review since you opened it; it is at version 1 now") as error:
        save_review(job.id, ReviewChange(notes="text of bob"), 0, "bob")
    assert (error.value.current.notes, error.value.change.notes) == ("text of anna", "text of bob")
    assert review_of(job.id).notes == "text of anna"


def test_a_change_that_is_sent_twice_is_stored_once(job: DiaryJob) -> None:
    for _ in range(2):
        save_review(job.id, ReviewChange(notes="same\r\ntext", tags=("b", "a")), 0, "anna")
    assert (review_of(job.id).version, review_of(job.id).notes) == (1, "same\ntext")
    assert len(changes(job, "notes")) == 1


def test_of_two_who_save_at_the_same_moment_one_is_refused(job: DiaryJob) -> None:
    outcomes: list[str] = []
    start = threading.Barrier(8)

    def save(name: str) -> None:
        start.wait()
        try:
            save_review(job.id, ReviewChange(notes=name), 0, name)
            outcomes.append(name)
        except ReviewConflict:
            outcomes.append("refused")
        finally:
            end_thread()

    threads = [threading.Thread(target=save, args=(f"user{number}",)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (winner,) = [name for name in outcomes if name != "refused"]
    assert len(outcomes) == 8
    assert (review_of(job.id).notes, review_of(job.id).version) == (winner, 1)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (ReviewChange(review="closed"), "review: Expected one of open, ongoing, done, not 'closed'"),
        (ReviewChange(verdict=""), "verdict: Expected one of none, ok, not-ok, issue, other, obsolete, not ''"),
        (ReviewChange(summary="x" * 501), "summary: Expected at most 500 characters, not 501"),
        (ReviewChange(notes="x" * 20_001), "notes: Expected at most 20,000 characters, not 20,001"),
        (ReviewChange(tags=("a b",)), "tags: Expected letters, digits, - _ and . in a tag, not 'a b'"),
        (ReviewChange(add_tags=("#",)), "add_tags: Expected letters, digits, - _ and . in a tag, not '#'"),
        (ReviewChange(tags=tuple(f"t{number}" for number in range(31))), "tags: Expected at most 30 tags"),
    ],
)
def test_a_wrong_change_is_refused_with_what_would_be_right(job: DiaryJob, change: ReviewChange, problem: str) -> None:
    with pytest.raises(BadReview) as error:
        save_review(job.id, change, 0, "anna")
    assert str(error.value) == problem
    assert not DiaryReview.select().exists()


def test_texts_that_no_database_takes_are_stored_readably(job: DiaryJob) -> None:
    after = save_review(job.id, ReviewChange(summary="a\0b\nc", notes="a\0b \ud800 ü"), 0, "anna")
    assert (after.summary, after.notes) == ("a\ufffdb c", "a\ufffdb ? ü")
    assert review_of(job.id) == after


def test_tags_are_added_and_removed_beside_others(job: DiaryJob) -> None:
    save_review(job.id, ReviewChange(tags=("a", "b")), 0, "anna")
    after = save_review(job.id, ReviewChange(add_tags=("#C", "a"), remove_tags=("b", "z")), 1, "anna")
    assert after.tags == ("a", "c")
    assert sorted(row.tag for row in DiaryTag.select()) == ["a", "c"]
    with pytest.raises(BadReview, match="Expected at most 30 tags, not 31"):
        save_review(job.id, ReviewChange(add_tags=tuple(f"t{number}" for number in range(29))), 2, "anna")


def test_each_change_is_in_the_audit_log(job: DiaryJob) -> None:
    save_review(job.id, ReviewChange(verdict="ok", notes="x"), 0, "anna")
    undo(last_event(job, "notes"), "bob")
    pin_state(job.id, "done", "anna")
    release_state(job.id, "bob")
    assert [(row.user, row.action, row.target, row.answer) for row in Audit.select().order_by(Audit.id)] == [
        ("anna", "review job", f"job {job.id}", "verdict, notes"),
        ("bob", "undo review of job", f"job {job.id}", "notes"),
        ("anna", "pin state", f"job {job.id}", "failed to done"),
        ("bob", "release state", f"job {job.id}", "done to failed"),
    ]


def test_each_field_can_be_undone_and_that_again(job: DiaryJob) -> None:
    first = ReviewChange(review="done", verdict="ok", summary="s", notes="long\nnotes", tags=("a", "b"))
    save_review(job.id, first, 0, "anna")
    save_review(job.id, ReviewChange(notes="other", tags=("b",), verdict="none"), 1, "anna")
    undo(last_event(job, "notes"), "bob")
    undo(last_event(job, "tags"), "bob")
    after = undo(last_event(job, "verdict"), "bob")
    assert (after.notes, after.tags, after.verdict, after.version, after.by) == ("long\nnotes", ("a", "b"), "ok", 5, "bob")
    assert undo(last_event(job, "notes"), "bob").notes == "other"


def test_an_undo_is_refused_when_the_field_was_changed_since(job: DiaryJob) -> None:
    save_review(job.id, ReviewChange(notes="one"), 0, "anna")
    event = last_event(job, "notes")
    save_review(job.id, ReviewChange(notes="two", summary="s"), 1, "bob")
    with pytest.raises(ReviewConflict) as error:
        undo(event, "anna")
    assert (error.value.current.notes, error.value.change.notes) == ("two", "")
    undo(last_event(job, "summary"), "anna")
    with pytest.raises(UndoRefused):
        undo(last_event(job, "state"), "anna")
    with pytest.raises(UndoRefused):
        undo(10**12, "anna")


def test_a_job_that_there_is_not_has_no_review_to_change(hub: Settings) -> None:
    with pytest.raises(UnknownDiaryJob):
        save_review(1, ReviewChange(notes="x"), 0, "anna")


def test_reviews_of_a_page_are_those_of_each_job(hub: Settings) -> None:
    store("s", [seen(NOW, native_id=str(number)) for number in range(5)], NOW)
    numbers = [row.id for row in DiaryJob.select()]
    save_review(numbers[2], ReviewChange(verdict="ok", tags=("x", "y")), 0, "anna")
    found = reviews_of(numbers)
    assert found == {number: review_of(number) for number in numbers}
    assert [found[number].verdict for number in numbers] == ["none", "none", "ok", "none", "none"]


def test_completions_begin_with_the_text_or_contain_it(hub: Settings) -> None:
    store("s", [seen(NOW, native_id=str(number)) for number in range(3)], NOW)
    assert completions("") == []
    for row, tags in zip(DiaryJob.select(), (("pixel", "Disk-Full"), ("pixel", "full"), ("Über.1",)), strict=True):
        save_review(row.id, ReviewChange(tags=tags), 0, "anna")
    assert completions("#fu") == ["full", "disk-full"]
    assert completions("PIX") == ["pixel"]
    assert completions("ÜB") == ["über.1"]
    assert completions("", 2) == ["disk-full", "full"]
