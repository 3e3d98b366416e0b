"""Old jobs are removed with all that is stored of them, unless people have said something of them."""

from __future__ import annotations

import time

import pytest

from app.core.database import proxy
from app.core.settings import Settings
from app.diary import retention
from app.diary.index import reindex
from app.diary.index_models import DiaryIndex, DiaryTally
from app.diary.jobs import pin_state, release_state
from app.diary.models import DiaryEvent, DiaryJob, DiaryParent
from app.diary.observations.observation import Observation, ParentKey
from app.diary.observations.store import store
from app.diary.retention import DAY_S, remove_empty_tallies, remove_old
from app.diary.review.review import ReviewChange
from app.diary.review.reviews import save_review
from app.diary.search.find import count, facets, find
from app.diary.search.selection import JobSelection
from app.diary.settings import DiarySettings

pytestmark = pytest.mark.both_databases

ALL = JobSelection()


def seen(native_id: str, days: float, source: str = "slurm", state: str = "done") -> DiaryJob:
    """A job that its source has shown last so many days ago."""
    at = time.time() - days * DAY_S
    parents = [ParentKey("slurm", "1")]
    given = Observation(native_id, at, state, at - 100, name=f"job {native_id}", labels={"run": native_id}, parents=parents)
    store(source, [given], at)
    return DiaryJob.get(DiaryJob.source == source, DiaryJob.native_id == native_id)


def rows_of_tables() -> list[int]:
    words: int = proxy.execute_sql("SELECT COUNT(*) FROM diary_words").fetchone()[0]
    return [table.select().count() for table in (DiaryJob, DiaryEvent, DiaryParent, DiaryIndex)] + [words]


def test_jobs_that_no_source_has_shown_for_long_are_removed_with_their_history_and_words(hub: Settings) -> None:
    young = [seen("1", 9.9), seen("2", 0, "htcondor")]
    before = rows_of_tables()
    for number in range(3, 120):
        seen(str(number), 10.1, "slurm" if number % 2 else "htcondor")
    assert remove_old(10) == 117
    assert rows_of_tables() == before
    assert find(ALL, (), 10) == list(reversed(young))
    assert count(JobSelection(q="job"), ()) == 2
    counts = facets(ALL, ())
    assert dict(counts["source"].counts) == {"slurm": 1, "htcondor": 1}
    assert dict(counts["run"].counts) == {"1": 1, "2": 1}
    assert remove_old(10) == 0


def test_by_itself_everything_is_kept(hub: Settings) -> None:
    seen("1", 9000)
    assert remove_old(hub.of(DiarySettings).diary_keep_days) == 0
    assert count(ALL, ()) == 1


def test_reviewed_jobs_and_those_with_a_state_of_a_person_stay(hub: Settings) -> None:
    kept = [seen("1", 50), seen("2", 50), seen("3", 50)]
    save_review(kept[0].id, ReviewChange(notes="Look at this one day"), 0, "anna")
    save_review(kept[1].id, ReviewChange(tags=("odd",)), 0, "anna")
    pin_state(kept[2].id, "failed", "anna")
    assert remove_old(10) == 0
    release_state(kept[2].id, "anna")
    assert remove_old(10) == 1
    assert count(ALL, ()) == 2


def test_a_job_that_a_source_still_shows_stays_however_old_it_is(hub: Settings) -> None:
    job = seen("1", 50)
    store("slurm", [Observation("1", time.time(), "done", job.submitted)], time.time())
    assert remove_old(10) == 0


def test_a_removed_job_that_its_source_shows_again_is_a_new_one(hub: Settings) -> None:
    seen("1", 50)
    remove_old(10)
    again = seen("1", 0)
    assert find(ALL, (), 10) == [again]
    assert [event.new for event in DiaryEvent.select().where(DiaryEvent.field == "state")] == ["done"]


def test_jobs_are_removed_however_far_apart_their_numbers_are(hub: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "READ_AT_ONCE", 7)
    numbers = [seen(str(number), 50).id for number in range(30)]
    DiaryJob.delete().where(DiaryJob.id.between(numbers[3], numbers[25])).execute()
    reindex(numbers)
    reported: list[int] = []
    assert remove_old(10, reported.append) == 7
    assert reported[-1] == 7
    assert rows_of_tables()[0] == 0


def test_tallies_that_count_no_job_any_more_are_removed_and_the_others_stay(hub: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "READ_AT_ONCE", 7)
    monkeypatch.setattr(retention, "TALLIES", 3)
    for number in range(20):
        seen(str(number), 50, "slurm" if number % 2 else "htcondor")
    kept = seen("20", 1)
    remove_old(10)
    assert DiaryTally.select().where(DiaryTally.jobs == 0).count() == 21, "of one source, and of 20 runs"
    assert remove_empty_tallies() == 21
    assert sorted((row.source, row.field, row.jobs) for row in DiaryTally.select()) == [("slurm", "", 1), ("slurm", "run", 1)]
    assert dict(facets(ALL, ())["run"].counts) == {"20": 1}
    again = seen("0", 1, "htcondor")
    assert find(ALL, (), 10) == [again, kept]
    assert dict(facets(ALL, ())["source"].counts) == {"slurm": 1, "htcondor": 1}
    assert remove_empty_tallies() == 0
