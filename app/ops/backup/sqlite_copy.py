"""Copies an SQLite database while others write to it, and checks the copy."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from app.core import database
from app.ops.backup.errors import BackupError


def size(file: Path) -> int:
    """Size of a database with its log, bytes."""
    log = file.with_name(file.name + "-wal")
    return file.stat().st_size + (log.stat().st_size if log.exists() else 0)


def copy(target: Path) -> tuple[dict[str, int], tuple[str, ...]]:
    """Copy the connected database into a new file; its rows by table, and its migrations.

    All pages are copied in one step, in one read transaction: writers are not blocked, their changes wait in the log. A copy in
    several steps would begin again at each change, and never end beside a writer.
    """
    with closing(sqlite3.connect(target, isolation_level=None)) as copied:
        copied.execute("PRAGMA journal_mode = OFF")
        copied.execute("PRAGMA synchronous = OFF")  # the whole folder is synchronised at the end
        database.proxy.connection().backup(copied, pages=-1)
    database.proxy.execute_sql("PRAGMA wal_checkpoint(PASSIVE)")  # of the log that grew meanwhile, so that no writer has to
    with closing(_open(target)) as copied:
        copied.execute("PRAGMA journal_mode = DELETE")  # one file, without a log beside it
        migrations = tuple(name for (name,) in copied.execute("SELECT name FROM schema_migration ORDER BY name"))
        return row_counts(copied), migrations


def check(file: Path, counts: Mapping[str, int]) -> None:
    """Raise BackupError unless a database is whole and has as many rows in each table."""
    try:
        with closing(_open(file)) as opened:
            problems = [str(row[0]) for row in opened.execute("PRAGMA integrity_check(10)")]
            found = row_counts(opened) if problems == ["ok"] else {}
    except sqlite3.DatabaseError as error:
        raise BackupError(f"The database in {file} is damaged: {error}") from error
    if problems != ["ok"]:
        raise BackupError(f"The database in {file} is damaged: {'; '.join(problems)}")
    if found != counts:
        wrong = sorted(table for table in found.keys() | counts.keys() if found.get(table) != counts.get(table))
        raise BackupError(f"The database in {file} has other rows than its manifest says, in {', '.join(wrong)}")


def row_counts(connection: sqlite3.Connection) -> dict[str, int]:
    """The number of rows of each table, those of search indexes included."""
    tables = connection.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite!_%' ESCAPE '!' AND sql NOT LIKE 'CREATE VIRTUAL %'"
    )
    names = sorted(name for (name,) in tables)
    return {name: connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for name in names}


def _open(file: Path) -> sqlite3.Connection:
    if not os.access(file, os.R_OK):
        raise BackupError(f"Cannot read {file}")
    return sqlite3.connect(f"file:{quote(str(file))}?mode=rw", uri=True, isolation_level=None)
