"""Whether the hub works: /healthz for machines that restart it, /metrics for Prometheus, /status for people."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any, NamedTuple

from flask import Blueprint, Response, jsonify, redirect, url_for
from peewee import PeeweeException, fn
from werkzeug.wrappers import Response as AnyResponse

from app import queue as work
from app.core import database, heartbeat, metrics
from app.core.settings import Settings
from app.core.version import VERSION
from app.gui.models import FAILED, File
from app.gui.plots import quarantine
from app.notify import status as notice_health
from app.publish import status as outside_health
from app.security import Role, current_user, needs
from app.square.poller import health
from app.web import page, request_settings
from render.client import RenderClient, RenderError, RenderTimeout

blueprint = Blueprint("status", __name__)

OK, WARN, DOWN, IDLE = "ok", "warn", "down", "idle"
QUEUE_WARN_S = 60.0
PING_S = 1.0
LAST_ERRORS = 10
LAST_DAYS = 7
LATE_PERIODS, LATE_S = 3, 15.0
"""A loop that did not go well for so many periods, and so long, is down."""


class Service(NamedTuple):
    """One line of the status page: age_s is the age of what is said, in seconds."""

    name: str
    state: str
    text: str
    age_s: float | None = None
    detail: str = ""


@blueprint.get("/healthz/live")
@needs(Role.PUBLIC)
def live() -> Response:
    """This process answers."""
    return jsonify({"status": "ok"})


@blueprint.get("/healthz/ready")
@needs(Role.PUBLIC)
def ready() -> tuple[Response, int]:
    """This process can serve pages: the database answers and the render service draws."""
    checks = {service.name: service.state for service in (_database(), _render(request_settings()))}
    good = DOWN not in checks.values()
    return jsonify({"status": "ok" if good else "down", "checks": checks}), 200 if good else 503


@blueprint.get("/metrics")
@needs(Role.VIEWER)
def metric_text() -> Response:
    gauges = [f'dqmhub_build_info{{version="{VERSION}"}} 1']
    gauges += [f'dqmhub_work{{queue="{queue}",state="{state}"}} {count}' for (queue, state), count in sorted(work.counts().items())]
    gauges += [f'dqmhub_work_oldest_seconds{{queue="{queue}"}} {work.oldest_queued(queue):.3f}' for queue in ("live", "bulk")]
    now = time.time()
    for loop in work.Loop.select().order_by(work.Loop.name):
        gauges.append(f'dqmhub_loop_failures{{loop="{loop.name}"}} {loop.failures}')
        gauges += [f'dqmhub_loop_age_seconds{{loop="{loop.name}"}} {now - loop.last_ok:.3f}'] if loop.last_ok else []
        gauges += [f'dqmhub_loop_step_seconds{{loop="{loop.name}"}} {loop.duration_s:.3f}'] if loop.duration_s is not None else []
    gauges += [gauge for part in (health, outside_health, notice_health) for gauge in part.metrics(request_settings())]
    states = database.rows(File.select(File.state, fn.COUNT(File.id)).group_by(File.state).order_by(File.state))
    gauges += [f'dqmhub_files{{state="{state}"}} {count}' for state, count in states]
    body = metrics.text() + ("\n".join(gauges) + "\n").encode()
    return Response(body, content_type="text/plain; version=0.0.4; charset=utf-8")


@blueprint.get("/status")
@needs(Role.VIEWER)
def status() -> Response:
    found = [_database(), _render(request_settings())]
    failed_files: list[dict[str, str]] = []
    failed_work: list[work.Work] = []
    held: list[quarantine.Held] = []
    grabbed: dict[str, Any] = {"letters": [], "days": []}
    if found[0].state != DOWN:  # else the page says so, and no more can be known
        found = [*_processes(), *found, *(_queue(name) for name in work.QUEUES), *_loops()]
        found += [Service(*line) for part in (health, outside_health, notice_health) for line in part.lines(request_settings())]
        query = File.select(File.url, File.error).where(File.state == FAILED).order_by(File.id.desc()).limit(LAST_ERRORS)
        failed_files = [{"url": url, "error": error} for url, error in database.rows(query)]
        failed_work = work.last_failed(LAST_ERRORS)
        held = quarantine.held()
        grabbed = {"letters": health.letters(LAST_ERRORS), "days": health.days(LAST_DAYS)}
    shown = {
        "services": [service._asdict() for service in found],
        "failed_files": failed_files,
        "failed_work": failed_work,
        "held": held,
        **grabbed,
    }
    return page("ops/status.html", "ops/status_fragment.html", may_release=current_user().role >= Role.OPERATOR, **shown)


@blueprint.post("/status/release/<int:number>")
@needs(Role.OPERATOR)
def release(number: int) -> AnyResponse:
    """Have an ME drawn again that is in quarantine."""
    quarantine.release(number)
    return redirect(url_for("status.status"), 303)


def _processes() -> list[Service]:
    """The services that write signs of life: who is there, of what version, and who has fallen silent."""
    now = time.time()
    query = heartbeat.Service.select(
        heartbeat.Service.name, heartbeat.Service.host, heartbeat.Service.process, heartbeat.Service.version, heartbeat.Service.seen
    )
    known = database.rows(query.order_by(heartbeat.Service.seen.desc()))
    lines = []
    for name in ("web", "live", "worker"):
        rows = [row for row in known if row[0] == name]
        alive = [row for row in rows if now - row[4] < heartbeat.SILENT_S]
        where = ", ".join(f"{host} process {process}" for _, host, process, _, _ in alive)
        age = now - rows[0][4] if rows else None
        versions = sorted({row[3] for row in alive})
        if alive:
            state = OK if versions == [VERSION] else WARN
            lines.append(Service(name, state, f"{len(alive)} running, version {', '.join(versions)}", age, where))
        else:
            lines.append(Service(name, DOWN, "silent" if rows else "never heard of", age, f"start it with `dqmhub {name}`"))
    return lines


def _database() -> Service:
    start = time.perf_counter()
    try:
        database.check(database.proxy.obj)
    except (PeeweeException, database.UnusableDatabase) as error:
        return Service("database", DOWN, "cannot be used", detail=str(error))
    took = 1000 * (time.perf_counter() - start)
    return Service("database", OK, f"{database.server_version()}, answers in {took:.1f} ms")


def _render(settings: Settings) -> Service:
    try:
        took = RenderClient(settings.data / "render" / "socket", timeout=PING_S).ping()
    except RenderTimeout:
        return Service("render", WARN, f"busy: no picture within {PING_S:g} s", detail="its workers draw plots that take long")
    except RenderError as error:
        return Service("render", DOWN, "does not draw", detail=str(error))
    text, told = f"draws in {1000 * took:.1f} ms", _told(settings.data / "render" / "status.json")
    if lost := told.get("lost"):
        text += f"; {lost} lost processes, the last one {told['last']}"
    if told.get("error"):
        return Service("render", WARN, f"{text}; without plugins", detail=told["error"])
    return Service("render", OK, text, detail="plugins: " + ", ".join(told["plugins"]) if told.get("plugins") else "")


def _told(file: Path) -> dict[str, Any]:
    """What the render service says of its plugins and of the processes that it lost; nothing when it is just starting or ending."""
    try:
        told: dict[str, Any] = json.loads(file.read_bytes().decode(errors="replace"))
    except FileNotFoundError:
        return {}
    return told


def _queue(name: str) -> Service:
    counts = {state: count for (queue, state), count in work.counts().items() if queue == name}
    age = work.oldest_queued(name)
    text = f"{counts.get('queued', 0)} waiting, {counts.get('running', 0)} running, {counts.get('failed', 0)} failed"
    return Service(f"queue {name}", WARN if age > QUEUE_WARN_S else OK if any(counts.values()) else IDLE, text, age or None)


def _loops() -> list[Service]:
    """What repeats: when it last went well, and why it does not."""
    now, found = time.time(), []
    for row in work.Loop.select().order_by(work.Loop.name):
        age = now - row.last_ok if row.last_ok else None
        silent = age is None or age > max(LATE_PERIODS * row.period_s, LATE_S)
        text = f"every {row.period_s:g} s" + (f", takes {row.duration_s:.2f} s" if row.duration_s is not None else "")
        if row.failures:
            text += f", failed {row.failures} times in a row"
        state = DOWN if silent else WARN if row.failures else OK
        found.append(Service(f"loop {row.name}", state, text, age, row.error if row.failures else row.owner))
    return found
