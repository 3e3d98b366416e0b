"""`dqmhub live` and `dqmhub worker`: the processes that do the work of the queues."""

from __future__ import annotations

import logging
import multiprocessing
import os
from typing import Any

import click
from huey.consumer import Consumer, Environment, ProcessEnvironment, Scheduler

import jobs
from app import cli
from app import queue as work
from app.areas import AREAS
from app.core import database
from app.core.heartbeat import Pulse
from app.core.settings import Settings
from app.core.supervisor import die_with, follow_supervisor
from app.formats import remote
from app.gui.settings import GuiSettings
from app.queue import loops
from app.queue.settings import QueueSettings

log = logging.getLogger(__name__)

OPTIONS = {
    "initial_delay": 0.05,
    "max_delay": 0.2,  # an idle SQLite queue is looked at this often; huey's own 10 s would be the pick-up time
    "health_check_interval": 1,
    "graceful_signal": "TERM",
    "shutdown_timeout": 4,  # `make run` kills after 5 s; what is interrupted is queued again
}

LOOPS_END_S = 3.0


class Sweeper(Scheduler):  # type: ignore[misc]  # huey is not typed
    """huey's scheduler, which the consumer keeps alive; each second it also tells the queue of work that it lost."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.pulse = Pulse({"live": "live", "bulk": "worker"}[self.huey.name])

    def loop(self, now: float | None = None) -> None:
        try:
            self.pulse.beat()
            work.enqueue_daily()
            work.sweep(self.huey.name)
        except Exception:  # the database may be away for a while; what is free now is free at the next sweep
            log.exception("the queue %s was not swept", self.huey.name)
        finally:
            database.release()
        super().loop(now)

    def enqueue_periodic_tasks(self, now: float | None = None) -> None:
        """The periodic tasks are the loops, each minute of which begins here."""
        for task in self.huey.read_periodic(now):
            loops.begin(task)


class Processes(ProcessEnvironment):  # type: ignore[misc]  # huey is not typed
    """Worker processes that end with the consumer, however it ends."""

    def __init__(self, *signals: int) -> None:
        super().__init__(*signals)
        self.consumer = os.getpid()

    def init_child(self, process: object) -> None:
        die_with(self.consumer)
        super().init_child(process)


class QueueConsumer(Consumer):  # type: ignore[misc]  # huey is not typed
    scheduler_class = Sweeper

    def get_environment(self, worker_type: str) -> Environment:
        return Processes(self._graceful_sig, self._interrupt_sig) if worker_type == "process" else super().get_environment(worker_type)


def consumer_of(queue: str, settings: Settings) -> QueueConsumer:
    """The consumer of a queue: `live` works in threads, `bulk` in processes."""
    if queue == "bulk":
        return QueueConsumer(work.queue_of(queue), workers=settings.of(QueueSettings).worker_processes, worker_type="process", **OPTIONS)
    consumer = QueueConsumer(work.queue_of(queue), workers=settings.of(QueueSettings).live_threads, worker_type="thread", **OPTIONS)
    loops.schedule(consumer.huey, loops.planned(settings), consumer.stop_flag)
    return consumer


def consume(queue: str, settings: Settings) -> None:
    """Do the work of a queue by the handlers that are registered, until SIGTERM."""
    follow_supervisor()
    logging.getLogger("huey").setLevel(logging.WARNING)  # app.queue says what is done
    remote.configure(settings.of(GuiSettings).remote_timeout_s, settings.of(GuiSettings).remote_recheck_s)
    consumer = consumer_of(queue, settings)
    database.disconnect()  # processes are forked from here
    log.info("the consumer of the queue %s starts", queue)
    consumer.run()
    loops.wait_for_end(LOOPS_END_S)
    for child in multiprocessing.active_children():
        child.kill()


@click.command()
def live() -> None:
    """Do the work of the queue `live`: what repeats and must never wait."""
    settings = cli.open_database()
    jobs.load(AREAS)
    consume("live", settings)


@click.command()
def worker() -> None:
    """Do the work of the queue `bulk`: imports and whatever takes long."""
    settings = cli.open_database()
    jobs.load(AREAS)
    consume("bulk", settings)
