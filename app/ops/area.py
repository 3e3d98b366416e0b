"""What the area Operation adds to menu, status, metrics, API document, commands, jobs and settings."""

from __future__ import annotations

from app import ops
from app.core.area import Area, MenuItem
from app.ops.settings import ServiceSettings

AREA = Area(
    name="ops",
    title="Operation",
    init_app=ops.init_app,
    menu=(MenuItem("Status", "/status"), MenuItem("Help", "/help")),
    commands={
        "config": "app.cli.config",
        "db": "app.cli.db",
        "demo": "app.cli.demo",
        "simulate": "app.cli.simulate",
        "mirror": "app.cli.mirror",
        "web": "app.cli.services",
        "run": "app.cli.services",
    },
    settings=ServiceSettings,
    roles={
        "openapi.openapi": "public",
        "health.live": "public",
        "health.ready": "public",
        "health.metric_text": "viewer",
        "status.status": "viewer",
        "status.release": "operator",
    },
)
