"""State of the DQM GUI for the status page, /healthz and /metrics: render service, files, quarantine, watched folders."""

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
from app.gui.files.shown import shown_path, shown_text
from app.gui.layouts.watched.status import broken_files, folder_lines
from app.gui.models import FAILED, File
from app.gui.plots import quarantine
from app.gui.snapshots import status as snapshots
from render.client import RenderClient
from render.errors import RenderError, RenderTimeout

if TYPE_CHECKING:
    from prometheus_client import Metric

PING_S = 1.0
LAST_ERRORS = 10


def status_lines(settings: Settings) -> Iterator[StatusLine]:
    """The lines of the render service, of the snapshots of ongoing runs and of the watched folders."""
    yield render_line(settings)
    yield from snapshots.status_lines(settings)
    yield from folder_lines(settings)


def render_line(settings: Settings) -> StatusLine:
    """State of the render service: time for a plot, plugins, lost processes."""
    try:
        duration_s = RenderClient(settings.data / "render" / "socket", timeout=PING_S).ping()
    except RenderTimeout:
        return StatusLine("render", "warn", f"busy: no plot within {PING_S:g} s", detail="all workers draw plots that take long")
    except RenderError as error:
        return StatusLine("render", "down", "not responding", detail=str(error))
    text, report = f"draws in {1000 * duration_s:.1f} ms", _service_report(settings.data / "render" / "status.json")
    if lost := report.get("lost"):
        text += f"; {lost} lost processes, last: {report['last']}"
    if report.get("error"):
        return StatusLine("render", "warn", f"{text}; without plugins", detail=report["error"])
    return StatusLine("render", "ok", text, detail="plugins: " + ", ".join(report["plugins"]) if report.get("plugins") else "")


def _service_report(file: Path) -> dict[str, Any]:
    """The report of the render service on its plugins and lost processes; empty while it starts or ends."""
    try:
        report: dict[str, Any] = json.loads(file.read_bytes().decode(errors="replace"))
    except (OSError, ValueError):  # ValueError: one of an older service on a full disk
        return {}
    return report


def problems() -> Mapping[str, Any]:
    """Values of gui/status_tables.html: failed files, the quarantined monitor elements, files of watched folders."""
    query = File.select(File.url, File.error).where(File.state == FAILED).order_by(File.id.desc()).limit(LAST_ERRORS)
    failed = [{"url": shown_path(url), "error": shown_text(error, url)} for url, error in rows(query)]
    quarantined = [me._replace(url=shown_path(me.url)) for me in quarantine.quarantined()]
    broken = [
        {
            "path": shown_path(file.path),
            "problem": shown_text(file.problem, file.path),
            "problems": file.problems,
            "contents": file.contents,
        }
        for file in broken_files()
    ]
    return {"failed_files": failed, "quarantined": quarantined, "layout_files": broken}


def metrics(settings: Settings) -> Iterator[Metric]:
    """Whether the render service draws, files by state, and snapshots of ongoing runs."""
    yield gauge("dqmhub_render_up", "Whether the render service draws plots", [({}, render_line(settings).state != "down")])
    states = rows(File.select(File.state, fn.COUNT(File.id)).group_by(File.state).order_by(File.state))
    yield gauge("dqmhub_files", "Registered files by state", [({"state": state}, count) for state, count in states])
    yield from snapshots.metrics(settings)
