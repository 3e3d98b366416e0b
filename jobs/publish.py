"""Periodic tasks of publishing: publish changes, and bring each mirror up to date, independently of the others."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from app.core.area import current_areas
from app.core.settings import Settings
from app.publish.areas import published_areas
from app.publish.folder import writing
from app.publish.publisher import publishing
from app.publish.sending import SEND_S, sending
from app.publish.settings import PublishSettings
from app.queue.periodic import PeriodicTask, periodic_tasks


@periodic_tasks
def publish(settings: Settings) -> Iterable[PeriodicTask]:
    """The publisher, if a setting names a mirror or a folder."""
    ours = settings.of(PublishSettings)
    if ours.publishes:
        yield PeriodicTask("publish", ours.publish_s, partial(publishing, settings, published_areas(current_areas())))


@periodic_tasks
def send(settings: Settings) -> Iterable[PeriodicTask]:
    """One sender for each mirror, and for the folder."""
    ours = settings.of(PublishSettings)
    for address in ours.publish_mirrors:
        yield PeriodicTask(f"send {address}", SEND_S, partial(sending, address, settings))
    if ours.publish_folder:
        yield PeriodicTask(f"write {ours.publish_folder}", SEND_S, partial(writing, settings))
