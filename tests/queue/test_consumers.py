"""Consumers as real processes: what is queued is done, whoever is killed."""

from __future__ import annotations

import os
import signal
import time
from collections import Counter
from pathlib import Path

import pytest

from app.core.settings import Settings
from app.queue import execution, store
from app.queue.models import BackgroundJob
from app.queue.settings import QUEUES, QueueSettings
from tests.support import storms
from tests.support.processes import consumer, until

pytestmark = [pytest.mark.both_databases, pytest.mark.slow]

KILLS = 3 * storms.TIMES
ITEMS_PER_KILL = 7


def state_of(row: BackgroundJob) -> str:
    return str(BackgroundJob.get_by_id(row.id).state)


def workers_that_started(traces: Path) -> list[str]:
    """A line `key pid` for each time that a handler began."""
    return (traces / "starts").read_text().splitlines() if (traces / "starts").exists() else []


def test_both_consumers_run_their_jobs_also_after_an_invalid_message_and_without_one(hub: Settings, traces: Path) -> None:
    rows = [store.enqueue("effect", name, {"folder": str(traces)}, queue=name) for name in QUEUES]
    execution.queue_of("bulk").flush()  # messages may be lost
    execution.queue_of("live").storage.enqueue(b"\x80\x04no JSON")
    rows.append(store.enqueue("effect", "last", {"folder": str(traces)}, queue="live"))
    with consumer(hub, "live"), consumer(hub, "bulk"):
        until(lambda: all(state_of(row) == "done" for row in rows), "all rows to be done")
    assert sorted(path.name for path in traces.glob("*.done")) == ["bulk.done", "last.done", "live.done"]
    for row in rows:
        done = BackgroundJob.get_by_id(row.id)
        assert (done.attempts, done.progress, done.error) == (1, 1.0, "")
        assert done.created <= done.started <= done.finished


@pytest.mark.storm
def test_kill_9_of_the_consumer_at_any_time_loses_and_repeats_no_job(hub: Settings, traces: Path) -> None:
    chance = storms.chance(316142)
    rows = []
    for kill in range(KILLS):
        rows += [store.enqueue("effect", f"{kill}-{item}", {"folder": str(traces), "seconds": 0.05}) for item in range(ITEMS_PER_KILL)]
        before = len(workers_that_started(traces))
        with consumer(hub, "bulk") as process:
            if chance.random() < 0.8:
                until(lambda before=before: len(workers_that_started(traces)) > before, "a handler to begin")
            time.sleep(chance.uniform(0, 0.3))
            process.kill()
    with consumer(hub, "bulk"):
        until(lambda: set(store.counts()) == {("bulk", "done")}, "all rows to be done")
    assert store.counts() == {("bulk", "done"): KILLS * ITEMS_PER_KILL}
    assert {path.stem for path in traces.glob("*.done")} == {row.key for row in rows}
    assert not (traces / "twice").exists()
    attempts = Counter({row.key: row.attempts for row in BackgroundJob.select()})
    starts = Counter(line.split()[0] for line in workers_that_started(traces))
    assert not starts - attempts, "a handler began without an attempt being counted"
    assert (attempts - starts).total() <= KILLS * hub.of(QueueSettings).worker_processes, (
        "attempts that were killed between the claim and the handler"
    )


def test_kill_9_of_one_worker_process_leaves_the_others_at_work(hub: Settings, traces: Path) -> None:
    with consumer(hub, "bulk") as process:
        row = store.enqueue("gated", "a", {"folder": str(traces)})
        until(lambda: workers_that_started(traces), "the handler to begin")
        os.kill(int(workers_that_started(traces)[0].split()[1]), signal.SIGKILL)
        other = store.enqueue("effect", "b", {"folder": str(traces)})
        until(lambda: state_of(other) == "done", "the other process to work")
        until(lambda: BackgroundJob.get_by_id(row.id).attempts == 2, "the work of the killed process to be begun again")
        (traces / "open").touch()
        until(lambda: state_of(row) == "done", "the work of the killed process to be done")
        assert process.poll() is None


def test_a_full_bulk_queue_does_not_delay_live(hub: Settings, traces: Path) -> None:
    with consumer(hub, "live"), consumer(hub, "bulk"):
        bulk = [store.enqueue("gated", str(number), {"folder": str(traces)}) for number in range(12)]
        until(lambda: len(workers_that_started(traces)) == hub.of(QueueSettings).worker_processes, "every bulk worker to be busy")
        live = store.enqueue("effect", "now", {"folder": str(traces)}, queue="live")
        until(lambda: state_of(live) == "done", "the live work to be done")
        assert store.counts()["bulk", "queued"] == len(bulk) - hub.of(QueueSettings).worker_processes
        (traces / "open").touch()
        until(lambda: store.counts().get(("bulk", "done")) == len(bulk), "the bulk work to be done")


def test_a_running_job_is_cancelled_at_its_next_report(hub: Settings, traces: Path) -> None:
    row = store.enqueue("gated", "a", {"folder": str(traces)})
    with consumer(hub, "bulk"):
        until(lambda: BackgroundJob.get_by_id(row.id).note == "waiting", "the handler to report")
        store.cancel(row.id)
        until(lambda: state_of(row) == "cancelled", "the handler to stop")
    assert BackgroundJob.get_by_id(row.id).progress == 0.5


def test_a_lease_is_renewed_while_the_handler_runs(hub: Settings, traces: Path) -> None:
    row = store.enqueue("effect", "a", {"folder": str(traces), "seconds": 3 * hub.of(QueueSettings).job_lease_s})
    with consumer(hub, "bulk"):
        until(lambda: state_of(row) == "done", "the row to be done")
    assert BackgroundJob.get_by_id(row.id).attempts == 1
    assert not (traces / "twice").exists()


def test_a_failing_job_is_retried_unless_it_cannot_succeed(hub: Settings) -> None:
    faulty, hopeless, unknown = (store.enqueue(kind, "a") for kind in ("faulty", "hopeless", "unknown"))
    with consumer(hub, "bulk"):
        until(lambda: BackgroundJob.get_by_id(faulty.id).attempts == 2, "the second attempt")
        until(lambda: {state_of(hopeless), state_of(unknown)} == {"failed"}, "the others to fail")
    assert BackgroundJob.get_by_id(faulty.id).error == "ValueError: no histogram in it"
    assert BackgroundJob.get_by_id(hopeless.id).error == "the file is no ROOT file"
    assert BackgroundJob.get_by_id(unknown.id).error == "This version of DQM Hub has no handler for jobs of the kind unknown"
    assert BackgroundJob.get_by_id(hopeless.id).attempts == BackgroundJob.get_by_id(unknown.id).attempts == 1
