"""The DQM clients, from the tables of DQM^2."""

from __future__ import annotations

import time
from collections import Counter

import pytest

from app.core.counters import advance
from app.core.settings import Settings
from app.diary.models import DiaryJob
from app.diary.sources import dqm_clients
from app.diary.sources.registry import source_named
from app.diary.sources.runner import Report, scan_source
from app.square.clients import job_state
from app.square.models import Job
from app.square.states import STUCK_S
from tests.diary.observations import changes

pytestmark = pytest.mark.both_databases

WORDS = {"running": "running", "finished": "done", "crashed": "failed", "stopped": "cancelled", "stuck": "lost"}


def scan(hub: Settings) -> Report:
    return scan_source(source_named("dqm-clients", hub), hub)


def add(number: int, **change: object) -> Job:
    now = time.time()
    values = {
        "system": "production",
        "key": f"dqm-source-state-run358788-hostfu-c2f11-pid{number:06}",
        "run": 358788,
        "tag": "pixel_dqm_sourceclient-live",
        "host": "fu-c2f11-11-04",
        "cmssw": "12_4_8",
        "runkey": "pp_run",
        "path": "",
        "started": now - 600,
        "reported": now,
        "version": advance("production"),
        **change,
    }
    job: Job = Job.create(**values)
    return job


def change(job: Job, **values: object) -> None:
    Job.update(version=advance("production"), **values).where(Job.id == job.id).execute()


def found(job: Job) -> DiaryJob:
    row: DiaryJob = DiaryJob.get(DiaryJob.native_id == job.key)
    return row


def test_the_jobs_of_real_runs_have_the_states_of_their_pages(filled: Settings) -> None:
    rows = list(Job.select())
    assert scan(filled)[:4] == (len(rows), 0, len(rows), 0)
    assert Counter(job.state for job in DiaryJob.select()) == Counter(WORDS[job_state(row)] for row in rows)
    assert {job.value_of("labels")["run"] for job in DiaryJob.select()} == {str(row.run) for row in rows}


def test_the_end_of_a_job_has_its_exit_code_and_signal(hub: Settings) -> None:
    jobs = [add(1), add(2), add(3), add(4)]
    scan(hub)
    for job, code in zip(jobs, (0, 7, -11, 139), strict=True):
        change(job, exit_code=code)
    assert scan(hub)[:2] == (0, 4)
    ends = [(found(job).state, found(job).exit_code, found(job).signal) for job in jobs]
    assert ends == [("done", 0, None), ("failed", 7, None), ("failed", -11, 11), ("failed", 139, 11)]
    assert found(jobs[0]).ended == pytest.approx(jobs[0].reported)


def test_facts_of_a_running_job_are_kept_current_without_history(hub: Settings) -> None:
    job = add(1, lumi=1, rate=2.5)
    scan(hub)
    change(job, lumi=9, rate=3.5, events=100, reported=time.time())
    scan(hub)
    assert found(job).value_of("metrics") == {"lumi": 9, "rate": 3.5, "events": 100}
    assert found(job).value_of("labels")["client"] == found(job).name == "pixel"
    assert changes(found(job)) == [("", "running")]


def test_a_job_that_reports_no_more_is_lost_until_it_reports_again(hub: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    job = add(1)
    scan(hub)
    late = time.time() + STUCK_S + 10
    monkeypatch.setattr(time, "time", lambda: late)
    scan(hub)
    assert (found(job).state, found(job).reason) == ("lost", "It reports no more")
    change(job, reported=late - 1)
    scan(hub)
    change(job, exit_code=0)
    scan(hub)
    assert [new for _, new in changes(found(job))] == ["running", "lost", "running", "done"]


def test_a_report_that_was_delayed_ends_a_lost_job(hub: Settings) -> None:
    job = add(1, reported=time.time() - STUCK_S - 500)
    scan(hub)
    assert found(job).state == "lost"
    change(job, exit_code=0, reported=job.reported + 10)
    scan(hub)
    assert found(job).state == "done"


def test_jobs_of_playback_are_apart(hub: Settings) -> None:
    add(1)
    add(1, system="playback", version=advance("playback"))
    assert scan(hub).found == 2
    names = {job.native_id.partition("dqm-source")[0] for job in DiaryJob.select()}
    assert names == {"", "playback/"}


def test_more_jobs_than_fit_into_one_scan_are_found_by_the_next_ones(hub: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dqm_clients, "AT_ONCE", 10)
    version = advance("production")
    for number in range(35):
        add(number, version=version)
    assert [scan(hub).found for _ in range(5)] == [10, 10, 10, 5, 0]
