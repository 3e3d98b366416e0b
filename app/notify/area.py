"""What the area Notifications adds to menu, status, metrics, API document, commands, jobs and settings."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from app import notify
from app.core.area import Area, MenuItem, StatusLine
from app.notify.settings import NotifySettings

if TYPE_CHECKING:
    from prometheus_client import Metric

    from app.core.settings import Settings


def _status(settings: Settings) -> Iterable[StatusLine]:
    from app.notify.status import lines

    return lines(settings)


def _metrics(settings: Settings) -> Iterable[Metric]:
    from app.notify.status import metrics

    return metrics(settings)


AREA = Area(
    name="notify",
    title="Notifications",
    init_app=notify.init_app,
    menu=(MenuItem("Notifications", "/notifications", "shifter"),),
    status=_status,
    metrics=_metrics,
    jobs="jobs.notify",
    settings=NotifySettings,
    roles={
        "notify.notices": "shifter",
        "notify.again": "operator",
        "notify.test": "operator",
        "notify.announce": "operator",
        "notify.end": "operator",
    },
)
