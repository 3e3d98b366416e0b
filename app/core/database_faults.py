"""What is wrong with the file of a database that is missing, empty or damaged, and the way on: mostly a backup."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from peewee import PeeweeException

from app.core.database_kinds import DatabaseRefused
from app.core.database_log import LOG_ENDINGS, foreign_log
from app.core.disk import is_full
from app.core.file_rights import FILE, FOLDER, missing_rights

DAMAGED_CODES = frozenset({sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT})
RESTORE_BACKUP = "stop all services, restore the newest backup by `dqmhub restore`, and start them again"
MADE_BY_HUB = ("secret", "last-backup", "backups")
"""Names in the data folder of a hub that was in use: there, an empty database would hide that the data are lost."""
NEW_HUB = "for a new hub run `dqmhub db upgrade`"


def was_used(data: Path) -> bool:
    """Whether a data folder is of a hub that was in use."""
    return any((data / name).exists() for name in MADE_BY_HUB)


def missing(file: Path) -> tuple[str, str] | None:
    """That the file of a database is missing, and the remedy; None if it is there, or if only SQLite can say what is wrong."""
    try:
        file.stat()
    except (FileNotFoundError, NotADirectoryError):
        if foreign_log(file):
            return None
        remedy = "correct data_dir, or mount its disk"
        lost = f"if it is lost, {RESTORE_BACKUP}" if was_used(file.parent) else "if it is lost run `dqmhub restore`"
        return f"The database {file} does not exist", "; ".join([remedy, lost, NEW_HUB])
    except OSError:
        pass
    return None


def without_tables(file: Path | None) -> tuple[str, str]:
    """That a database has no tables of the hub, and the remedy.

    Args:
        file: None for PostgreSQL.
    """
    lost = f"if it had data, {RESTORE_BACKUP}; " if file and was_used(file.parent) else ""
    return f"The database {f'{file} ' if file else ''}has no tables", lost + NEW_HUB


def damage(file: Path | None, error: BaseException | None) -> tuple[str, str] | None:
    """That the file of a database is damaged, and the remedy; None if an error has another reason."""
    if file and isinstance(error, sqlite3.Error) and getattr(error, "sqlite_errorcode", 0) & 0xFF in DAMAGED_CODES:
        return f"{file} is damaged ({error})", RESTORE_BACKUP
    return None


def forbidden(file: Path) -> tuple[str, str] | None:
    """That this user may not write the file of a database, the log beside it or its folder, and the remedy for all; None if it may."""
    files = [file.with_name(file.name + ending) for ending in ("", *LOG_ENDINGS)]
    rights = {file.parent: FOLDER, **dict.fromkeys(files, FILE)}
    found = [each for path, needed in rights.items() if (each := missing_rights(path, needed, file.parent))]
    return (found[0][0], " and ".join(dict.fromkeys(remedy for _, remedy in found))) if found else None


def unreadable(file: Path | None, error: PeeweeException) -> tuple[str, str]:
    """Why a database could not be opened or read, and the remedy."""
    if isinstance(error, DatabaseRefused):
        return error.reason, error.remedy
    if found := damage(file, error.__cause__ or error.__context__):
        return found
    if file and (found := forbidden(file)):
        return found
    if file and is_full(file.parent):
        return f"Cannot open the database, as the disk of {file} is full", "free space on it"
    return f"Cannot reach the database ({' '.join(str(error).split())})", f"check {'data_dir' if file else 'database_url and the server'}"
