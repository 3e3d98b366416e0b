"""Storing observations, on both databases."""

from __future__ import annotations

import pytest

from app.core.database import proxy
from app.core.settings import Settings
from app.diary import jobs
from app.diary.errors import BadState, UnknownDiaryJob
from app.diary.models import DiaryEvent, DiaryJob, DiaryParent
from app.diary.observations.observation import JobKey, Observation, ParentKey
from app.diary.observations.store import StoreCounts, lose, missing, store
from app.diary.search.find import find
from app.diary.search.selection import JobSelection
from tests.diary.observations import NOW, changes, only_job, seen
from tests.diary.threads import run_at_once

pytestmark = pytest.mark.both_databases


def test_a_job_is_there_at_first_sight_even_when_nothing_else_is_known(hub: Settings) -> None:
    assert store("slurm", [Observation("7", NOW - 5, "no such word")], NOW)[:3] == (1, 0, 1)
    job = only_job()
    assert (job.source, job.native_id, job.submitted, job.state, job.found, job.placed) == ("slurm", "7", 0, "unknown", NOW, NOW)
    assert changes(job) == [("", "unknown")]
    store("slurm", [seen(NOW - 4, "running", name="late", user="anna", labels={"run": "358788"})], NOW)
    job = only_job()
    assert (job.submitted, job.placed, job.name, job.user, job.state) == (NOW - 1000, NOW - 1000, "late", "anna", "running")
    assert job.value_of("labels") == {"run": "358788"}


def test_the_later_observation_wins_by_its_own_time_whatever_comes_first(hub: Settings) -> None:
    store("s", [seen(NOW - 10, "done", exit_code=0)], NOW)
    store("s", [seen(NOW - 20, "running", exit_code=9, user="anna")], NOW)
    job = only_job()
    assert (job.state, job.exit_code, job.seen) == ("done", 0, NOW - 10)
    assert job.user == "anna", "what was unknown is completed by an earlier one"
    store("s", [seen(NOW - 5, "failed", exit_code=7)], NOW)
    assert (only_job().state, only_job().exit_code) == ("failed", 7)
    assert changes(job) == [("", "done"), ("done", "failed")]
    assert changes(job, "exit_code") == [("0", "7")]


def test_all_observations_of_a_job_in_one_scan_are_used_in_their_order(hub: Settings) -> None:
    counts = store("s", [seen(NOW - 30, "pending"), seen(NOW - 20, "running", started=NOW - 20), seen(NOW - 10, "done")], NOW)
    assert counts[:3] == (1, 0, 3)
    assert changes(only_job()) == [("", "pending"), ("pending", "running"), ("running", "done")]


def test_an_unchanged_observation_writes_nothing_but_when_the_job_was_seen(hub: Settings) -> None:
    given = {"name": "a", "labels": {"run": "1"}, "metrics": {"rss": 2.5}, "facts": {"x": [1, None]}, "parents": [ParentKey("s", "6")]}
    store("s", [seen(NOW - 20, **given)], NOW - 15, 1)
    before, events = only_job(), DiaryEvent.select().count()
    assert store("s", [seen(NOW - 10, **given)], NOW, 2)[:2] == (0, 0)
    after = only_job()
    assert (after.seen, after.met, after.cycle) == (NOW - 10, NOW, 2)
    same = ("seen", "met", "cycle")
    differing = {name for name in before.__data__ if before.__data__[name] != after.__data__[name]}
    assert differing == set(same)
    assert (DiaryEvent.select().count(), DiaryParent.select().count()) == (events, 1)


def test_an_id_that_comes_again_is_another_job(hub: Settings) -> None:
    store("s", [seen(NOW - 900, "done", name="first")], NOW)
    store("s", [seen(NOW - 5, "running", submitted=NOW - 10, name="second")], NOW)
    assert [(job.name, job.state) for job in find(JobSelection(), (), 5)] == [("second", "running"), ("first", "done")]
    store("s", [seen(NOW - 1, "failed", submitted=0)], NOW)
    assert [job.state for job in find(JobSelection(), (), 5)] == ["failed", "done"], "without a submission the newest is meant"


