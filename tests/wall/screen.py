"""A screen with a wall: a site with all kinds of panels, and what a page keeps in memory."""

from __future__ import annotations

import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from playwright.sync_api import Page

from app.core.settings import Settings
from app.gui.layouts.importing.bulk_import import import_all
from app.gui.layouts.layout import Layout, PlotCell
from app.notify.models import Notification
from app.wall.definition import parse_wall
from app.wall.store import save_wall
from tests.notify import seed
from tests.support import gui
from tests.support.processes import service, until
from tests.support.site import address, answers, bound, site

SCREEN: dict[str, Any] = {"viewport": {"width": 1920, "height": 1080}}
COSMICS = "/Cosmics/Run2023C-Demo-v1/DQMIO"
LAYER = "PixelPhase1/Tracks/PXBarrel/charge_PXLayer_{}"
TAB_S = 10


def wall_document() -> dict[str, Any]:
    """A wall with one panel of each kind that needs no alarms."""
    dataset = {"dataset": COSMICS}
    now = [
        {"kind": "subsystems", "width": 2, "height": 2, "options": dataset},
        {"kind": "clients", "height": 2},
        {"kind": "notices"},
        {"kind": "text", "width": 2, "options": {"text": "Shift leader: 16 5004"}},
    ]
    plots = [{"kind": "layout", "options": {"layout": "00 Shift/Pixel", **dataset}}]
    tabs = [
        {"title": "Now", "seconds": TAB_S, "columns": 3, "rows": 3, "panels": now},
        {"title": "Pixel", "seconds": TAB_S, "columns": 1, "rows": 1, "panels": plots},
    ]
    return {"name": "shift", "title": "Shift crew", "tabs": tabs}


def fill() -> None:
    """Store the wall, its layout, clients and events."""
    import_all([Layout("00 Shift/Pixel", ("offline",), (tuple(PlotCell(LAYER.format(layer)) for layer in (1, 2, 3, 4)),))])
    now = time.time()
    for number in range(40):
        seed.job(367140, f"client{number}", now - number, exit_code=134 if number == 7 else None)
    row = {"system": "production", "run": 1, "key": "", "detected": 0.0, "outcome": "notified", "kind": "crash"}
    for number in range(12):
        title, text = f"Client number {number} crashed", "exit code 134 SIGABRT in the third lumisection of the run on dqmfu-c2b03-45-01"
        Notification.create(event=str(number), subject=str(number), title=title, text=text, at=now - 60 * number, **row)
    save_wall(parse_wall(wall_document()))


@contextmanager
def wall_site(folder: Path, template: Path, files: list[Path]) -> Iterator[Settings]:
    """A hub with a render service and the wall; its web server can be started with `service`."""
    base = Settings(data_dir=str(folder), file_roots=(str(files[0].parent),), web_workers=1, wall_refresh_s=1.0)
    with gui.render_service(folder / "render"):
        with site(base, template, files) as settings, bound(settings):
            fill()
            until(lambda: urllib.request.urlopen(f"{address(settings)}/browse/367140{COSMICS}").status == 200, "the list of the file")
        yield settings


@contextmanager
def web_server(settings: Settings) -> Iterator[None]:
    """The running web server of a site."""
    with service(settings, "web"):
        until(lambda: answers(settings), "the web server")
        yield


class PageMemory(NamedTuple):
    """What a page keeps after garbage collection."""

    heap_kb: float
    nodes: int
    listeners: int


def memory(page: Page) -> PageMemory:
    """The memory of a page now."""
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable")
    for _ in range(2):
        session.send("HeapProfiler.collectGarbage")
    found = {metric["name"]: metric["value"] for metric in session.send("Performance.getMetrics")["metrics"]}
    session.detach()
    return PageMemory(found["JSHeapUsedSize"] / 1024, int(found["Nodes"]), int(found["JSEventListeners"]))
