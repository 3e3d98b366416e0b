"""The index of the jobs: always as the jobs are, on both databases."""

from __future__ import annotations

import runpy
import threading
from collections import Counter

import pytest

from app.core.database import end_thread, is_sqlite, proxy, rows
from app.core.settings import TREE, Settings
from app.diary import jobs
from app.diary.index import index_again, number_of, place_of, reindex
from app.diary.index_models import DiaryIndex, DiaryTally
from app.diary.models import DiaryJob
from app.diary.observations.store import lose, store
from app.diary.review.review import ReviewChange
from app.diary.review.reviews import save_review
from app.diary.search.find import count, find
from app.diary.search.selection import JobSelection
from tests.diary.observations import NOW, only_job, seen

pytestmark = pytest.mark.both_databases


def tallies() -> dict[tuple[str, ...], int]:
    """The tallies that are not 0."""
    columns = [getattr(DiaryTally, name) for name in ("source", "state", "review", "verdict", "field", "value", "jobs")]
    return {tuple(key): number for *key, number in rows(DiaryTally.select(*columns)) if number}


def counted() -> dict[tuple[str, ...], int]:
    """The same, counted in the index."""
    found: Counter[tuple[str, ...]] = Counter()
    for row in DiaryIndex.select():
        common = row.source, row.state, row.review, row.verdict
        values = [("", ""), ("user", row.user), ("project", row.project), ("run", row.run), *(("tag", tag) for tag in row.tags.split("\n"))]
        found.update((*common, field, value) for field, value in values if value or not field)
    return dict(found)


def test_tallies_count_jobs_as_they_are_through_all_changes(hub: Settings) -> None:
    given = [seen(NOW - 50, native_id=str(number), user="anna", labels={"run": "1", "tag": "hot"}) for number in range(120)]
    store("slurm", given, NOW)
    store("slurm", [seen(NOW - 40, "done", native_id=str(number)) for number in range(70)], NOW)
    jobs.pin_state(DiaryJob.get(DiaryJob.native_id == "3").id, "failed", "anna")
    save_review(DiaryJob.get(DiaryJob.native_id == "4").id, ReviewChange(verdict="ok", add_tags=("hot", "cold")), 0, "anna")
    lose("slurm", 9, 3, NOW, NOW)
    assert count(JobSelection(state=("lost",)), ()) == 50
    assert tallies() == counted()
    gone = [job.id for job in DiaryJob.select().where(DiaryJob.native_id.in_(["3", "4", "5"]))]
    with proxy.atomic():
        DiaryJob.delete().where(DiaryJob.id.in_(gone)).execute()
        reindex(gone)
    assert sum(number for (*_, field, _), number in tallies().items() if not field) == 117
    assert tallies() == counted()
    assert count(JobSelection("hot", obsolete=True), ()) == 117


def test_a_job_whose_submission_is_told_late_moves_in_the_list(hub: Settings) -> None:
    store("slurm", [seen(NOW - 50, native_id="1", submitted=NOW - 60), seen(NOW - 50, native_id="2", submitted=0, name="late")], NOW)
    assert [job.native_id for job in find(JobSelection(), (), 9)] == ["2", "1"]
    store("slurm", [seen(NOW - 40, native_id="2", submitted=NOW - 70)], NOW)
    assert [job.native_id for job in find(JobSelection(), (), 9)] == ["1", "2"]
    assert count(JobSelection("late"), ()) == 1, "and is there once"


@pytest.mark.parametrize("submitted", [1893456000, 150_000_000_000])  # 2030, and 6723
def test_a_job_of_the_future_stands_where_it_was_found_and_says_what_its_source_said(hub: Settings, submitted: int) -> None:
    store("slurm", [seen(NOW, "done", native_id="1", submitted=submitted, ended=float(submitted + 5))], NOW)
    store("slurm", [seen(NOW + 60, "done", native_id="2", submitted=NOW + 50, ended=NOW + 55.0)], NOW + 60)
    for order in ("newest", "ended"):
        assert [job.native_id for job in find(JobSelection(order=order), (), 9)] == ["2", "1"]
    first = DiaryJob.get(DiaryJob.native_id == "1")
    assert (first.submitted, first.ended) == (submitted, submitted + 5)
    assert count(JobSelection("since:2029-01-01"), ()) == 0


def test_jobs_that_an_upgrade_has_marked_are_indexed_by_the_task(hub: Settings) -> None:
    store("slurm", [seen(NOW, native_id=str(number), name="pixel") for number in range(7)], NOW)
    with proxy.atomic():
        proxy.execute_sql("DELETE FROM diary_words")
        proxy.execute_sql("DELETE FROM diary_tally")
        proxy.execute_sql("UPDATE diary_index SET place = -job, digest = 0, state = '?'")
    assert count(JobSelection("pixel"), ()) == 0
    assert [index_again(5), index_again(5), index_again(5)] == [5, 2, 0]
    assert count(JobSelection("pixel", state=("running",)), ()) == 7
    assert tallies() == counted()


def test_the_upgrade_to_whole_values_indexes_all_jobs_again(hub: Settings) -> None:
    store("slurm", [seen(NOW, native_id=str(number), user="anna", labels={"tag": "hot"}) for number in range(7)], NOW)
    save_review(DiaryJob.get(DiaryJob.native_id == "3").id, ReviewChange(verdict="ok"), 0, "anna")
    with proxy.atomic():
        runpy.run_path(str(TREE / "migrations/0044_whole_values.py"))["up"](None, proxy.obj)
    assert count(JobSelection("user:anna"), ()) == count(JobSelection(), ()) == 0
    while index_again(5):
        continue
    assert (count(JobSelection("user:anna tag:hot"), ()), count(JobSelection("id:3 verdict:ok"), ())) == (7, 1)
    assert count(JobSelection(), ()) == 7
    assert tallies() == counted()


def test_an_observation_that_changes_no_words_writes_none(hub: Settings) -> None:
    store("slurm", [seen(NOW - 20, name="pixel", metrics={"rate": 1.0})], NOW)
    with proxy.atomic():
        words = "words = ' other # '" if is_sqlite() else "vector = array_to_tsvector(ARRAY['other', '#'])"
        proxy.execute_sql(f"UPDATE diary_words SET {words}")
    store("slurm", [seen(NOW - 10, metrics={"rate": 2.0})], NOW)
    assert only_job().value_of("metrics") == {"rate": 2.0}
    assert count(JobSelection("other", obsolete=True), ()) == 1


def test_two_who_change_a_job_at_once_leave_the_index_as_the_job_is(hub: Settings) -> None:
    store("slurm", [seen(NOW, native_id=str(number)) for number in range(5)], NOW)
    numbers = [job.id for job in DiaryJob.select()]
    failures: list[BaseException] = []

    def review(tag: str) -> None:
        try:
            for number in numbers * 2:
                with proxy.atomic():
                    DiaryJob.update(name=tag).where(DiaryJob.id == number).execute()
                    reindex([number])
        except BaseException as error:
            failures.append(error)
        finally:
            end_thread()

    threads = [threading.Thread(target=review, args=(tag,)) for tag in ("red", "blue")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    by_name = Counter(job.name for job in DiaryJob.select())
    assert {name: count(JobSelection(f'name:"{name}"'), ()) for name in ("red", "blue")} == {
        name: by_name[name] for name in ("red", "blue")
    }
    assert tallies() == counted()


def test_places_hold_time_and_number() -> None:
    place = place_of(NOW + 0.9, 2**29 - 1)
    assert number_of(place) == 2**29 - 1
    assert place_of(NOW, 5) < place < place_of(NOW + 1, 1) < 2**63
