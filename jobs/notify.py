"""Periodic tasks of notifications: detection, and delivery by each channel; daily removal of old ones."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from app.core.settings import Settings, load
from app.notify.added_delivery import added_delivery_task
from app.notify.channels import channels
from app.notify.delivery import delivery_task
from app.notify.detection import detection_task, watched_systems
from app.notify.retention import remove_old
from app.notify.settings import NotifySettings
from app.queue.execution import handler, report
from app.queue.models import BackgroundJob
from app.queue.periodic import PeriodicTask, periodic_tasks

PERIOD_S = 2.0


@periodic_tasks
def detect(settings: Settings) -> Iterable[PeriodicTask]:
    """Detection, when a system is watched."""
    if systems := watched_systems(settings):
        yield PeriodicTask("notifications", PERIOD_S, partial(detection_task, settings, systems))


@periodic_tasks
def deliver(settings: Settings) -> Iterable[PeriodicTask]:
    """Delivery, for each channel of the settings, and for all channels that operators add on the page."""
    yield PeriodicTask("notifications by added channels", PERIOD_S, partial(added_delivery_task, settings))
    for channel in channels(settings):
        yield PeriodicTask(f"notifications by {channel.name}", PERIOD_S, partial(delivery_task, channel, settings.public_url))


@handler("clean-notifications", daily=True)
def clean(job: BackgroundJob) -> None:
    """Remove notifications that are older than the settings say."""
    removed = remove_old(load().of(NotifySettings).notify_keep_days, lambda count: report(job, None, f"{count} notifications removed"))
    report(job, None, f"{removed} notifications and maintenance windows removed")
