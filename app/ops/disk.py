"""A full disk of the data folder: pages are shown with a banner, and what would store or change something is refused."""

from __future__ import annotations

from typing import NamedTuple

from flask import Flask, Response, request

from app.core.area import StatusLine, current_areas
from app.core.database import is_sqlite
from app.core.disk import disk_space, is_full
from app.core.settings import Settings
from app.web import Problem, request_settings
from app.web.errors import FULL

READING = frozenset({"GET", "HEAD", "OPTIONS"})

LITTLE_BYTES = 1 << 30
LITTLE_PART = 0.05
"""A disk with less free space, and a smaller part of it, is shown as nearly full."""

ONLY_PLOTS = "The disk of DQM Hub is full: plots are drawn, but not kept, so pages are slow until there is space again"


class DiskBanner(NamedTuple):
    """The banner of all pages, which is hidden unless the disk is full."""

    is_full: bool
    text: str


def init_app(app: Flask, settings: Settings) -> None:
    """Show and refuse in the whole application."""
    app.before_request(_refuse)
    app.after_request(_name_full_disk)
    app.context_processor(lambda: {"disk_banner": DiskBanner(is_full(settings.data), f"{FULL if is_sqlite() else ONLY_PLOTS}.")})


def _name_full_disk(response: Response) -> Response:
    """Tell open pages in each response: a poll may have no other news."""
    if "HX-Request" in request.headers and is_full(request_settings().data):
        response.headers["DQM-Disk"] = "full"
    return response


def _refuse() -> None:
    """Refuse to change anything while the disk with the database is full, so that nothing is done by half.

    SQLite has some room in its log, and what a request does elsewhere, such as a command, would not be stored.
    """
    if request.method in READING or not is_sqlite() or not is_full(request_settings().data):
        return
    if not any(request.endpoint in area.storing_nothing for area in current_areas()):
        raise Problem(507, FULL)


def disk_line(settings: Settings) -> StatusLine:
    """State of the disk of the data folder."""
    try:
        found = disk_space(settings.data)
    except OSError as error:
        return StatusLine("disk", "down", "cannot be reached", detail=f"{settings.data}: {error.strerror}")
    text = f"{found.free / 1e9:,.1f} GB of {found.size / 1e9:,.1f} GB free"
    if found.is_full:
        return StatusLine("disk", "down", "full" if found.has_inodes else "has no room for further files", detail=FULL)
    if found.free < min(LITTLE_BYTES, LITTLE_PART * found.size):
        return StatusLine("disk", "warn", f"nearly full: {text}")
    return StatusLine("disk", "ok", text)
