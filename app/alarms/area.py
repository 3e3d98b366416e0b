"""Declaration of the area "Alarms"."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from app import alarms
from app.alarms.event_source import AlarmEvents
from app.alarms.settings import AlarmSettings
from app.core.area import Area, CliCommand, StatusLine

if TYPE_CHECKING:
    from prometheus_client import Metric

    from app.core.settings import Settings


def _status(settings: Settings) -> Iterable[StatusLine]:
    from app.alarms.status import status_lines

    return status_lines()


def _metrics(settings: Settings) -> Iterable[Metric]:
    from app.alarms.status import metrics

    return metrics()


AREA = Area(
    name="alarms",
    title="Alarms",
    init_app=alarms.init_app,
    status=_status,
    metrics=_metrics,
    jobs="jobs.alarms",
    commands={"alarms": CliCommand("app.cli.alarms", "Data")},
    settings=AlarmSettings,
    events=AlarmEvents(),
)
