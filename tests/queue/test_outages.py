"""Periodic tasks and background jobs in outages: they go on by themselves, at once, and nothing is counted as their failure."""

from __future__ import annotations

import errno
import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, nullcontext
from pathlib import Path

import pytest

from app.core import database
from app.core.database import UnusableDatabase
from app.core.settings import TREE, Settings
from app.queue import execution, periodic, store
from app.queue.models import ATTEMPTS, BackgroundJob
from app.queue.periodic import PeriodicTask, PeriodicTaskState
from tests.queue.test_periodic import Clock, Stopping, steps
from tests.support.patience import PATIENCE_S
from tests.support.processes import environment, of_session, until
from tests.support.small_disk import fill_hub

pytestmark = pytest.mark.slow


class Locked(Stopping):
    """Another program locks the database between two times of the clock."""

    def __init__(self, clock: Clock, other: sqlite3.Connection, begin: float, end: float) -> None:
        super().__init__(clock)
        self.other, self.begin, self.end = other, begin, end
        self.update()

    def wait(self, timeout: float | None = None) -> bool:
        stopping = super().wait(timeout)
        self.update()
        return stopping

    def update(self) -> None:
        """Lock or unlock the database as the clock says."""
        is_locked = self.begin <= self.clock.now < self.end
        if is_locked != self.other.in_transaction:
            self.other.execute("BEGIN IMMEDIATE" if is_locked else "ROLLBACK")


def test_a_periodic_task_goes_on_within_two_seconds_of_the_end_of_an_outage(
    hub: Settings, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    times: list[float] = []
    monkeypatch.setattr(database, "LOCK_TIMEOUT_S", 0)  # else each try would take ten real seconds
    database.connect(hub)
    with closing(sqlite3.connect(hub.data / "dqmhub.db", isolation_level=None)) as other:
        task = PeriodicTask("count", 30.0, lambda _: nullcontext(lambda: times.append(clock.now)))
        periodic.run_window(task, Locked(clock, other, 1010.0, 1040.0))
        assert [round(moment - 1000) for moment in times[:2]] == [0, 30]
        assert 1040 <= times[-1] <= 1042, "the step whose result could not be stored is repeated"
        times.clear()
        periodic.run_window(task, Locked(clock, other, 0.0, clock.now + 50))
        assert 50 <= times[0] - 1062 <= 52, "a run that cannot take the lease waits for it"


def test_a_run_that_stands_by_is_not_cut_short_by_an_older_one(hub: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """After an outage, the run of the last minute finds that of this minute."""
    monkeypatch.setattr(periodic, "LEASE_S", PATIENCE_S)  # it must not be over before the test is
    PeriodicTaskState.create(name="count", period_s=2.0, owner="another", lease_until=0.0)
    stopping, task = threading.Event(), PeriodicTask("count", 2.0, lambda _: nullcontext(lambda: None))

    def stand_by() -> None:
        periodic.run_window(task, stopping)
        database.end_thread()

    waiting = threading.Thread(target=stand_by)
    waiting.start()
    until(lambda: "count" in periodic._standby, "the run to stand by")
    end = periodic._standby["count"].end
    periodic.run_window(task, stopping, length_s=1.0)
    assert periodic._standby["count"].end == end
    stopping.set()
    waiting.join(PATIENCE_S)


@contextmanager
def logged_process(settings: Settings, log: Path, module: str, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """A process of a module of the tests that logs to a file."""
    env = environment(settings) | {"DQMHUB_SUPERVISOR_PID": str(os.getpid())}
    with log.open("wb") as output:
        process = subprocess.Popen([sys.executable, "-m", module, *arguments], cwd=TREE, env=env, stderr=output, start_new_session=True)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(PATIENCE_S)
        until(lambda: not of_session(process.pid), "the children of a consumer to end")


def test_the_tasks_of_a_consumer_stop_on_a_full_disk_and_go_on_in_the_same_process(small_hub: Settings, tmp_path: Path) -> None:
    log, traces = tmp_path / "log", tmp_path / "traces"
    traces.mkdir()
    with logged_process(small_hub, log, "tests.support.periodic_consumer", str(traces), "1.0") as process:
        until(lambda: len(steps(traces)) > 3, "first steps")
        filling = fill_hub(small_hub)
        until(lambda: "Periodic tasks wait: database or disk is full (full)" in log.read_text(), "the lease to be lost")
        before, stored = len(steps(traces)), stored_steps()
        filling.unlink()
        until(lambda: len(steps(traces)) > before + 3 and stored_steps() > stored, "further steps")
        assert process.poll() is None
    assert not (traces / "twice").exists()
    assert "Traceback" not in log.read_text()


def stored_steps() -> int:
    return int(PeriodicTaskState.get(PeriodicTaskState.name == "count").steps)


def test_a_job_that_ends_on_a_full_disk_is_not_run_again(small_hub: Settings, tmp_path: Path) -> None:
    log, traces = tmp_path / "log", tmp_path / "traces"
    traces.mkdir()
    settings = small_hub.replace(job_lease_s=PATIENCE_S)  # the disk is full for as long as this test takes
    with logged_process(settings, log, "tests.support.consumer", "bulk") as process:
        job = store.enqueue("gated", "a", {"folder": str(traces)})
        until(lambda: BackgroundJob.get_by_id(job.id).note == "waiting", "the handler to begin")
        filling = fill_hub(small_hub)
        (traces / "open").touch()

        def is_done() -> bool:
            return bool(BackgroundJob.get_by_id(job.id).state == "done")

        waits = "Outcomes of background jobs wait: database or disk is full"
        until(lambda: waits in log.read_text() or is_done(), "the handler to end")  # the outcome may fit into the log of the database
        filling.unlink()
        until(is_done, "the job to be done")
        assert process.poll() is None
    done = BackgroundJob.get_by_id(job.id)
    assert (done.attempts, done.error) == (1, "")
    assert (traces / "starts").read_text().count("\n") == 1
    assert "Traceback" not in log.read_text()


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "No space left on device"), UnusableDatabase("It is away", "wait")], ids=repr)
def test_a_job_that_an_outage_ends_is_queued_again_as_if_it_had_not_begun(hub: Settings, error: Exception) -> None:
    def fail(_: BackgroundJob) -> None:
        raise error

    for _ in range(2 * ATTEMPTS):
        job = store.enqueue("import", "7")
        BackgroundJob.update(lease_until=0.0).execute()
        claimed = execution.claim(job.id)
        assert claimed
        execution.attempt(claimed, fail)
    found = BackgroundJob.get()
    assert (found.state, found.attempts, found.error) == ("queued", 0, f"{type(error).__name__}: {error}")
