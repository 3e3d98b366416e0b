"""Declaration of the area "Background jobs"."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from app.core.area import Area, CliCommand, StatusLine, StatusTable
from app.queue.settings import QueueSettings

if TYPE_CHECKING:
    from prometheus_client import Metric

    from app.core.settings import Settings


def _status(settings: Settings) -> Iterable[StatusLine]:
    from app.queue.status import status_lines

    return status_lines(settings)


def _metrics(settings: Settings) -> Iterable[Metric]:
    from app.queue.status import metrics

    return metrics(settings)


def _failed_jobs() -> Mapping[str, Any]:
    from app.queue.status import failed_jobs

    return failed_jobs()


AREA = Area(
    name="queue",
    title="Background jobs",
    status=_status,
    status_tables=(StatusTable("queue/failed_jobs.html", _failed_jobs),),
    metrics=_metrics,
    jobs="jobs.queue",
    commands={
        "jobs": CliCommand("app.cli.jobs", "Maintenance"),
        "live": CliCommand("app.cli.consumers", "Run"),
        "worker": CliCommand("app.cli.consumers", "Run"),
    },
    settings=QueueSettings,
)
