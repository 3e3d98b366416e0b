"""Background jobs: enqueued once, claimed once, finished once."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from app.core import database, outages
from app.core.settings import Settings
from app.queue import execution, store
from app.queue.execution import HANDLERS, Handler, claim
from app.queue.leases import LeaseWatch
from app.queue.models import ATTEMPTS, BackgroundJob, JobCancelled, JobStateError
from tests.support.patience import PATIENCE_S
from tests.support.processes import until

pytestmark = pytest.mark.both_databases

THREADS = 8
START = 1024.0
"""Of the monotonic clock: a number to which fractions of a lease are added exactly."""


def at_once(function: Callable[[int], Any]) -> list[Any]:
    """The results of a function in several threads that start together."""
    gate = threading.Barrier(THREADS)

    def thread(number: int) -> Any:
        gate.wait()
        try:
            return function(number)
        finally:
            database.end_thread()

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(thread, range(THREADS)))


def expire(row: BackgroundJob) -> None:
    """Let the pause of a queued job end now, or the lease of a running one, as a consumer does that saw it unchanged for its length."""
    BackgroundJob.update(lease_until=0).where(BackgroundJob.id == row.id).execute()
    leases, length_s = LeaseWatch(), execution.lease_s()
    with pytest.MonkeyPatch.context() as clock:
        for eighth in range(9):
            clock.setattr(time, "monotonic", lambda moment=START + length_s * eighth / 8: moment)
            store.end_expired_leases("bulk", leases)


def again(row: BackgroundJob) -> BackgroundJob:
    found: BackgroundJob = BackgroundJob.get_by_id(row.id)
    return found


def hand_over(row: BackgroundJob, handler: Handler, monkeypatch: pytest.MonkeyPatch) -> BackgroundJob:
    """The row after a consumer of this process has run it."""
    monkeypatch.setitem(HANDLERS, row.kind, handler)
    execution.run(row.id)
    return again(row)


def test_concurrent_enqueues_of_one_key_make_one_job(hub: Settings) -> None:
    for turn in range(10):
        numbers = at_once(lambda _, turn=turn: store.enqueue("import", str(turn)).id)
        assert len(set(numbers)) == 1
    assert store.counts() == {("bulk", "queued"): 10}
    assert execution.queue_of("bulk").pending_count() == 10


def test_a_key_can_be_enqueued_again_after_its_job_has_ended(hub: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    first = store.enqueue("import", "7")
    hand_over(first, lambda _: None, monkeypatch)
    second = store.enqueue("import", "7")
    assert second.id != first.id
    newest = store.latest_job("import", "7")
    assert newest is not None
    assert newest.id == second.id
    assert store.latest_job("import", "8") is None


def test_concurrent_claims_of_a_job_succeed_once(hub: Settings) -> None:
    for turn in range(10):
        row = store.enqueue("import", str(turn))
        assert sum(claimed is not None for claimed in at_once(lambda _, row=row: claim(row.id))) == 1
    assert all(row.attempts == 1 for row in BackgroundJob.select())


def test_a_message_is_sent_after_the_commit_and_not_after_a_rollback(hub: Settings) -> None:
    messages = execution.queue_of("bulk")
    with database.proxy.atomic():
        row = store.enqueue("import", "1")
        assert messages.job_ids() == set()
    assert messages.job_ids() == {row.id}
    with database.proxy.atomic() as transaction:
        store.enqueue("import", "2")
        transaction.rollback()
    assert messages.job_ids() == {row.id}
    assert store.counts() == {("bulk", "queued"): 1}


def test_a_message_is_the_id_of_the_job_in_json(hub: Settings) -> None:
    row = store.enqueue("import", "1", {"url": "/data/a.root"})
    (message,) = execution.queue_of("bulk").storage.enqueued_items()
    assert json.loads(message)[1:] == [row.id]
    assert again(row).arguments == {"url": "/data/a.root"}


def test_an_unreachable_queue_loses_no_job(hub: Settings, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outages, "_logged", {})  # as in a new process
    execution.connect(hub.replace(huey_url="unix:///nowhere/redis"))
    row = store.enqueue("import", "1")
    assert "Messages are not sent to the queue; sweeps send them" in caplog.text
    execution.connect(hub)
    assert execution.queue_of("bulk").job_ids() == set()
    store.sweep("bulk", LeaseWatch())
    assert execution.queue_of("bulk").job_ids() == {row.id}


def test_a_sweep_sends_only_lost_messages(hub: Settings) -> None:
    messages = execution.queue_of("bulk")
    first, second = store.enqueue("import", "1"), store.enqueue("import", "2")
    store.sweep("bulk", LeaseWatch())
    assert messages.pending_count() == 2
    messages.dequeue()
    store.sweep("bulk", LeaseWatch())
    assert messages.job_ids() == {first.id, second.id}
    assert messages.pending_count() == 2
    messages.flush()
    claim(first.id)
    store.sweep("bulk", LeaseWatch())
    store.sweep("live", LeaseWatch())
    assert messages.job_ids() == {second.id}


def test_a_job_with_an_expired_lease_is_claimed_again_and_its_first_owner_changes_nothing(
    hub: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = store.enqueue("import", "1")

    def overtaken(mine: BackgroundJob) -> None:
        expire(mine)
        assert claim(mine.id)
        with pytest.raises(JobCancelled):
            execution.report(mine, 0.9, "too late")

    after = hand_over(row, overtaken, monkeypatch)
    assert (after.state, after.attempts, after.progress) == ("running", 2, None)


@pytest.mark.parametrize("jump_s", [-3600.0, 3600.0, 1e9])
def test_a_jump_of_the_system_clock_ends_no_lease_and_prolongs_no_pause(
    hub: Settings, monkeypatch: pytest.MonkeyPatch, jump_s: float
) -> None:
    running, waiting, leases = store.enqueue("import", "1"), store.enqueue("import", "2"), LeaseWatch()
    assert claim(running.id)
    BackgroundJob.update(lease_until=time.time() + 16).where(BackgroundJob.id == waiting.id).execute()
    store.sweep("bulk", leases)
    assert claim(waiting.id) is None
    wall = time.time
    monkeypatch.setattr(time, "time", lambda: wall() + jump_s)
    store.sweep("bulk", leases)
    assert again(running).state == "running"
    assert claim(running.id) is None
    assert claim(waiting.id)


def test_a_lease_expires_only_when_one_process_saw_it_unchanged_for_its_length(hub: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    row, leases, length_s = store.enqueue("import", "1"), LeaseWatch(), execution.lease_s()
    assert claim(row.id)
    for eighth in range(16):
        BackgroundJob.update(lease_until=eighth >= 7).execute()
        monkeypatch.setattr(time, "monotonic", lambda moment=START + length_s * eighth / 8: moment)
        store.end_expired_leases("bulk", leases)
        store.end_expired_leases("bulk", LeaseWatch())  # a consumer that has just started has seen nothing
        assert again(row).state == ("queued" if eighth == 15 else "running")


def test_a_lease_does_not_expire_because_the_machine_stalled(hub: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    row, leases, length_s = store.enqueue("import", "1"), LeaseWatch(), execution.lease_s()
    assert claim(row.id)
    for moment in (START, START + 100 * length_s, START + 100.2 * length_s):
        monkeypatch.setattr(time, "monotonic", lambda moment=moment: moment)
        store.end_expired_leases("bulk", leases)
    assert again(row).state == "running", "its owner had no time to renew it"


def test_a_failing_job_fails_for_good_after_its_attempts(hub: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    def faulty(_: BackgroundJob) -> None:
        raise OSError("the disk is unreachable")

    row = store.enqueue("import", "1")
    for attempt in range(1, ATTEMPTS):
        row = hand_over(row, faulty, monkeypatch)
        assert (row.state, row.attempts, row.error) == ("queued", attempt, "OSError: the disk is unreachable")
        assert claim(row.id) is None, "it waits before the next attempt"
        expire(row)
    row = hand_over(row, faulty, monkeypatch)
    assert (row.state, row.attempts, row.error) == ("failed", ATTEMPTS, "OSError: the disk is unreachable")
    assert [failed.id for failed in store.last_failed(5)] == [row.id]


def test_a_job_that_kills_its_process_fails_for_good(hub: Settings) -> None:
    row = store.enqueue("import", "1")
    for _ in range(ATTEMPTS):
        assert claim(row.id)
        expire(row)
    assert claim(row.id) is None
    store.sweep("bulk", LeaseWatch())
    assert (again(row).state, again(row).error) == ("failed", f"The process of this job died {ATTEMPTS} times")


def test_a_queued_job_is_cancelled_at_once_and_retried_with_all_its_attempts(hub: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    row = store.enqueue("import", "1")
    store.cancel(row.id)
    assert again(row).state == "cancelled"
    execution.run(row.id)
    assert again(row).state == "cancelled"
    store.retry(row.id)
    after = hand_over(row, lambda _: None, monkeypatch)
    assert (after.state, after.attempts, after.error) == ("done", 1, "")


def test_a_cancelled_job_of_a_killed_process_is_closed(hub: Settings) -> None:
    row = store.enqueue("import", "1")
    claim(row.id)
    store.cancel(row.id)
    expire(row)
    assert claim(row.id) is None
    store.sweep("bulk", LeaseWatch())
    assert again(row).state == "cancelled"


def test_a_job_that_cannot_be_cancelled_or_retried_raises_an_error_with_the_reason(hub: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    row = store.enqueue("import", "1")
    with pytest.raises(JobStateError, match=f"Job {row.id} is queued, not failed or cancelled"):
        store.retry(row.id)
    store.cancel(row.id)
    with pytest.raises(JobStateError, match=f"Job {row.id} is cancelled, not queued or running"):
        store.cancel(row.id)
    store.enqueue("import", "1")
    with pytest.raises(JobStateError, match="Another job of the kind and key of job"):
        store.retry(row.id)
    with pytest.raises(JobStateError, match="There is no job 4711"):
        store.cancel(4711)


def test_a_job_runs_in_a_thread_of_this_process(hub: Settings) -> None:
    gate = threading.Event()
    seen = []

    def read(mine: BackgroundJob) -> None:
        seen.append(mine.arguments)
        gate.wait(PATIENCE_S)

    row = store.run_in_thread("import", "1", read, {"url": "/data/a.root"})
    assert row.state == "running"
    other = store.run_in_thread("import", "1", lambda _: pytest.fail("it runs already"))
    assert (other.id, other.state) == (row.id, "running")
    assert not store.wait(row, 0.1)
    gate.set()
    assert store.wait(row, 60)
    assert again(row).state == "done"
    assert seen == [{"url": "/data/a.root"}]


def test_a_queued_job_runs_at_once_in_a_thread_of_this_process(hub: Settings) -> None:
    queued = store.enqueue("import", "1")
    row = store.run_in_thread("import", "1", lambda _: None)
    assert row.id == queued.id
    assert store.wait(row, 60)
    execution.run(row.id)
    assert again(row).attempts == 1


def test_a_job_that_fails_in_a_thread_is_left_to_the_consumer(hub: Settings, caplog: pytest.LogCaptureFixture) -> None:
    def faulty(_: BackgroundJob) -> None:
        raise OSError("the disk is unreachable")

    row = store.run_in_thread("import", "1", faulty)
    until(lambda: again(row).state == "queued", "the attempt to end")
    assert "the disk is unreachable" in caplog.text
    expire(row)
    store.sweep("bulk", LeaseWatch())
    assert row.id in execution.queue_of("bulk").job_ids()


def test_the_wait_of_a_queue_is_that_of_its_oldest_job(hub: Settings) -> None:
    assert store.queue_wait_s("bulk") == 0
    first = store.enqueue("import", "1")
    store.enqueue("import", "2")
    BackgroundJob.update(lease_until=time.time() - 100).where(BackgroundJob.id == first.id).execute()
    assert 100 <= store.queue_wait_s("bulk") < 200
    claim(first.id)
    assert 0 <= store.queue_wait_s("bulk") < 100
    assert store.counts() == {("bulk", "queued"): 1, ("bulk", "running"): 1}
