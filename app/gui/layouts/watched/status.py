"""State of the watched folders, for the status page and `dqmhub doctor`."""

from __future__ import annotations

from collections.abc import Iterator

from peewee import fn

from app.core.area import StatusLine
from app.core.database import rows
from app.core.settings import Settings
from app.core.text import counted
from app.core.urls import base_name, without_folder
from app.gui.layouts.watched.models import LayoutFile
from app.gui.settings import GuiSettings

MOST_LISTED = 20


def folder_lines(settings: Settings) -> Iterator[StatusLine]:
    """A line on the watched folders; none without any."""
    folders = settings.of(GuiSettings).layout_folders
    if not folders:
        return
    ((files, contents),) = rows(LayoutFile.select(fn.COUNT(LayoutFile.id), fn.SUM(LayoutFile.contents)))
    wrong = LayoutFile.select().where(LayoutFile.problem != "").count()
    text = f"{int(contents or 0):,} layouts and workspaces of {counted(files, 'file')} in {counted(len(folders), 'watched folder')}"
    first = next(iter(broken_files(1)), None)
    detail = f"{base_name(first.path)}: {without_folder(first.problem, first.path)}" if first else ""
    yield StatusLine("layouts", "warn" if wrong else "ok", f"{text}; {wrong} with problems" if wrong else text, detail=detail)


def broken_files(limit: int = MOST_LISTED) -> list[LayoutFile]:
    """Files and folders with problems: first those that cannot be read, the latest first."""
    query = LayoutFile.select().where(LayoutFile.problem != "").order_by(LayoutFile.broken.desc(), LayoutFile.read.desc())
    return list(query.limit(limit))