def test_a_job_of_unknown_submission_that_was_gone_before_the_next_of_its_id_stays_apart(hub: Settings) -> None:
    store("s", [seen(NOW - 500, "done", submitted=0, name="first")], NOW - 500)
    store("s", [seen(NOW - 5, "running", submitted=NOW - 10, name="second")], NOW)
    assert {(job.name, job.submitted) for job in DiaryJob.select()} == {("first", 0), ("second", NOW - 10)}


def test_a_clock_of_a_source_that_was_ahead_does_not_make_its_next_observations_lose(hub: Settings) -> None:
    counts = store("s", [seen(NOW + 3600, "running", submitted=NOW + 3000)], NOW)
    assert counts.skew_s == 3600
    assert (only_job().seen, only_job().placed) == (NOW, NOW), "nor stands the job above all others for an hour"
    store("s", [seen(NOW + 30, "done", submitted=NOW + 3000)], NOW + 30)
    assert only_job().state == "done"


def test_a_clock_of_the_hub_that_was_set_back_does_not_stop_the_diary(hub: Settings) -> None:
    store("s", [seen(NOW + 3600, "running")], NOW + 3600)
    store("s", [seen(NOW, "failed")], NOW)
    assert (only_job().state, only_job().seen) == ("failed", NOW)


def test_an_unfinished_job_is_lost_after_cycles_and_grace_and_comes_back(hub: Settings) -> None:
    store("s", [seen(NOW, "running"), seen(NOW, "done", native_id="8")], NOW, 1)
    assert missing("s", 3, 3, NOW + 100, 10) == [], "two scans without it are too few"
    assert lose("s", 3, 3, NOW + 100, NOW + 200) == 0
    assert lose("s", 4, 3, NOW - 1, NOW + 200) == 0, "it was met within the grace time"
    assert missing("s", 4, 3, NOW + 100, 10) == [JobKey("7", int(NOW - 1000))]
    assert lose("s", 4, 3, NOW + 100, NOW + 200) == 1
    job = DiaryJob.get(DiaryJob.native_id == "7")
    assert job.state == "lost"
    store("s", [seen(NOW + 300, "running")], NOW + 300, 5)
    assert changes(job) == [("", "running"), ("running", "lost"), ("lost", "running")]
    assert DiaryJob.get(DiaryJob.native_id == "8").state == "done"


def test_a_state_that_a_person_set_stays_until_it_is_released(hub: Settings) -> None:
    store("s", [seen(NOW - 20, "failed")], NOW)
    number = only_job().id
    jobs.pin_state(number, "done", "anna")
    store("s", [seen(NOW - 10, "running", user="bob")], NOW)
    job = only_job()
    assert (job.state, job.machine_state, job.pinned_by, job.user) == ("done", "running", "anna", "bob")
    assert lose("s", 9, 3, NOW + 1, NOW + 2) == 1
    assert (only_job().state, only_job().machine_state) == ("done", "lost")
    job = jobs.release_state(number, "carl")
    assert (job.state, job.pinned_by, job.pinned) == ("lost", "", None)
    assert jobs.release_state(number, "carl").state == "lost", "released twice changes nothing"
    history = [(row.actor, row.field, row.old, row.new) for row in reversed(jobs.history_of(job))]
    assert history == [
        ("source:s", "state", "", "failed"),
        ("user:anna", "pinned state", "failed", "done"),
        ("source:s", "machine_state", "failed", "running"),
        ("source:s", "user", "", "bob"),
        ("source:s", "machine_state", "running", "lost"),
        ("user:carl", "released state", "done", "lost"),
    ]
    with pytest.raises(BadState):
        jobs.pin_state(number, "finished", "anna")
    with pytest.raises(UnknownDiaryJob):
        jobs.release_state(number + 1, "anna")


