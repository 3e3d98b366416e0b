"""Redis does not respond, as when a cable is out: requests need not wait for it again and again, and jobs are only late."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import redis

from app.core.settings import Settings
from app.queue import execution, queues, store
from app.queue.leases import LeaseWatch
from tests.support.patience import PATIENCE_S


@contextmanager
def silent(server: redis.Redis) -> Iterator[None]:
    """Stop the process of a server for a block: it accepts connections and answers none."""
    process = server.info("server")["process_id"]
    os.kill(process, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(process, signal.SIGCONT)


def connections(server: redis.Redis) -> int:
    """How many connections the server has received so far."""
    return int(server.info("stats")["total_connections_received"])


@pytest.fixture
def server(hub: Settings, redis_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[redis.Redis]:
    """The server of the queues of a hub, which waits for it for 3 s: a machine that stalls for a moment is not silent."""
    monkeypatch.setattr(queues, "REDIS_TIMEOUT_S", 3.0)
    monkeypatch.setattr(execution, "SEND_PAUSE_S", PATIENCE_S)  # it must not be over before the test is
    execution.connect(hub.replace(huey_url=redis_url))
    with redis.Redis.from_url(redis_url) as found:
        found.flushall()
        yield found


def test_only_the_first_of_several_requests_waits_for_a_silent_queue(server: redis.Redis) -> None:
    with silent(server):
        store.enqueue("import", "1")
    after_first = connections(server)
    with silent(server):
        store.enqueue("import", "2")
        store.enqueue("import", "3", queue="live")
    assert connections(server) == after_first


def test_a_sweep_sends_all_messages_as_soon_as_the_queue_answers_again(server: redis.Redis) -> None:
    with silent(server):
        jobs = {store.enqueue("import", key).id for key in ("1", "2")}
    store.sweep("bulk", LeaseWatch())
    assert execution.queue_of("bulk").job_ids() == jobs
    store.enqueue("import", "3")
    assert execution.queue_of("bulk").pending_count() == 3
