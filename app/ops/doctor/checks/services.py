"""Whether all services of the hub run while one does, with or without systemd."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator

from peewee import PeeweeException, fn

from app.core import database, database_schema
from app.core.area import StatusLine
from app.core.heartbeat import Service, is_alive
from app.core.settings import Settings
from app.gui.status import render_line
from app.ops.backup.running import running_services
from app.ops.doctor.diagnosis import Diagnosis
from app.queue.status import periodic_task_lines, process_lines

STARTING_S = 60.0
"""So long a new `dqmhub live` may take until each periodic task has succeeded."""


def check(settings: Settings, url: str) -> Iterator[Diagnosis]:
    """The heartbeats on all hosts, the periodic tasks, and the render service beside a web server of this host."""
    try:
        with database_schema.reading(settings):
            silent = [line for line in process_lines() if line.state == "down"]
            here = running_services(elsewhere=False)  # a heartbeat outlives a service that was stopped just now
            is_any_elsewhere = Service.select().where(is_alive(), Service.host != socket.gethostname()).exists()
            late = _late_tasks()
    except (PeeweeException, database.UnusableDatabase):  # the check of the database says so
        return
    if not (here or is_any_elsewhere):
        yield Diagnosis("ok", "no service of the hub runs")
        return
    render = render_line(settings)
    is_without_plots = render.state == "down" and any(service.startswith("web ") for service in here)
    for line in silent:
        yield Diagnosis("error", f"dqmhub {line.name} is down: {line.text}{_ago('heartbeat', line)}", _start(line.name))
    for line in late:
        yield Diagnosis("error", f"The {line.name} is late: {line.text}{_ago('success', line)}", "The log of dqmhub live says why")
    if is_without_plots:
        yield Diagnosis("error", f"dqmhub render is down, so no plots are drawn: {render.detail}", _start("render"))
    if not (silent or late or is_without_plots):
        yield Diagnosis("ok", "all services of the hub run")


def _late_tasks() -> list[StatusLine]:
    """The periodic tasks that are late though `dqmhub live` has run long enough."""
    started = Service.select(fn.MIN(Service.started)).where(Service.name == "live", is_alive()).scalar()
    if started is None or time.time() - started < STARTING_S:
        return []
    return [line for line in periodic_task_lines() if line.state == "down"]


def _ago(what: str, line: StatusLine) -> str:
    return "" if line.age_s is None else f", last {what} {line.age_s:.0f} s ago"


def _start(name: str) -> str:
    return f"Start it, by systemctl start dqmhub.target or as `dqmhub {name}`; its log says why it ended"
