"""How consumers end, as real processes: no process, no job and no lease is left behind."""

from __future__ import annotations

import signal
import subprocess
from pathlib import Path

import pytest

from app.core.settings import Settings
from app.queue import store
from app.queue.consumer import consumer_of
from app.queue.models import BackgroundJob
from app.queue.settings import QUEUES
from tests.queue.test_consumers import state_of, workers_that_started
from tests.queue.test_periodic import periodic_consumer, row, steps
from tests.support.patience import PATIENCE_S
from tests.support.processes import consumer, of_session, until

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("name", QUEUES)
def test_no_process_outlives_a_killed_consumer(hub: Settings, traces: Path, name: str) -> None:
    store.enqueue("gated", "a", {"folder": str(traces)}, queue=name)
    with consumer(hub, name) as process:
        until(lambda: workers_that_started(traces), "the handler to begin")
        process.kill()
        until(lambda: not of_session(process.pid), "every process of the consumer to end")


@pytest.mark.parametrize("name", QUEUES)
def test_a_consumer_ends_with_its_supervisor(hub: Settings, traces: Path, name: str) -> None:
    store.enqueue("effect", "a", {"folder": str(traces)}, queue=name)
    with subprocess.Popen(["sleep", "3600"]) as supervisor, consumer(hub, name, DQMHUB_SUPERVISOR_PID=str(supervisor.pid)) as process:
        until(lambda: workers_that_started(traces), "the consumer to work")
        supervisor.kill()
        until(lambda: process.poll() is not None, "the consumer to end")
        assert process.returncode == 0
        until(lambda: not of_session(process.pid), "its processes to end")


def test_sigterm_lets_a_running_job_finish(hub: Settings, traces: Path) -> None:
    row = store.enqueue("effect", "a", {"folder": str(traces), "seconds": 0.5})
    with consumer(hub, "bulk", SHUTDOWN_S=str(PATIENCE_S)) as process:
        until(lambda: workers_that_started(traces), "the handler to begin")
        process.terminate()
        until(lambda: process.poll() is not None, "the consumer to end")
    assert (process.returncode, state_of(row)) == (0, "done")


def test_sigterm_queues_a_long_job_again_and_counts_no_attempt(hub: Settings, traces: Path) -> None:
    row = store.enqueue("gated", "a", {"folder": str(traces)})
    with consumer(hub, "bulk") as process:
        until(lambda: workers_that_started(traces), "the handler to begin")
        process.terminate()
        until(lambda: process.poll() is not None, "the consumer to end")
    again = BackgroundJob.get_by_id(row.id)
    assert (process.returncode, again.state, again.attempts) == (0, "queued", 0)


def test_sigterm_is_handled_before_the_first_worker_starts(hub: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    bulk = consumer_of("bulk", hub)
    handlers: list[object] = []
    monkeypatch.setattr(bulk.scheduler, "start", lambda: handlers.append(signal.getsignal(signal.SIGTERM)))
    bulk.worker_threads = []  # nothing needs to start
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)}
    try:
        bulk.start()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    assert handlers == [bulk._handle_signal]


def test_a_killed_consumer_continues_after_its_restart(hub: Settings, traces: Path) -> None:
    for turn in range(2):
        before = len(steps(traces))
        with periodic_consumer(hub, traces) as process:
            until(lambda before=before: len(steps(traces)) > before + 3, f"steps of turn {turn}")
            process.kill()
    assert len({process for _, process in steps(traces)}) == 2


def test_a_consumer_that_stops_frees_the_lease_at_once(hub: Settings, traces: Path) -> None:
    with periodic_consumer(hub, traces, 600.0):
        until(lambda: len(steps(traces)) > 2, "steps")
    assert row().owner == ""
    with periodic_consumer(hub, traces, 600.0):
        until(lambda: len({process for _, process in steps(traces)}) == 2, "the next one to take it")
