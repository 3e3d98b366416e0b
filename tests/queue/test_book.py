"""The book of work: entered once, claimed once, ended once."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from app import queue as work
from app.core import database
from app.core.settings import Settings
from app.queue import Work
from app.queue.attempts import HANDLERS, claim
from app.queue.model import ATTEMPTS
from tests.support.patience import PATIENCE_S
from tests.support.processes import until

pytestmark = pytest.mark.both_databases

THREADS = 8


def at_once(function: Callable[[int], Any]) -> list[Any]:
    """What a function gives in several threads that begin together."""
    gate = threading.Barrier(THREADS)

    def thread(number: int) -> Any:
        gate.wait()
        try:
            return function(number)
        finally:
            database.end_thread()

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(thread, range(THREADS)))


def expire(row: Work) -> None:
    """Let the lease or the pause of a row end now."""
    Work.update(lease_until=0).where(Work.id == row.id).execute()


def again(row: Work) -> Work:
    found: Work = Work.get_by_id(row.id)
    return found


def hand_over(row: Work, handler: work.attempts.Handler, monkeypatch: pytest.MonkeyPatch) -> Work:
    """The row after a consumer of this process has run it."""
    monkeypatch.setitem(HANDLERS, row.kind, handler)
    work.run(row.id)
    return again(row)


def test_several_who_enqueue_one_key_get_one_row(hub: Settings) -> None:
    for turn in range(10):
        numbers = at_once(lambda _, turn=turn: work.enqueue("import", str(turn)).id)
        assert len(set(numbers)) == 1
    assert work.counts() == {("bulk", "queued"): 10}
    assert work.queue_of("bulk").pending_count() == 10


def test_the_same_key_can_be_queued_again_when_it_is_over(hub: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    first = work.enqueue("import", "7")
    hand_over(first, lambda _: None, monkeypatch)
    second = work.enqueue("import", "7")
    assert second.id != first.id
    newest = work.find("import", "7")
    assert newest is not None
    assert newest.id == second.id
    assert work.find("import", "8") is None


def test_one_of_several_claims_a_row(hub: Settings) -> None:
    for turn in range(10):
        row = work.enqueue("import", str(turn))
        assert sum(claimed is not None for claimed in at_once(lambda _, row=row: claim(row.id))) == 1
    assert all(row.attempts == 1 for row in Work.select())


def test_the_queue_is_told_after_the_commit_and_never_of_what_was_rolled_back(hub: Settings) -> None:
    queue = work.queue_of("bulk")
    with database.proxy.atomic():
        row = work.enqueue("import", "1")
        assert queue.waiting() == set()
    assert queue.waiting() == {row.id}
    with database.proxy.atomic() as transaction:
        work.enqueue("import", "2")
        transaction.rollback()
    assert queue.waiting() == {row.id}
    assert work.counts() == {("bulk", "queued"): 1}


def test_a_message_is_the_number_of_the_row_in_json(hub: Settings) -> None:
    row = work.enqueue("import", "1", {"url": "/data/a.root"})
    (message,) = work.queue_of("bulk").storage.enqueued_items()
    assert json.loads(message)[1:] == [row.id]
    assert again(row).arguments == {"url": "/data/a.root"}


def test_a_queue_that_cannot_be_told_loses_nothing(hub: Settings, caplog: pytest.LogCaptureFixture) -> None:
    work.connect(hub.replace(huey_url="unix:///nowhere/redis"))
    row = work.enqueue("import", "1")
    assert f"not told of work {row.id}" in caplog.text
    work.connect(hub)
    assert work.queue_of("bulk").waiting() == set()
    work.sweep("bulk")
    assert work.queue_of("bulk").waiting() == {row.id}


def test_a_sweep_tells_only_what_is_lost(hub: Settings) -> None:
    queue = work.queue_of("bulk")
    first, second = work.enqueue("import", "1"), work.enqueue("import", "2")
    work.sweep("bulk")
    assert queue.pending_count() == 2
    queue.dequeue()
    work.sweep("bulk")
    assert queue.waiting() == {first.id, second.id}
    assert queue.pending_count() == 2
    queue.flush()
    claim(first.id)
    work.sweep("bulk")
    work.sweep("live")
    assert queue.waiting() == {second.id}


def test_work_whose_lease_ended_is_claimed_again_and_the_first_owner_changes_nothing_more(
    hub: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = work.enqueue("import", "1")

    def overtaken(mine: Work) -> None:
        expire(mine)
        assert claim(mine.id)
        with pytest.raises(work.Cancelled):
            work.report(mine, 0.9, "too late")

    after = hand_over(row, overtaken, monkeypatch)
    assert (after.state, after.attempts, after.progress) == ("running", 2, None)


def test_failing_work_is_given_up_after_its_attempts(hub: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    def faulty(_: Work) -> None:
        raise OSError("the disk is away")

    row = work.enqueue("import", "1")
    for attempt in range(1, ATTEMPTS):
        row = hand_over(row, faulty, monkeypatch)
        assert (row.state, row.attempts, row.error) == ("queued", attempt, "OSError: the disk is away")
        assert claim(row.id) is None, "it waits before the next attempt"
        expire(row)
    row = hand_over(row, faulty, monkeypatch)
    assert (row.state, row.attempts, row.error) == ("failed", ATTEMPTS, "OSError: the disk is away")
    assert [failed.id for failed in work.last_failed(5)] == [row.id]


def test_work_that_kills_its_process_is_given_up(hub: Settings) -> None:
    row = work.enqueue("import", "1")
    for _ in range(ATTEMPTS):
        assert claim(row.id)
        expire(row)
    assert claim(row.id) is None
    work.sweep("bulk")
    assert (again(row).state, again(row).error) == ("failed", f"the process that did it died {ATTEMPTS} times")


def test_queued_work_is_cancelled_at_once_and_tried_again_with_all_its_attempts(hub: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    row = work.enqueue("import", "1")
    work.cancel(row.id)
    assert again(row).state == "cancelled"
    work.run(row.id)
    assert again(row).state == "cancelled"
    work.retry(row.id)
    after = hand_over(row, lambda _: None, monkeypatch)
    assert (after.state, after.attempts, after.error) == ("done", 1, "")


def test_work_cancelled_while_its_process_was_killed_is_closed(hub: Settings) -> None:
    row = work.enqueue("import", "1")
    claim(row.id)
    work.cancel(row.id)
    expire(row)
    assert claim(row.id) is None
    work.sweep("bulk")
    assert again(row).state == "cancelled"


def test_what_cannot_be_cancelled_or_tried_again_is_refused_with_the_reason(hub: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    row = work.enqueue("import", "1")
    with pytest.raises(work.Refused, match=f"work {row.id} is queued, not failed or cancelled"):
        work.retry(row.id)
    work.cancel(row.id)
    with pytest.raises(work.Refused, match=f"work {row.id} is cancelled, not open"):
        work.cancel(row.id)
    work.enqueue("import", "1")
    with pytest.raises(work.Refused, match="open under another number"):
        work.retry(row.id)
    with pytest.raises(work.Refused, match="there is no work 4711"):
        work.cancel(4711)


def test_a_file_is_read_in_the_process_that_needs_it(hub: Settings) -> None:
    gate = threading.Event()
    seen = []

    def read(mine: Work) -> None:
        seen.append(mine.arguments)
        gate.wait(PATIENCE_S)

    row = work.run_here("import", "1", read, {"url": "/data/a.root"})
    assert row.state == "running"
    other = work.run_here("import", "1", lambda _: pytest.fail("it runs already"))
    assert (other.id, other.state) == (row.id, "running")
    assert not work.wait(row, 0.1)
    gate.set()
    assert work.wait(row, 60)
    assert again(row).state == "done"
    assert seen == [{"url": "/data/a.root"}]


def test_a_file_that_is_queued_is_read_here_before_its_turn(hub: Settings) -> None:
    queued = work.enqueue("import", "1")
    row = work.run_here("import", "1", lambda _: None)
    assert row.id == queued.id
    assert work.wait(row, 60)
    work.run(row.id)
    assert again(row).attempts == 1


def test_what_fails_here_is_left_to_the_consumer(hub: Settings, caplog: pytest.LogCaptureFixture) -> None:
    def faulty(_: Work) -> None:
        raise OSError("the disk is away")

    row = work.run_here("import", "1", faulty)
    until(lambda: again(row).state == "queued", "the attempt to end")
    assert "the disk is away" in caplog.text
    expire(row)
    work.sweep("bulk")
    assert row.id in work.queue_of("bulk").waiting()


def test_waiting_work_has_an_age(hub: Settings) -> None:
    assert work.oldest_queued("bulk") == 0
    first = work.enqueue("import", "1")
    work.enqueue("import", "2")
    Work.update(lease_until=time.time() - 100).where(Work.id == first.id).execute()
    assert 100 <= work.oldest_queued("bulk") < 200
    claim(first.id)
    assert 0 <= work.oldest_queued("bulk") < 100
    assert work.counts() == {("bulk", "queued"): 1, ("bulk", "running"): 1}
