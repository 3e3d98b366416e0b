"""Health of the hub for programs: /healthz for supervisors, /metrics for Prometheus."""

from __future__ import annotations

from collections.abc import Iterator

from flask import Blueprint, Response, current_app, jsonify, request

from app.core import log_context, metrics
from app.core.area import Area
from app.core.clock import CLOCK
from app.core.outages import log_error
from app.core.version import VERSION
from app.ops.disk import disk_line
from app.ops.status import database_line, readiness
from app.security import Role, needs
from app.security.proxies import CLIENT, FORWARDER, HOPS, PEER
from app.security.this_machine import hub_mark
from app.web import request_settings
from app.web.responses import ContentResponse

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz/live")
@needs(Role.PUBLIC)
def live() -> Response:
    """Whether this process answers requests."""
    return jsonify({"status": "ok"})


@blueprint.get("/healthz/ready")
@needs(Role.PUBLIC)
def ready() -> tuple[Response, int]:
    """Whether this process can serve pages and store what is sent: the checks of database and disk, and of all areas."""
    areas: tuple[Area, ...] = current_app.extensions["areas"]
    lines = [database_line(), disk_line(request_settings()), *readiness(areas, request_settings())]
    is_ready = all(line.state != "down" for line in lines)
    body = {"status": "ok" if is_ready else "down", "checks": {line.name: line.state for line in lines}}
    return jsonify(body), 200 if is_ready else 503


@blueprint.get("/healthz/seen")
@needs(Role.PUBLIC)
def seen() -> Response:
    """This request as it has reached the hub, and which hub that is: `dqmhub doctor` compares both with what it has sent, and where."""
    environ = request.environ
    body = {"scheme": request.scheme, "host": request.host, "prefix": request.script_root, "proxy": environ[FORWARDER]}
    body["hub"] = hub_mark(request_settings())
    response = jsonify(
        {**body, "client": environ[CLIENT], "peer": environ[PEER], "hops": environ[HOPS], "request_id": log_context.request_id()}
    )
    response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.get("/metrics")
@needs(Role.VIEWER)
def metric_text() -> Response:
    """Counters of the web processes and gauges of all areas, in the text format of Prometheus."""
    body = metrics.counter_text() + b"".join(_texts())
    return ContentResponse(body, content_type="text/plain; version=0.0.4; charset=utf-8")


def _texts() -> Iterator[bytes]:
    """The gauges of the areas as text; those of an area that fails are left out."""
    yield metrics.family_text([metrics.gauge("dqmhub_build_info", "Version of DQM Hub", [({"version": VERSION}, 1)])])
    yield metrics.family_text(
        [
            metrics.gauge(
                "dqmhub_clock_set_seconds", "By how much the clock of the machine was set and not corrected", [({}, CLOCK.set_by_s())]
            )
        ]
    )
    failed = []
    for area in current_app.extensions["areas"]:
        try:
            yield metrics.family_text(area.metrics(request_settings()) if area.metrics else [])
        except Exception as error:  # the metrics of the other areas still work
            log_error(f"The metrics of the area {area.name} failed", error)
            failed.append(area.name)
    samples = [({"area": name}, 1) for name in failed]
    yield metrics.family_text([metrics.gauge("dqmhub_metrics_failed", "Areas whose metrics failed", samples)])
