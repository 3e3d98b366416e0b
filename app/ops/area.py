"""Declaration of the area "Operation"."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from app import ops
from app.core.area import Area, CliCommand, MenuItem, StatusLine
from app.ops.event_source import OperationEvents
from app.ops.settings import ServiceSettings

if TYPE_CHECKING:
    from prometheus_client import Metric

    from app.core.settings import Settings


def _status(settings: Settings) -> Iterable[StatusLine]:
    from app.ops.backup import status as backups
    from app.ops.upgrade import state as upgrades

    return [*backups.status_lines(settings), *upgrades.status_lines(settings)]


def _metrics(settings: Settings) -> Iterable[Metric]:
    from app.ops import gauges

    return gauges.metrics(settings)


AREA = Area(
    name="ops",
    title="Operation",
    init_app=ops.init_app,
    menu=(MenuItem("Status", "/status"), MenuItem("Help", "/help")),
    commands={
        "backup": CliCommand("app.cli.backup", "Maintenance"),
        "restore": CliCommand("app.cli.backup", "Maintenance"),
        "upgrade": CliCommand("app.cli.upgrade", "Maintenance"),
        "doctor": CliCommand("app.cli.doctor", "Maintenance"),
        "preflight": CliCommand("app.cli.preflight", "Maintenance"),
        "config": CliCommand("app.cli.config", "Maintenance"),
        "db": CliCommand("app.cli.db", "Maintenance"),
        "demo": CliCommand("app.cli.demo", "Data"),
        "simulate": CliCommand("app.cli.simulate", "Run"),
        "simulate-clients": CliCommand("app.cli.simulate_clients", "Run"),
        "mirror": CliCommand("app.cli.mirror", "Run"),
        "web": CliCommand("app.cli.web", "Run"),
        "run": CliCommand("app.cli.run", "Run"),
    },
    settings=ServiceSettings,
    status=_status,
    metrics=_metrics,
    events=OperationEvents(),
    roles={
        "openapi.openapi": "public",
        "health.live": "public",
        "health.ready": "public",
        "health.seen": "public",
        "health.metric_text": "viewer",
        "status.status": "viewer",
        "status.release": "operator",
    },
)
