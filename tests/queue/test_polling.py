"""How often a consumer polls its queue; daily jobs."""

from __future__ import annotations

import time

import pytest

import jobs
from app.areas import AREAS
from app.core.settings import Settings
from app.queue import execution, store
from app.queue.consumer import consumer_of
from app.queue.execution import HANDLERS
from app.queue.models import BackgroundJob
from app.queue.settings import QUEUES, QueueSettings
from jobs import queue as clean

pytestmark = pytest.mark.both_databases


class Waits(list[float]):
    """A stop flag that never stops and records the requested waiting times."""

    def wait(self, seconds: float) -> bool:
        self.append(seconds)
        return False


@pytest.mark.parametrize("name", QUEUES)
def test_an_idle_consumer_polls_often_enough_to_start_a_job_within_a_third_of_a_second(hub: Settings, name: str) -> None:
    worker = consumer_of(name, hub)._create_worker()
    worker.stop_flag = waits = Waits()
    if hub.of(QueueSettings).huey_url:
        assert worker.huey.storage.blocking, "Redis wakes a waiting consumer at once"
        return
    for _ in range(200):
        worker.loop()
    assert len(waits) == 200
    assert max(waits) <= 0.2


def test_jobs_register_their_kinds() -> None:
    jobs.load(AREAS)
    assert clean.CLEAN in HANDLERS


def test_daily_jobs_are_enqueued_once_a_day(hub: Settings) -> None:
    jobs.load(AREAS)
    store.enqueue_daily()
    store.enqueue_daily()
    today = store.latest_job(clean.CLEAN, time.strftime("%Y-%m-%d", time.gmtime()))
    assert today is not None
    execution.run(today.id)
    store.enqueue_daily()
    assert BackgroundJob.select().where(BackgroundJob.kind == clean.CLEAN).count() == 1


def test_old_jobs_are_deleted_but_not_open_or_recent_ones(hub: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clean, "BATCH", 2)
    past = time.time() - (clean.KEEP_DAYS + 1) * 86400
    for number, state in enumerate(("done", "failed", "cancelled", "done", "queued", "running")):
        finished = None if state in ("queued", "running") else past
        BackgroundJob.create(queue="bulk", kind="import", key=f"old{number}", state=state, created=past, finished=finished)
    BackgroundJob.create(queue="bulk", kind="import", key="recent", state="done", created=past, finished=time.time())
    jobs.load(AREAS)
    row = store.enqueue(clean.CLEAN, "now")
    execution.run(row.id)
    left = {row.key for row in BackgroundJob.select().where(BackgroundJob.kind == "import")}
    assert left == {"old4", "old5", "recent"}
    assert BackgroundJob.get_by_id(row.id).note == "4 rows of old jobs removed"
