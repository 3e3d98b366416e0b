"""The processes that run background jobs: huey's consumer, with a heartbeat, a sweep each second, and periodic tasks."""

from __future__ import annotations

import logging
import multiprocessing
import os
import threading
import time
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from huey.consumer import Consumer, Environment, ProcessEnvironment, Scheduler

from app.core import database, log_context
from app.core.heartbeat import Heartbeat
from app.core.outages import outages_logged
from app.core.settings import Settings
from app.core.supervisor import die_with, follow_supervisor
from app.queue import periodic
from app.queue.execution import queue_of
from app.queue.leases import LeaseWatch
from app.queue.settings import QueueSettings
from app.queue.store import enqueue_daily, sweep
from protocol import service_notify

if TYPE_CHECKING:
    from huey.api import PeriodicTask as HueyTask

    from app.queue.queues import JobQueue

log = logging.getLogger(__name__)

OPTIONS = {
    "initial_delay": 0.05,
    "max_delay": 0.2,  # an idle SQLite queue is read this often; huey's default of 10 s would be the pick-up time
    "health_check_interval": 1,
    "graceful_signal": "TERM",
    "shutdown_timeout": 2,  # `make run` kills after 5 s, huey sees a signal after up to 1 s; interrupted jobs are queued again
}

ENDS_S = 1.5
"""Longest wait at the end for the runs of periodic tasks and for interrupted workers."""


_threads: list[threading.Thread] = []
"""Threads of the runs of this process."""


def start_run(task: HueyTask) -> None:
    """Start a run of a periodic task in a thread of its own.

    A message in the queue could reach the consumer that holds the lease already, so that no other would stand by.
    """

    def execute() -> None:
        with log_context.during(task=task.name.removeprefix("periodic task ")):
            task.execute()

    thread = threading.Thread(target=execute, name=task.name, daemon=True)
    _threads[:] = [*(other for other in _threads if other.is_alive()), thread]
    thread.start()


def wait_for_ends(seconds: float) -> None:
    """Wait, at most this long, for the runs of this process to free their leases, and for its workers to queue interrupted jobs again."""
    end = time.monotonic() + seconds
    for join in [*(thread.join for thread in _threads), *(child.join for child in multiprocessing.active_children())]:
        join(max(end - time.monotonic(), 0.0))


class SchedulerSteps:
    """Reports to the main process that the scheduler runs: by a pipe, since the scheduler may be a process of its own."""

    def __init__(self) -> None:
        self._reader, self._writer = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)

    def note(self) -> None:
        """Note a step."""
        with suppress(BlockingIOError):
            os.write(self._writer, b"x")

    def take(self) -> bool:
        """Whether there was a step since the last call."""
        try:
            return bool(os.read(self._reader, 4096))
        except BlockingIOError:
            return False


class SweepingScheduler(Scheduler):  # type: ignore[misc]  # huey is not typed
    """huey's scheduler, which the consumer keeps alive. Each second it also writes the heartbeat and sweeps the queue."""

    def __init__(self, *args: Any, settings: Settings, steps: SchedulerSteps, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.leases = LeaseWatch()
        self.heartbeat = Heartbeat({"live": "live", "bulk": "worker"}[self.huey.name], settings)
        self.steps = steps

    def loop(self, now: float | None = None) -> None:
        """One round of the scheduler; huey calls this every second."""
        try:
            with outages_logged(f"The queue {self.huey.name} is not swept"):
                self.heartbeat.write()
                enqueue_daily()
                sweep(self.huey.name, self.leases)
        except Exception:  # the next sweep finds the same jobs
            log.exception("The queue %s was not swept", self.huey.name)
        finally:
            database.release()
        self.steps.note()
        super().loop(now)

    def enqueue_periodic_tasks(self, now: float | None = None) -> None:
        """Start a run of each periodic task that is due; huey calls this every minute."""
        for task in self.huey.read_periodic(now):
            start_run(task)


class WorkerProcesses(ProcessEnvironment):  # type: ignore[misc]  # huey is not typed
    """Worker processes that end with the consumer, however it ends."""

    def __init__(self, *signals: int) -> None:
        super().__init__(*signals)
        self.consumer = os.getpid()

    def init_child(self, process: object) -> None:
        """Called in each new worker process."""
        die_with(self.consumer)
        super().init_child(process)


class QueueConsumer(Consumer):  # type: ignore[misc]  # huey is not typed
    """huey's consumer with our scheduler and worker processes."""

    def __init__(self, queue: JobQueue, settings: Settings, **options: Any) -> None:
        self.steps = SchedulerSteps()
        self.scheduler_class = partial(SweepingScheduler, settings=settings, steps=self.steps)
        super().__init__(queue, **options)

    def start(self) -> None:
        """Start the scheduler and the workers; huey takes signals only after that, when a worker may hold a job already."""
        self._set_signal_handlers()
        super().start()
        service_notify.ready()

    def check_worker_health(self) -> bool:
        """Replace workers that have ended; huey calls this every second. systemd gets a sign of life if the scheduler runs as well."""
        if self.steps.take():
            service_notify.alive()
        is_healthy: bool = super().check_worker_health()
        return is_healthy

    def stop(self, graceful: bool = False) -> None:
        """Stop the workers; with `graceful`, after their jobs."""
        service_notify.stopping()
        super().stop(graceful)

    def get_environment(self, worker_type: str) -> Environment:
        """How workers are started: as threads or as processes."""
        return (
            WorkerProcesses(self._graceful_sig, self._interrupt_sig) if worker_type == "process" else super().get_environment(worker_type)
        )


def consumer_of(name: str, settings: Settings) -> QueueConsumer:
    """The consumer of a queue: `live` runs jobs in threads, `bulk` in processes."""
    if name == "bulk":
        return QueueConsumer(
            queue_of(name), settings, workers=settings.of(QueueSettings).worker_processes, worker_type="process", **OPTIONS
        )
    consumer = QueueConsumer(queue_of(name), settings, workers=settings.of(QueueSettings).live_threads, worker_type="thread", **OPTIONS)
    periodic.schedule(consumer.huey, periodic.configured_tasks(settings), consumer.stop_flag)
    return consumer


def consume(name: str, settings: Settings) -> None:
    """Run the jobs of a queue with the registered handlers, until SIGTERM."""
    follow_supervisor()
    logging.getLogger("huey").setLevel(logging.WARNING)  # app.queue logs the jobs
    consumer = consumer_of(name, settings)
    database.disconnect()  # processes are forked from here
    log.info("The consumer of the queue %s starts", name)
    consumer.run()
    wait_for_ends(ENDS_S)
    for child in multiprocessing.active_children():
        child.kill()
