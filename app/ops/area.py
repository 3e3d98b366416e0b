"""Declaration of the area "Operation"."""

from __future__ import annotations

from app import ops
from app.core.area import Area, CliCommand, MenuItem
from app.ops.settings import ServiceSettings

AREA = Area(
    name="ops",
    title="Operation",
    init_app=ops.init_app,
    menu=(MenuItem("Status", "/status"), MenuItem("Help", "/help")),
    commands={
        "backup": CliCommand("app.cli.backup", "Maintenance"),
        "restore": CliCommand("app.cli.backup", "Maintenance"),
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
