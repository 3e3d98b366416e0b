"""Background jobs of DQM^2: polling P5, and removing what is older than the settings allow."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from app.core.settings import Settings, load
from app.queue import BackgroundJob, PeriodicTask, handler, periodic_tasks, report
from app.square.poller import retention
from app.square.poller.cluster import watching
from app.square.poller.grabber import grabbing
from app.square.settings import SquareSettings


@periodic_tasks
def grab(settings: Settings) -> Iterable[PeriodicTask]:
    """For each system that has machines: their documents."""
    for system, machines in settings.of(SquareSettings).square_machines.items():
        yield PeriodicTask(f"grab {system}", settings.of(SquareSettings).square_grab_s, partial(grabbing, system, machines, settings))


@periodic_tasks
def watch(settings: Settings) -> Iterable[PeriodicTask]:
    """For each system that has machines: which of them are up."""
    for system in settings.of(SquareSettings).square_machines:
        yield PeriodicTask(f"cluster {system}", settings.of(SquareSettings).square_status_s, partial(watching, system, settings))


@handler("clean-square", daily=True)
def clean_square(job: BackgroundJob) -> None:
    """Remove stored data of DQM^2 that is older than the settings say."""
    removed = retention.clean(load(), lambda text: report(job, None, f"{text} removed"))
    report(job, None, ", ".join(f"{count} {kind}" for kind, count in removed.items()) + " removed")
