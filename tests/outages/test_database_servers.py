"""PostgreSQL and Redis are restarted under load: named on /status, and all goes on by itself, with nothing lost."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count

import pytest

from app.core.database import disconnect, rows
from app.core.settings import Settings
from app.gui.models import ShortLink
from app.queue import execution, store
from app.queue.models import BackgroundJob
from tests.support.ports import free_port
from tests.support.processes import until
from tests.support.running_hub import ONE_OF_EACH, RunningHub, running_hub
from tests.support.servers import PostgreSQL, RedisServer, postgresql, redis_server
from tests.support.site import bound

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def own_postgresql() -> Iterator[PostgreSQL]:
    """A server that no other test uses, and that keeps what is committed when it crashes."""
    with postgresql() as server:
        server.run("ALTER ROLE dqmhub SET synchronous_commit = on")
        yield server


@pytest.fixture(scope="module")
def own_redis() -> Iterator[RedisServer]:
    """A server that no other test uses."""
    with redis_server() as server:
        yield server


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory, own_postgresql: PostgreSQL, own_redis: RedisServer) -> Iterator[RunningHub]:
    """A hub with these servers, to which this process is connected, too."""
    folder = tmp_path_factory.mktemp("hub")
    with own_postgresql.database(own_postgresql.template()) as url:
        settings = Settings(data_dir=str(folder / "var"), web_port=free_port(), database_url=url, huey_url=own_redis.url, **ONE_OF_EACH)
        with running_hub(settings, folder) as hub, bound(settings):
            execution.connect(settings)
            yield hub
            execution.disconnect()


@contextmanager
def load(hub: RunningHub, mark: str) -> Iterator[list[str]]:
    """Store short links all the time; the views of those that were confirmed."""
    confirmed: list[str] = []
    ended = threading.Event()

    def store_links() -> None:
        for number in count():
            if ended.wait(0.05):
                return
            view = f"/browse/{number}/a/b/{mark}"
            if hub.store_link(view):
                confirmed.append(view)

    thread = threading.Thread(target=store_links)
    thread.start()
    try:
        yield confirmed
    finally:
        ended.set()
        thread.join()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGQUIT], ids=["stopped", "crashed"])
def test_postgresql_may_be_restarted_under_load(hub: RunningHub, own_postgresql: PostgreSQL, number: signal.Signals) -> None:
    with load(hub, number.name) as confirmed:
        until(lambda: len(confirmed) > 3, "links")
        disconnect()
        own_postgresql.close()
        own_postgresql.process.end(number)
        hub.wait_for_status("Cannot reach the database")
        answer = hub.get("/healthz/ready")
        assert (answer.status, '"database":"down"' in answer.text) == (503, True)
        assert "DQM Hub cannot reach its database now" in hub.get("/").text
        stored = len(confirmed)
        own_postgresql.process.start()
        until(hub.is_ready, "the hub")
        until(lambda: len(confirmed) > stored + 3, "further links")
    there = {view for (view,) in rows(ShortLink.select(ShortLink.address))}
    assert [view for view in confirmed if view not in there] == []
    job = store.enqueue("clean-names", number.name)
    until(lambda: BackgroundJob.get_by_id(job.id).state == "done", "a job")
    assert all(one.poll() is None for one in hub.services.values())
    assert "Traceback" not in "".join(map(hub.log_text, hub.services))


def test_redis_may_be_restarted_and_jobs_are_run_when_it_is_back(hub: RunningHub, own_redis: RedisServer) -> None:
    waiting = store.enqueue("clean-names", "sent before")
    own_redis.process.end(signal.SIGKILL)
    hub.wait_for_status("cannot be reached: jobs wait")
    with load(hub, "redis") as confirmed:
        until(lambda: len(confirmed) > 3, "links while Redis is away")
    job = store.enqueue("clean-names", "without Redis")
    own_redis.process.start()
    until(lambda: BackgroundJob.get_by_id(job.id).state == "done", "the job")
    until(lambda: BackgroundJob.get_by_id(waiting.id).state == "done", "the job whose message Redis may have lost")
    assert "cannot be reached: jobs wait" not in hub.get("/status").text
    for name in ("live", "worker"):
        lines = hub.log_text(name).splitlines()
        assert len([line for line in lines if "Connection refused" in line or "No such file" in line]) < 10, (
            "an outage is one line a minute"
        )
        assert "Traceback" not in hub.log_text(name)
