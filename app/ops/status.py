"""The status page: state of each service, and latest failures."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator

from flask import Blueprint, Response, current_app, redirect, render_template, url_for
from markupsafe import Markup
from peewee import PeeweeException
from werkzeug.wrappers import Response as AnyResponse

from app.core import database, database_schema
from app.core.area import Area, StatusLine
from app.core.heartbeat import broken_disk
from app.core.outages import log_error, outage_of
from app.core.settings import Settings
from app.gui.plots import quarantine
from app.ops.clock import clock_line
from app.ops.disk import disk_line
from app.ops.hosts import host_line
from app.security import Role, needs
from app.security.caller import current_user
from app.web import page, request_settings

blueprint = Blueprint("status", __name__)

LOCK_WAIT_S = 1.0
LOCKED = "locked by another program: pages can be read, nothing can be stored"
NEWER = "of a newer version: start the services of that"
READ_ONLY = "cannot be written: pages can be read, nothing can be stored"


@blueprint.get("/status")
@needs(Role.VIEWER)
def status() -> Response:
    """Lines and tables of all areas; if the database is down, only the checks that do not need it."""
    areas: tuple[Area, ...] = current_app.extensions["areas"]
    base = [database_line(), disk_line(request_settings())]
    if base[0].state == "down":
        lines = [*base, *readiness(areas, request_settings())]
        return page("ops/status.html", "ops/status_fragment.html", lines=lines, tables=[])
    tables, failures = _tables(areas)
    lines = [
        *base,
        clock_line(),
        host_line(request_settings()),
        *(line for area in areas for line in _lines_of(area, request_settings())),
        *failures,
    ]
    return page("ops/status.html", "ops/status_fragment.html", lines=lines, tables=tables)


def readiness(areas: Iterable[Area], settings: Settings) -> list[StatusLine]:
    """The checks of all areas, whether this process can serve pages; one that fails is down."""
    lines = []
    for area in areas:
        for check in area.ready:
            try:
                lines.append(check(settings))
            except Exception as error:
                log_error(f"A check of the area {area.name} failed", error)
                lines.append(_failed(area, error))
    return lines


def _failed(area: Area, error: Exception) -> StatusLine:
    return StatusLine(area.title, "down", "status unknown", detail=f"{type(error).__name__}: {error}")


def _lines_of(area: Area, settings: Settings) -> Iterator[StatusLine]:
    """The lines of an area; if they fail, a line with the error, so that the other areas are shown."""
    if area.status is None:
        return
    try:
        yield from area.status(settings)
    except Exception as error:
        log_error(f"The status of the area {area.name} failed", error)
        yield _failed(area, error)


def _tables(areas: tuple[Area, ...]) -> tuple[list[Markup], list[StatusLine]]:
    """The tables of all areas, and a line for each that fails."""
    may_release = current_user().role >= Role.OPERATOR
    tables, failures = [], []
    for area in areas:
        for table in area.status_tables:
            try:
                tables.append(Markup(render_template(table.template, may_release=may_release, **table.context())))
            except Exception as error:
                log_error(f"A table of the area {area.name} failed", error)
                failures.append(_failed(area, error))
    return tables, failures


def database_line() -> StatusLine:
    """State and response time of the database, and whether it can be written."""
    start = time.perf_counter()
    try:
        database_schema.check(database.proxy.obj)
    except database.NewerDatabase as error:  # by an upgrade while this process runs: its tables are still there
        return StatusLine("database", "warn", NEWER, detail=str(error))
    except (PeeweeException, database.UnusableDatabase) as error:
        return StatusLine("database", "down", "unusable", detail=str(error))
    duration_ms = 1000 * (time.perf_counter() - start)
    file = database.sqlite_file()
    if file and not os.access(file, os.W_OK):  # as after an error of its disk; SQLite says so only when it writes
        return StatusLine("database", "warn", READ_ONLY, detail=f"{file} is read-only for this process: check its disk and its owner")
    if broken := broken_disk():
        return StatusLine("database", "warn", READ_ONLY, detail=f"{broken}: look for errors of the disk of {file} (dmesg) and replace it")
    if reason := _write_error():
        return StatusLine("database", "warn", LOCKED, detail=reason)
    return StatusLine("database", "ok", f"{database.server_version()}, responds in {duration_ms:.1f} ms")


def _write_error() -> str:
    """Why SQLite cannot be written, "" if it can: its only write lock is free within LOCK_WAIT_S, far more than our services hold it."""
    if not database.is_sqlite():
        return ""
    try:
        with database.waiting_at_most(LOCK_WAIT_S), database.proxy.atomic():
            return ""
    except PeeweeException as error:
        outage = outage_of(error)
        if outage is None:
            raise
        return outage.reason if outage.kind == "busy" else ""


@blueprint.post("/status/release/<int:number>")
@needs(Role.OPERATOR)
def release(number: int) -> AnyResponse:
    """Release a monitor element from quarantine, so that it is drawn again."""
    quarantine.release(number)
    return redirect(url_for("status.status"), 303)