def test_a_parent_that_is_named_with_and_without_its_time_is_one(hub: Settings) -> None:
    keys = [ParentKey("batch", "6"), ParentKey("batch", "6", int(NOW) - 5000)]
    store("batch", [seen(NOW, parents=keys)], NOW)
    child = only_job()
    assert [(parent.native_id, parent.job) for parent in jobs.parents_of(child)] == [("6", None)]
    store("batch", [seen(NOW, native_id="6", submitted=NOW - 5000)], NOW)
    [parent] = jobs.parents_of(child)
    assert parent.job is not None
    assert [relative.job for relative in jobs.children_of(parent.job)] == [child]


def test_parents_are_kept_while_they_are_unknown_and_found_later(hub: Settings) -> None:
    store("s", [seen(NOW - 20, parents=[ParentKey("s", "6"), ParentKey("other", "x", 5)])], NOW)
    child = only_job()
    assert [(row.source, row.native_id, row.job) for row in jobs.parents_of(child)] == [("s", "6", None), ("other", "x", None)]
    store("s", [seen(NOW - 5, native_id="6", submitted=NOW - 3000), seen(NOW - 5, native_id="6", submitted=NOW - 10)], NOW)
    first, later = sorted(DiaryJob.select().where(DiaryJob.native_id == "6"), key=lambda job: job.submitted)
    parent = jobs.parents_of(child)[0].job
    assert parent == first, "the one that was there when the child was submitted"
    assert [row.job for row in jobs.children_of(first)] == [child]
    assert jobs.children_of(later) == []
    store("other", [seen(NOW - 5, native_id="x", submitted=5)], NOW)
    assert jobs.parents_of(child)[1].job == DiaryJob.get(DiaryJob.source == "other")


def test_two_runners_at_once_store_each_job_and_change_once(hub: Settings) -> None:
    def run() -> None:
        for step, state in enumerate(("pending", "running", "done")):
            store("s", [seen(NOW + step, state, native_id=str(number)) for number in range(150)], NOW + 10, step)

    assert run_at_once(run) == []
    assert DiaryJob.select().count() == 150
    for job in DiaryJob.select():
        assert changes(job) == [("", "pending"), ("pending", "running"), ("running", "done")]


def test_bad_observations_are_refused_singly_and_the_cursor_is_stored_with_the_last_good_one(hub: Settings) -> None:
    good = [seen(NOW, native_id=str(number)) for number in range(250)]
    finished: list[tuple[StoreCounts, int]] = []
    with_bad = [*good[:120], Observation("", NOW, "running"), *good[120:], Observation("x", NOW, "running", exit_code=2**70)]
    store("s", with_bad, NOW, finish=lambda counts: finished.append((counts, DiaryJob.select().count())))
    ((counts, stored),) = finished
    assert (counts.found, counts.seen, stored) == (250, 250, 250)
    assert [reason for _, reason in counts.refused] == ["It has no id", "exit_code is no whole number that can be stored"]


def test_a_cursor_that_cannot_be_stored_takes_the_last_observations_with_it(hub: Settings) -> None:
    def fail(_: StoreCounts) -> None:
        raise RuntimeError("the disk is full")

    with pytest.raises(RuntimeError, match="disk"):
        store("s", [seen(NOW)], NOW, finish=fail)
    assert DiaryJob.select().count() == 0
    assert not proxy.in_transaction()


def test_a_job_of_the_future_is_not_the_latest_of_its_id_for_ever(hub: Settings) -> None:
    store("slurm", [seen(NOW, "done", submitted=NOW + 10**9, name="of a wrong clock")], NOW)
    store("slurm", [seen(NOW + 100, "running", submitted=NOW + 90, name="later")], NOW + 100)
    store("slurm", [seen(NOW + 200, "failed", submitted=0)], NOW + 200)
    assert {job.name: job.state for job in DiaryJob.select()} == {"of a wrong clock": "done", "later": "failed"}
