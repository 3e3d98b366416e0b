"""Verifies backups: every file is as it was written, and the database in it is whole."""

from __future__ import annotations

from app.ops.backup import postgresql_dump, sqlite_copy
from app.ops.backup.errors import BackupError
from app.ops.backup.folder import backups
from app.ops.backup.manifest import Backup, file_of


def verify_for_use(backup: Backup) -> None:
    """As `verify`, of a backup that is complete; the error names the next older one in its folder."""
    try:
        verify(backup)
    except BackupError as error:
        older = next((each for each in backups(backup.folder.parent) if each.made < backup.made), None)
        if older is None:
            raise
        raise BackupError(f"{error}; the one before is {older.name}: dqmhub restore {older.folder}") from error


def verify(backup: Backup) -> None:
    """Raise BackupError unless all files have their SHA-256, and the database can be read whole.

    The rows of a PostgreSQL dump are counted when it is restored.
    """
    for name, expected in backup.files.items():
        try:
            found = file_of(backup.folder / name)
        except OSError as error:
            raise BackupError(f"{backup.folder / name} cannot be read: {error.strerror}") from error
        if found != expected:
            raise BackupError(f"{backup.folder / name} is damaged: its SHA-256 is not that of the manifest")
    if backup.database.name not in backup.files:
        raise BackupError(f"{backup.folder} has no database")
    if backup.is_sqlite:
        sqlite_copy.check(backup.database, backup.counts)
    else:
        postgresql_dump.check(backup.database)
