"""Declaration of the area "Notifications"."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from app import notify
from app.core.area import Area, HelpTopic, MenuItem, StatusLine
from app.notify.channel_folders import channel_tables
from app.notify.settings import NotifySettings
from app.notify.wall_panels import NOTICES

if TYPE_CHECKING:
    from prometheus_client import Metric

    from app.core.settings import Settings


def _status(settings: Settings) -> Iterable[StatusLine]:
    from app.notify.status import lines

    return lines(settings)


def _metrics(settings: Settings) -> Iterable[Metric]:
    from app.notify.status import metrics

    return metrics(settings)


def channel_settings() -> tuple[tuple[str, type], ...]:
    """Titles and tables of the settings of channels."""
    return tuple((f"Notifications by {kind}", table) for kind, table in channel_tables())


AREA = Area(
    name="notify",
    title="Notifications",
    init_app=notify.init_app,
    menu=(MenuItem("Notifications", "/notifications", "shifter", below=("/events",)),),
    status=_status,
    metrics=_metrics,
    jobs="jobs.notify",
    help=(HelpTopic("notify", "Events and notifications", "notify/help.html"),),
    settings=NotifySettings,
    wall_panels=(NOTICES,),
    more_settings=channel_settings(),
    roles={
        "notify.notifications": "shifter",
        "notify_events.events": "viewer",
        "notify_events.event": "viewer",
        "notify.own_notifications": "viewer",
        "notify.subscribe": "viewer",
        "notify.resend": "operator",
        "notify.send_test": "operator",
        "notify.announce_maintenance": "operator",
        "notify.end_maintenance": "operator",
        "notify_channels.channel_list": "operator",
        "notify_channels.new_channel": "operator",
        "notify_channels.add": "operator",
        "notify_channels.edit": "operator",
        "notify_channels.change": "operator",
        "notify_channels.enable": "operator",
        "notify_channels.delete": "operator",
    },
)
