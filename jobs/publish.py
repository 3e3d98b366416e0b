"""What the hub publishes: rendering what is new, and bringing each mirror up to date, each by itself."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from app.settings import Settings
from app.square.outside.folder import writing
from app.square.outside.publishing import publishing
from app.square.outside.sending import SEND_S, sending
from app.work import Repeated, repeats


@repeats
def publish(settings: Settings) -> Iterable[Repeated]:
    """Where anything is meant for outside: what is new for it."""
    if settings.publishes:
        yield Repeated("publish", settings.publish_s, partial(publishing, settings))


@repeats
def send(settings: Settings) -> Iterable[Repeated]:
    """For each mirror, and the folder: what it lacks."""
    for address in settings.publish_mirrors:
        yield Repeated(f"send {address}", SEND_S, partial(sending, address, settings))
    if settings.publish_folder:
        yield Repeated(f"write {settings.publish_folder}", SEND_S, partial(writing, settings))
