"""Brings the database up to date with the files of watched folders.

A file is read when it has changed. If a part of it is wrong, all layouts that it had before stay as they were. A layout whose path
is in use is refused alone, and tried again when layouts have changed. A layout that disappears from its file is removed.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from peewee import PeeweeException

from app.core.counters import advance, version_of
from app.core.settings import Settings
from app.core.short_writes import short_transactions
from app.core.text import counted
from app.gui.layouts.contents import Content, text_of
from app.gui.layouts.editing.versions import ChangeAuthor, hide
from app.gui.layouts.exchange.files import WHOLE_FILE, read_path
from app.gui.layouts.importing.bulk_import import MOST_ITEMS, REFUSED, WATCHED_FOLDER, Imported, import_all
from app.gui.layouts.importing.import_matches import StoredBatch
from app.gui.layouts.models import COUNTER, Arrangement
from app.gui.layouts.watched.files import FolderFiles, distinct, look
from app.gui.layouts.watched.models import LayoutFile
from app.gui.settings import GuiSettings
from app.queue.periodic import Step, TaskRun
from app.security.audit_log import audit

log = logging.getLogger(__name__)

MOST_REMOVED = 200
"""Arrangements that one transaction removes."""


@contextmanager
def watching(settings: Settings, run: TaskRun) -> Iterator[Step]:
    """Read the watched folders of the settings when their files change."""
    yield lambda: read_folders(settings.of(GuiSettings).layout_folders, run.should_stop)


def read_folders(folders: Sequence[str], should_stop: Callable[[], bool] = lambda: False) -> None:
    """Bring layouts and workspaces up to date with the files of all watched folders.

    Args:
        should_stop: Whether to leave the rest to the next run.
    """
    known = _known_files()
    found = [look(folder).but_not_emptied(known) for folder in distinct(folders)]
    _note_folders(found, known)
    present = {path: version for each in found if each.is_usable for path, version in each.versions.items()}
    gone = {path for path in known.keys() - present.keys() if _is_gone(path, found)}
    _read_changed(present, gone, should_stop)
    if should_stop():  # files that are not read yet may have what those had that are gone
        return
    for path in gone:  # now, since other files may have what these had
        _withdraw(path, keep=())
        LayoutFile.delete().where(LayoutFile.path == path).execute()
    _read_changed(present, (), should_stop)  # again, since another file may have had what was refused, and have it no longer


def _is_gone(path: str, found: Sequence[FolderFiles]) -> bool:
    """Whether a file that was not found is removed. One outside of all folders may now be in any of them, for example by a changed link."""
    folders = [each for each in found if each.has(path) or str(each.folder) == path] or found
    return all(each.is_usable for each in folders)


def _read_changed(present: dict[str, str], gone: Collection[str], should_stop: Callable[[], bool]) -> None:
    """Read files of these versions that have changed."""
    known = _known_files()
    for path, version in present.items():
        if should_stop():
            return
        if _is_due(version, known.get(path)):
            _read_alone(path, version, gone)


def _known_files() -> dict[str, LayoutFile]:
    return {row.path: row for row in LayoutFile.select()}


def _is_due(version: str, row: LayoutFile | None) -> bool:
    return row is None or row.version != version or 0 < row.seen < version_of(COUNTER)


def _note_folders(found: Sequence[FolderFiles], known: dict[str, LayoutFile]) -> None:
    """Note folders that cannot be used."""
    for each in found:
        row = known.get(str(each.folder))
        if each.problem and (row is None or row.problem != each.problem):
            log.warning("Watched folder %s: %s", each.folder, each.problem)
            _note(str(each.folder), problem=each.problem, problems=1, broken=True)


def _read_alone(path: str, version: str, gone: Collection[str]) -> None:
    """Read a file of this version; an error does not stop the reading of other files."""
    try:
        _read(path, version, gone)
    except PeeweeException:  # the next run reads it
        raise
    except Exception:
        log.exception("%s of a watched folder keeps its last state", path)
        _note(
            path, version=version, problem="The file cannot be read for an unknown reason; the log has it", problems=1, broken=True, seen=0
        )


def _read(path: str, version: str, gone: Collection[str]) -> None:
    """Read a file of this version; it can take over layouts of removed files."""
    try:
        contents, problems = read_path(Path(path))
    except OSError as error:  # without the version, so that it is tried again: its permissions may change
        _note(path, version="", problem=f"The file cannot be read: {error.strerror}", problems=1, broken=True, seen=0)
        return
    if problems.count:
        place, problem = problems.listed[0]
        first = problem if place == WHOLE_FILE else f"{place}: {problem}"
        log.warning("%s of a watched folder keeps its last state: %s", path, first)
        _note(path, version=version, problem=first, problems=problems.count, broken=True, seen=0)
        return
    refused = [each for each in _import(path, contents, gone) if each.outcome == REFUSED]
    problem = f"{refused[0].content.path}: {refused[0].problem}" if refused else ""
    shown, seen = len(contents) - len(refused), version_of(COUNTER) if refused else 0
    _note(path, version=version, contents=shown, problem=problem, problems=len(refused), broken=False, seen=seen)


def _import(path: str, contents: list[Content], gone: Collection[str]) -> list[Imported]:
    """Show the layouts of a file, and remove those that it has no longer."""
    if adopted := sum(short_transactions(contents, lambda batch: _adopt(path, batch), MOST_ITEMS)):
        audit("adopt layouts", path, "The file of the watched folder has the same", f"{adopted} adopted", user=WATCHED_FOLDER)
    if moved := sum(short_transactions(contents, lambda batch: _move(path, batch, gone), MOST_ITEMS)):
        audit("move layouts", path, "Another file of a watched folder has them no longer", f"{moved} moved", user=WATCHED_FOLDER)
    imported = import_all(contents, source=path, reason=f"Read from {Path(path).name}")
    _withdraw(path, {each.arrangement for each in imported})
    return imported


def _adopt(path: str, contents: Sequence[Content]) -> int:
    """Assign equal arrangements of the database to the file, as after an export into the folder; returns their number."""
    batch, adopted = StoredBatch(contents, ""), 0
    for content in contents:
        stored = batch.match(content, ())
        if stored and stored.active == text_of(content):
            adopted += stored.note_imported(source=path)
    return adopted


def _move(path: str, contents: Sequence[Content], gone: Collection[str]) -> int:
    """Assign arrangements of other files to this file, so that their history continues; returns their number."""
    batch, moved = StoredBatch(contents, path, gone), 0
    for content in contents:
        stored = batch.match(content, ())
        if stored and stored.row.source != path:
            moved += stored.note(source=path)
    return moved


def _withdraw(path: str, keep: Collection[int]) -> None:
    """Remove the arrangements of a file except those to keep."""
    found = Arrangement.select(Arrangement.id).where(Arrangement.source == path, Arrangement.active > 0)
    numbers = [row.id for row in found if row.id not in keep]
    for _ in short_transactions(numbers, _hide, MOST_REMOVED):
        pass
    if numbers:
        audit("remove layouts", path, "The file of the watched folder has them no longer", f"{len(numbers)} removed", user=WATCHED_FOLDER)
        log.info("Removed %s that %s has no longer", counted(len(numbers), "layout"), path)


def _hide(numbers: Sequence[int]) -> None:
    version, change = advance(COUNTER), ChangeAuthor.now("No longer in the watched folder", WATCHED_FOLDER)
    for row in Arrangement.select().where(Arrangement.id.in_(list(numbers))):
        hide(row, row.newest, version, change)


def _note(path: str, **values: object) -> None:
    """Store values in the row of a file."""
    now = time.time()
    changed = LayoutFile.update(read=now, **values).where(LayoutFile.path == path).execute()
    if not changed:
        LayoutFile.create(path=path, read=now, **values)
