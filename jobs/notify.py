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
from app.queue import Repeated, Work, handler, repeats, report
from app.square.settings import SquareSettings

PERIOD_S = 2.0


@repeats
def find(settings: Settings) -> Iterable[Repeated]:
    """What happened in the systems that are grabbed and told of."""
    systems = [system for system in settings.of(NotifySettings).notice_systems if system in settings.of(SquareSettings).square_machines]
    if systems:
        yield Repeated("notices", PERIOD_S, partial(finding, settings, systems))


@repeats
def tell(settings: Settings) -> Iterable[Repeated]:
    """For each channel: its deliveries."""
    for channel in channels(settings):
        yield Repeated(f"notices by {channel.name}", PERIOD_S, partial(telling, channel, settings.public_url))


@handler("clean-notices", daily=True)
def clean(work: Work) -> None:
    """Remove notices that are older than the settings say."""
    removed = status.clean(load().of(NotifySettings).notice_keep_days, lambda count: report(work, None, f"{count} notices removed"))
    report(work, None, f"{removed} notices and maintenance windows removed")
