"""A data folder on a disk that is full, read-only or broken: pages have a banner, and requests that store something are refused."""

from __future__ import annotations

from typing import Literal, NamedTuple

from flask import Flask, Response, request

from app.core.area import StatusLine, current_areas
from app.core.database import is_sqlite, sqlite_file
from app.core.disk import disk_space, is_full, is_read_only
from app.core.heartbeat import broken_disk
from app.core.settings import Settings
from app.web import Problem, request_settings
from app.web.errors import FULL

READING = frozenset({"GET", "HEAD", "OPTIONS"})

LITTLE_BYTES = 1 << 30
LITTLE_FRACTION = 0.05
"""A disk with less free space, and a smaller part of it, is shown as nearly full."""

READ_ONLY = "DQM Hub cannot write to its disk: nothing can be stored or changed until an administrator has repaired that"
ONLY_PLOTS = {
    "full": "The disk of DQM Hub is full: plots are drawn, but not kept, so pages are slow until there is space again",
    "read-only": "DQM Hub cannot write to its disk: plots are drawn, but not kept, so pages are slow until an administrator has repaired that",
}
"""Texts of the banner while a database server holds the data."""

DiskState = Literal["full", "read-only", ""]


class DiskBanner(NamedTuple):
    """A banner of all pages, which is hidden unless the disk is in this state."""

    state: DiskState
    text: str
    is_shown: bool


def init_app(app: Flask, settings: Settings) -> None:
    """Add the banners and the refusals to the whole application."""
    app.before_request(_refuse)
    app.after_request(_name_state)
    app.context_processor(lambda: {"disk_banners": _banners(settings)})


def _disk_state(settings: Settings) -> DiskState:
    if is_read_only(sqlite_file() or settings.data) or broken_disk():
        return "read-only"
    return "full" if is_full(settings.data) else ""


def _banners(settings: Settings) -> list[DiskBanner]:
    texts = {"full": FULL, "read-only": READ_ONLY} if is_sqlite() else ONLY_PLOTS
    found = _disk_state(settings)
    return [DiskBanner(state, f"{texts[state]}.", state == found) for state in ("full", "read-only")]


def _name_state(response: Response) -> Response:
    """Tell open pages in each response: a poll may have no other news."""
    if "HX-Request" in request.headers and (state := _disk_state(request_settings())):
        response.headers["DQM-Disk"] = state
    return response


def _refuse() -> None:
    """Refuse to change anything while the disk with the database cannot be written, so that nothing is done by half.

    SQLite has some room in its log on a full disk, and what a request does elsewhere, such as a command, would not be stored.
    """
    if request.method in READING or not is_sqlite() or not (state := _disk_state(request_settings())):
        return
    if not any(request.endpoint in area.endpoints_without_storage for area in current_areas()):
        raise Problem(507, FULL) if state == "full" else Problem(503, READ_ONLY, headers={"Retry-After": "30"})


def disk_line(settings: Settings) -> StatusLine:
    """State of the disk of the data folder."""
    try:
        found = disk_space(settings.data)
    except OSError as error:
        return StatusLine("disk", "down", "cannot be reached", detail=f"{settings.data}: {error.strerror}")
    text = f"{found.free / 1e9:,.1f} GB of {found.size / 1e9:,.1f} GB free"
    if found.is_full:
        return StatusLine("disk", "down", "full" if found.has_inodes else "has no room for further files", detail=FULL)
    if found.free < min(LITTLE_BYTES, LITTLE_FRACTION * found.size):
        return StatusLine("disk", "warn", f"nearly full: {text}")
    return StatusLine("disk", "ok", text)
