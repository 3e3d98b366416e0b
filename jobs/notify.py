"""Who is told of what happens at P5: finding it, telling it by each channel, and forgetting it."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from app.core.settings import Settings, load
from app.notify import status
from app.notify.channels import channels
from app.notify.delivery import telling
from app.notify.detection import finding
from app.notify.settings import NotifySettings
from app.queue import BackgroundJob, PeriodicTask, handler, periodic_tasks, report
from app.square.settings import SquareSettings

PERIOD_S = 2.0


@periodic_tasks
def find(settings: Settings) -> Iterable[PeriodicTask]:
    """What happened in the systems that are grabbed and told of."""
    systems = [system for system in settings.of(NotifySettings).notice_systems if system in settings.of(SquareSettings).square_machines]
    if systems:
        yield PeriodicTask("notices", PERIOD_S, partial(finding, settings, systems))


@periodic_tasks
def tell(settings: Settings) -> Iterable[PeriodicTask]:
    """For each channel: its deliveries."""
    for channel in channels(settings):
        yield PeriodicTask(f"notices by {channel.name}", PERIOD_S, partial(telling, channel, settings.public_url))


@handler("clean-notices", daily=True)
def clean(job: BackgroundJob) -> None:
    """Remove notices that are older than the settings say."""
    removed = status.clean(load().of(NotifySettings).notice_keep_days, lambda count: report(job, None, f"{count} notices removed"))
    report(job, None, f"{removed} notices and maintenance windows removed")
