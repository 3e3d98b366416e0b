"""Declaration of the area "Trends"."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from app import trends
from app.core.area import Area, CliCommand, HelpTopic, MenuItem, StatusLine
from app.trends.settings import TrendSettings

if TYPE_CHECKING:
    from prometheus_client import Metric

    from app.core.settings import Settings


def _status(settings: Settings) -> Iterable[StatusLine]:
    from app.trends.status import status_lines

    return status_lines(settings)


def _metrics(settings: Settings) -> Iterable[Metric]:
    from app.trends.status import metrics

    return metrics(settings)


AREA = Area(
    name="trends",
    title="Trends",
    init_app=trends.init_app,
    menu=(MenuItem("Trends", "/trends"),),
    status=_status,
    metrics=_metrics,
    jobs="jobs.trends",
    commands={"trends": CliCommand("app.cli.trends", "Data")},
    settings=TrendSettings,
    help=(HelpTopic("trends", "Trends", "trends/help.html"),),
    roles={
        "trends.trends": "viewer",
        "trends.points": "viewer",
    },
)
