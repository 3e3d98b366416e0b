"""Background jobs of DQM^2: polling P5, and deleting old data."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from app.core.settings import Settings, load
from app.queue.execution import handler, report
from app.queue.models import BackgroundJob
from app.queue.periodic import PeriodicTask, periodic_tasks
from app.square.poller import retention
from app.square.poller.cluster import cluster_watcher
from app.square.poller.system_poller import system_poller
from app.square.settings import SquareSettings


@periodic_tasks
def poll_documents(settings: Settings) -> Iterable[PeriodicTask]:
    """Poll the documents of each system."""
    square = settings.of(SquareSettings)
    for system, machines in square.square_machines.items():
        yield PeriodicTask(f"poll {system}", square.square_poll_s, partial(system_poller, system, machines, settings))


@periodic_tasks
def watch_clusters(settings: Settings) -> Iterable[PeriodicTask]:
    """Poll the status of the machines of each system."""
    square = settings.of(SquareSettings)
    for system in square.square_machines:
        yield PeriodicTask(f"cluster {system}", square.square_status_s, partial(cluster_watcher, system, settings))


@handler("clean-square", daily=True)
def delete_old_data(job: BackgroundJob) -> None:
    """Delete data of DQM^2 that are older than the settings allow."""
    deleted = retention.delete_old(load(), lambda text: report(job, None, f"{text} deleted"))
    report(job, None, ", ".join(f"{count} {kind}" for kind, count in deleted.items()) + " deleted")
