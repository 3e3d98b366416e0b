"""Scanning sources: cursors, failures, back-off, and sources that fail beside others."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import pytest

from app.core.settings import TREE, Settings
from app.diary.models import DiaryEvent, DiaryJob, DiaryQuarantine, DiarySource
from app.diary.observations.observation import JobKey, Observation
from app.diary.sources.runner import LONGEST_PAUSE_S, record_failure, scan_source, scanning_task, source_state
from app.diary.sources.source import JobScan, JobSource
from app.diary.status import metrics, source_line
from app.queue.models import BackgroundJob
from app.queue.periodic import PeriodicTask, PeriodicTaskState, run_window
from app.queue.store import enqueue
from tests.diary.endless_source import JOBS, STORED, Endless
from tests.diary.observations import NOW, changes, only_job, seen
from tests.support.processes import environment, service, until
from tests.support.stopped_clock import StoppedClock, clock

__all__ = ["clock"]


class Given(JobSource):
    """A source that gives the next of some scans, or raises it; the last one again and again."""

    title = "Given"

    def __init__(self, *scans: JobScan | Exception | object, name: str = "given") -> None:
        super().__init__(name, 1.0)
        self.scans, self.cursors, self.asked = list(scans), list[Mapping[str, Any]](), list[JobKey]()
        self.answers: Iterable[Observation] = ()

    def scan(self, cursor: Mapping[str, Any]) -> JobScan:
        self.cursors.append(cursor)
        found: Any = self.scans.pop(0) if len(self.scans) > 1 else self.scans[0]
        if isinstance(found, Exception):
            raise found
        return found

    def probe(self, keys: Sequence[JobKey]) -> Iterable[Observation]:
        self.asked += keys
        return self.answers


@pytest.mark.both_databases
def test_each_scan_begins_with_the_cursor_of_the_last_one_whose_observations_were_stored(hub: Settings) -> None:
    source = Given(JobScan([seen(NOW)], {"line": 1}), ValueError("torn"), JobScan([], {"line": 2}), JobScan([], {"line": 3}))
    assert scan_source(source, hub)[:3] == (1, 0, 1)
    with pytest.raises(ValueError, match="torn"):
        scan_source(source, hub)
    scan_source(source, hub)
    scan_source(source, hub)
    assert source.cursors == [{}, {"line": 1}, {"line": 1}, {"line": 2}]


@pytest.mark.slow
@pytest.mark.both_databases
def test_a_scan_that_is_killed_between_observations_and_cursor_is_repeated_and_stores_nothing_twice(hub: Settings) -> None:
    whole = Endless(waits=False)
    DiarySource.insert(name="endless", cursor='{"at": 41}').execute()
    process = subprocess.Popen([sys.executable, "-m", "tests.diary.endless_source"], cwd=TREE, env=environment(hub))
    try:
        until(lambda: DiaryJob.select().count() >= STORED or process.poll() is not None, "the first observations")
        assert process.poll() is None
    finally:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    stored = DiaryJob.select().count()
    assert STORED <= stored < JOBS
    assert source_state("endless").cursor == '{"at": 41}'
    assert scan_source(whole, hub).found == JOBS - stored
    assert (whole.cursors, source_state("endless").cursor) == ([{"at": 41}], '{"at": 42}')
    assert (DiaryJob.select().count(), DiaryEvent.select().count()) == (JOBS, JOBS)


@pytest.mark.both_databases
def test_a_slow_scan_does_not_set_back_the_cursor_of_one_that_has_overtaken_it(hub: Settings) -> None:
    fast = Given(JobScan([seen(NOW)], {"line": 9}))

    class Slow(Given):
        def scan(self, cursor: Mapping[str, Any]) -> JobScan:
            scan_source(fast, hub)
            return JobScan([seen(NOW)], {"line": 1})

    scan_source(Slow(JobScan([], {})), hub)
    assert (source_state("given").cursor, DiaryJob.select().count()) == ('{"line": 9}', 1)


@pytest.mark.both_databases
def test_missing_jobs_are_asked_for_before_they_are_lost(hub: Settings) -> None:
    settings = hub.replace(diary_lost_cycles=2, diary_lost_s=0.0)
    both = [seen(NOW, native_id="7"), seen(NOW, native_id="8")]
    source = Given(JobScan(both, {}, complete=True), JobScan([], {}, complete=False), JobScan([], {}, complete=True))
    source.answers = [seen(NOW + 1, "done", native_id="8", exit_code=0)]
    reports = [scan_source(source, settings) for _ in range(4)]
    assert [report.lost for report in reports] == [0, 0, 0, 1], "a scan that is not complete counts for nothing"
    assert [key.native_id for key in source.asked] == ["7", "8"]
    assert {job.native_id: job.state for job in DiaryJob.select()} == {"7": "lost", "8": "done"}


@pytest.mark.parametrize(
    "scan",
    [
        OSError("no such host"),
        RecursionError("deep"),
        None,
        JobScan([], {"at": object()}),
        JobScan([], {"at": float("nan")}),
        JobScan([], {"at": "x" * (1 << 20)}),
        JobScan(None, {}),
    ],
)
def test_whatever_a_source_does_wrong_is_a_failure_of_it_and_keeps_its_cursor(hub: Settings, clock: StoppedClock, scan: object) -> None:
    source = Given(JobScan([seen(NOW)], {"line": 1}), scan)
    scan_source(source, hub)
    with scanning_task(source, hub, None) as step:
        step()
        state = source_state("given")
        assert (state.failures, state.cursor) == (1, '{"line": 1}')
        assert state.error
        step()
    assert source_state("given").failures == 1, "it is left alone for a pause"
    assert source_line(source).state == "down"
    assert state.error in source_line(source).detail
    assert only_job().state == "running"


def test_the_pause_grows_with_jitter_to_five_minutes_at_most(hub: Settings, clock: StoppedClock) -> None:
    source, pauses = Given(JobScan([], {})), []
    for _ in range(30):
        record_failure(source, OSError("down"))
        pauses.append(source_state("given").next_try - clock.now)
    assert pauses[0] <= 2
    assert max(pauses) <= LONGEST_PAUSE_S
    assert all(pause >= LONGEST_PAUSE_S / 2 for pause in pauses[10:])
    assert len({round(pause, 3) for pause in pauses[10:]}) > 10, "sources that failed at once are not asked at once"
    scan_source(source, hub)
    state = source_state("given")
    assert (state.failures, state.next_try, state.error) == (0, 0.0, "")


def test_a_clock_that_was_set_back_does_not_stop_a_source(hub: Settings) -> None:
    source = Given(JobScan([seen(NOW)], {}))
    DiarySource.insert(name="given", failures=3, next_try=time.time() + 10 * LONGEST_PAUSE_S).execute()
    with scanning_task(source, hub, None) as step:
        step()
    assert DiaryJob.select().count() == 1


def run_task(source: JobSource, settings: Settings, enough: Callable[[], object]) -> None:
    """Run the periodic task of a source until something has happened."""
    stopping = threading.Event()

    @contextmanager
    def start(run: object) -> Any:
        with scanning_task(source, settings, run) as step:

            def step_and_look() -> None:
                step()
                if enough():
                    stopping.set()

            yield step_and_look

    run_window(PeriodicTask(f"jobs of {source.name}", 0.05, start), stopping)


def test_a_failing_source_stops_no_other_and_is_tried_again(hub: Settings, clock: StoppedClock) -> None:
    bad, good = Given(OSError("down"), name="bad"), Given(JobScan([seen(NOW)], {}), name="good")
    run_task(bad, hub, lambda: source_state("bad").failures)
    run_task(good, hub, lambda: DiaryJob.select().count())
    assert PeriodicTaskState.select().where(PeriodicTaskState.failures == 0).count() == 2
    bad.scans = [JobScan([], {})]
    DiarySource.update(next_try=0.0).where(DiarySource.name == "bad").execute()
    run_task(bad, hub, lambda: not source_state("bad").failures)
    assert source_line(bad).state == "ok"


def test_records_that_a_source_cannot_read_are_kept_with_the_scan(hub: Settings) -> None:
    lines = [("torn|line", "5 fields, not 9")]
    source = Given(JobScan([seen(NOW), Observation("", NOW, "running")], {}, quarantined=lines), name="own-jobs")
    assert scan_source(source, hub).quarantined == 2
    assert {(row.reason, row.count) for row in DiaryQuarantine.select()} == {("It has no id", 1), ("5 fields, not 9", 1)}
    assert "2 records could not be used" in source_line(source).detail
    found = {(family.name, *sample.labels.values()): sample.value for family in metrics(hub) for sample in family.samples}
    assert found["dqmhub_diary_quarantined", "own-jobs"] == 2
    assert found["dqmhub_diary_jobs", "own-jobs", "running"] == 1
    assert found["dqmhub_diary_source_failures", "own-jobs"] == 0


def test_a_clock_of_a_source_that_is_ahead_is_shown(hub: Settings) -> None:
    source = Given(JobScan([seen(time.time() + 7200)], {}))
    scan_source(source, hub)
    line = source_line(source)
    assert (line.state, line.detail.startswith("Its clock is 7,")) == ("warn", True)


@pytest.mark.slow
@pytest.mark.both_databases
def test_the_diary_follows_an_own_job_of_a_running_hub_to_its_end(hub: Settings) -> None:
    settings = hub.replace(diary_own_period_s=0.2)
    job = enqueue("import", "123456", queue="live")
    with service(settings, "live"):
        until(lambda: DiaryJob.select().where(DiaryJob.state.in_(("done", "failed"))).exists(), "the end of the job in the diary")
    ended = BackgroundJob.get_by_id(job.id)
    found = only_job()
    assert (found.source, found.native_id, found.kind, found.state) == ("own-jobs", str(job.id), "import", ended.state)
    assert found.ended == pytest.approx(ended.finished, abs=1e-3)
    assert changes(found)[-1][1] == ended.state
