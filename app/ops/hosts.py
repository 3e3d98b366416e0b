"""Whether the hosts of a hub have the same keys and settings, and share their folders."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator

from app.core import database
from app.core.area import StatusLine
from app.core.common_state import KEY, KEY_FILES, common_state, differences
from app.core.database import rows
from app.core.heartbeat import Service, is_alive
from app.core.settings import Settings
from app.gui.settings import GuiSettings
from app.queue.settings import QueueSettings
from app.trends.settings import TrendSettings


def host_problems(settings: Settings) -> Iterator[tuple[str, str]]:
    """Each difference between this host and those whose services run now, and what to do, as sentences."""
    ours, here = common_state(settings), socket.gethostname()
    recent = rows(Service.select(Service.host, Service.common).where(is_alive()).order_by(Service.host))
    others = sorted({(host, common) for host, common in recent if host != here})
    for host, common in others:
        for name in differences(ours, json.loads(common)):
            yield f"{host} has another {name} than {here}", _remedy(name)
    if others:
        yield from _own_folders(settings, here)


def _remedy(name: str) -> str:
    if name == KEY:
        return "Set secret_key to the same text on all hosts: sessions of one are not valid on the other"
    if name in KEY_FILES:
        return f"Copy {name} in data_dir from the host that publishes to all with dqmhub live, and start them again"
    return f"Set {name} to the same value on all hosts, and start their services again"


def _own_folders(settings: Settings, here: str) -> Iterator[tuple[str, str]]:
    """What only one of several hosts can see."""
    if database.is_sqlite():
        yield f"{here} is one of several hosts, and has SQLite", "Set database_url to a PostgreSQL database"
    if not settings.of(QueueSettings).huey_url:
        yield f"{here} is one of several hosts, and has message queues of its own", "Set huey_url to the same Redis on all hosts"
    gui = settings.of(GuiSettings)
    if gui.live_snapshots and not gui.live_snapshots_dir:
        text = f"{here} has a folder of its own for snapshots of ongoing runs, so other hosts refuse windows of them"
        yield text, "Set live_snapshots_dir to a folder that all hosts share, or live_snapshots to 0"
    if not settings.of(TrendSettings).trend_configs and (settings.data / "trends").exists():
        text = f"{here} has a folder of its own for configurations of trends"
        yield text, "Set trend_configs to a folder that all hosts share"


def host_line(settings: Settings) -> StatusLine:
    """Whether this host has the same keys, settings and folders as the others."""
    found = list(host_problems(settings))
    if not found:
        return StatusLine("hosts", "ok", "the hosts of this hub have the same keys and settings")
    return StatusLine("hosts", "warn", f"{found[0][0]}", detail="; ".join(f"{text}: {remedy}" for text, remedy in found))
