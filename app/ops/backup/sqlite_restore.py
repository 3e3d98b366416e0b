"""Replaces the file of an SQLite database by that of a backup, when nobody has it open."""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from app.core.database_log import LOG_ENDINGS, foreign_log, note_file
from app.core.disk import disk_space
from app.ops.backup.errors import BackupError
from app.ops.backup.manifest import Backup, file_of

BUSY_CODES = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
OPEN = "Another process has the database {file} open: stop all services, then restore again"


def restore(backup: Backup, file: Path, aside: Path) -> None:
    """Put the database of a backup in the place of a file, after `refuse_full_disk`. Raises BackupError if a process has that open.

    Args:
        aside: Folder, on the same disk, for the replaced file; made if there is one.
    """
    new = _new(file)
    try:
        _copy(backup, new)
        _replace(new, file, aside)
    finally:
        new.unlink(missing_ok=True)  # of a restore that failed: it may fill the disk
    note_file(file)


def refuse_full_disk(backup: Backup, file: Path) -> None:
    """Raise BackupError unless there is room for the database of a backup beside a file, without the rest of a killed restore."""
    needed = backup.files[backup.database.name].size
    _new(file).unlink(missing_ok=True)
    if (free := disk_space(file.parent).free) < needed:
        raise BackupError(
            f"There is not enough space in {file.parent}: the database needs {needed / 1e9:.2f} GB, {free / 1e9:.2f} GB are free; "
            "remove logs or plots/ there"
        )


def _new(file: Path) -> Path:
    return file.with_name(f"{file.name}.restoring")


def _copy(backup: Backup, new: Path) -> None:
    """Copy the database of a backup. Raises BackupError if the copy is not what was written."""
    shutil.copyfile(backup.database, new)
    new.chmod(0o640)
    if file_of(new) != backup.files[backup.database.name]:
        raise BackupError(f"The copy of the database at {new} is not what was written: check the disk")
    with new.open("rb") as written:
        os.fsync(written.fileno())


def _replace(new: Path, file: Path, aside: Path) -> None:
    logs = [file.with_name(file.name + ending) for ending in LOG_ENDINGS]
    if any(path.exists() for path in (file, *logs)):
        aside.mkdir()
        try:
            _replace_usable(new, file, aside)
        except sqlite3.DatabaseError as error:
            if getattr(error, "sqlite_errorcode", 0) & 0xFF in BUSY_CODES:
                aside.rmdir()
                raise BackupError(OPEN.format(file=file)) from error
            _replace_unusable(new, [file, *logs], aside)
    else:
        new.replace(file)


def _replace_usable(new: Path, file: Path, aside: Path) -> None:
    """Bring the log of a database into its file, so that one rename replaces it, while a lock keeps other processes from opening it.

    Raises sqlite3.DatabaseError if a process has it open, or if it cannot be used.
    """
    if reason := foreign_log(file):
        raise sqlite3.DatabaseError(reason)  # with the log of another file it would be damaged
    with closing(sqlite3.connect(file, timeout=1, isolation_level=None)) as old:
        old.execute("PRAGMA journal_mode = DELETE")  # only possible while no other process has it open
        old.execute("BEGIN EXCLUSIVE")
        os.link(file, aside / file.name)
        new.replace(file)


def _replace_unusable(new: Path, files: list[Path], aside: Path) -> None:
    """Replace a damaged database, and move its log with it. The database goes first: beside a log alone no service starts."""
    for path in files:
        if path.exists() and not (aside / path.name).exists():
            path.rename(aside / path.name)
    new.replace(files[0])
