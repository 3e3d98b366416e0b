"""State of the DQM GUI for the status page, /healthz and /metrics: render service, files, quarantine."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from peewee import fn

from app.core.area import StatusLine
from app.core.database import rows
from app.core.metrics import gauge
from app.core.settings import Settings
from app.gui.models import FAILED, File
from app.gui.plots import quarantine
from render.client import RenderClient
from render.errors import RenderError, RenderTimeout

if TYPE_CHECKING:
    from prometheus_client import Metric

PING_S = 1.0
LAST_ERRORS = 10


def status_lines(settings: Settings) -> Iterator[StatusLine]:
    """The line of the render service."""
    yield render_line(settings)


def render_line(settings: Settings) -> StatusLine:
    """Whether the render service draws, how fast, with which plugins, and which processes it lost."""
    try:
        took_s = RenderClient(settings.data / "render" / "socket", timeout=PING_S).ping()
    except RenderTimeout:
        return StatusLine("render", "warn", f"busy: no picture within {PING_S:g} s", detail="its workers draw plots that take long")
    except RenderError as error:
        return StatusLine("render", "down", "does not draw", detail=str(error))
    text, report = f"draws in {1000 * took_s:.1f} ms", _own_report(settings.data / "render" / "status.json")
    if lost := report.get("lost"):
        text += f"; {lost} lost processes, the last one {report['last']}"
    if report.get("error"):
        return StatusLine("render", "warn", f"{text}; without plugins", detail=report["error"])
    return StatusLine("render", "ok", text, detail="plugins: " + ", ".join(report["plugins"]) if report.get("plugins") else "")


def _own_report(file: Path) -> dict[str, Any]:
    """What the render service writes of its plugins and lost processes; empty while it starts or ends."""
    try:
        report: dict[str, Any] = json.loads(file.read_bytes().decode(errors="replace"))
    except FileNotFoundError:
        return {}
    return report


def problems() -> Mapping[str, Any]:
    """The files that failed last, and the monitor elements in quarantine, for the status page."""
    query = File.select(File.url, File.error).where(File.state == FAILED).order_by(File.id.desc()).limit(LAST_ERRORS)
    return {"failed_files": [{"url": url, "error": error} for url, error in rows(query)], "held": quarantine.held()}


def metrics(_: Settings) -> Iterator[Metric]:
    """Files by state."""
    states = rows(File.select(File.state, fn.COUNT(File.id)).group_by(File.state).order_by(File.state))
    yield gauge("dqmhub_files", "Registered files by state", [({"state": state}, count) for state, count in states])
