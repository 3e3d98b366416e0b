"""What the hub publishes: rendering what is new, and bringing each mirror up to date, each by itself."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from app.core.settings import Settings
from app.publish.folder import writing
from app.publish.publisher import publishing
from app.publish.sending import SEND_S, sending
from app.publish.settings import PublishSettings
from app.queue import Repeated, repeats


@repeats
def publish(settings: Settings) -> Iterable[Repeated]:
    """Where anything is meant for outside: what is new for it."""
    if settings.of(PublishSettings).publishes:
        yield Repeated("publish", settings.of(PublishSettings).publish_s, partial(publishing, settings))


@repeats
def send(settings: Settings) -> Iterable[Repeated]:
    """For each mirror, and the folder: what it lacks."""
    for address in settings.of(PublishSettings).publish_mirrors:
        yield Repeated(f"send {address}", SEND_S, partial(sending, address, settings))
    if settings.of(PublishSettings).publish_folder:
        yield Repeated(f"write {settings.of(PublishSettings).publish_folder}", SEND_S, partial(writing, settings))
