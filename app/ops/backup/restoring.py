"""Restores backups, into an existing installation or after the loss of everything. What is replaced is kept aside."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from peewee import PeeweeException

from app.core import database, database_schema
from app.core.database_kinds import DatabaseRefused
from app.core.settings import Settings
from app.ops.backup import postgresql_restore, sqlite_restore
from app.ops.backup.errors import BackupError
from app.ops.backup.manifest import DATA, Backup
from app.ops.backup.running import running_services
from app.ops.backup.verifying import verify_for_use

ASIDE = "replaced-"
"""Beginning of the names of folders in data_dir, and of schemas in PostgreSQL, with what was replaced."""


class Restored(NamedTuple):
    """What a restore did."""

    aside: str  # where the replaced database and files are; "" if there were none
    is_older: bool  # the database needs `dqmhub db upgrade`


def restore(settings: Settings, backup: Backup, progress: Callable[[str], object]) -> Restored:
    """Verify a backup, and replace database and keys by those in it.

    A restore that was killed, or failed after the database was replaced, is finished by the next one.

    Raises:
        BackupError: The backup cannot be used here, or services run; or not all is restored, then the message says where the replaced
            database is.
    """
    is_older = _is_older(settings, backup)
    refuse_running(settings)
    progress(f"Verifying the backup {backup.name}")
    verify_for_use(backup)
    stamp = f"{datetime.now(UTC):%Y-%m-%dT%H-%M-%S.%fZ}"
    settings.data.mkdir(parents=True, exist_ok=True)
    file, aside, schema = settings.data / "dqmhub.db", settings.data / (ASIDE + stamp), ""
    with _only_restore(settings.data):
        refuse_running(settings)  # again: the verification of a large backup takes minutes
        if backup.is_sqlite:
            sqlite_restore.refuse_full_disk(backup, file)
        files = _copy_files(backup, settings.data)
        try:
            progress("Restoring the database")
            if backup.is_sqlite:
                sqlite_restore.restore(backup, file, aside)
            else:
                schema = postgresql_restore.restore(settings.database_url, backup, f"{ASIDE}{stamp}")
            _replace_files(files, settings.data, aside)
        except OSError as error:
            kept = f" What was replaced is in {places}." if (places := _places(aside, schema)) else ""
            raise BackupError(f"Not all is restored: {error}.{kept} Remove the cause, and restore again") from error
        finally:
            _remove(files.values())
    return Restored(_places(aside, schema), is_older)


def _places(aside: Path, schema: str) -> str:
    return " and ".join([str(aside)] * aside.exists() + [f"schema {schema} of the database"] * bool(schema))


@contextmanager
def _only_restore(data: Path) -> Iterator[None]:
    """Raise BackupError if another restore into this folder runs. The lock is on the folder itself, so that no lock file is left."""
    folder = os.open(data, os.O_RDONLY | os.O_DIRECTORY)
    try:
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise BackupError(f"Another restore into {data} is running; wait for its end") from error
        yield
    finally:
        os.close(folder)


def refuse_running(settings: Settings) -> None:
    """Raise BackupError while services use the database, unless it cannot be read any more."""
    try:
        if not settings.database_url and not (settings.data / "dqmhub.db").exists():
            return
        database.connect(settings)
        running = running_services()
    except (database.UnusableDatabase, DatabaseRefused) as error:
        if settings.database_url:
            raise BackupError(str(error)) from error
        return  # sqlite_restore looks whether another process has the file open
    except PeeweeException as error:
        if settings.database_url:
            raise BackupError(f"Cannot reach the database: {error}; check database_url and the server") from error
        return
    finally:
        database.disconnect()
        database.proxy.initialize(None)  # the file of the database will be another one
    if running:
        raise BackupError(f"Services use the database: {', '.join(running)}. Stop all of them, then restore again")


def _is_older(settings: Settings, backup: Backup) -> bool:
    """Whether the database of a backup lacks migrations of this version. Raises BackupError if it has unknown ones, or is of another kind."""
    if backup.is_sqlite == bool(settings.database_url):
        kinds = ("SQLite", "PostgreSQL") if backup.is_sqlite else ("PostgreSQL", "SQLite")
        remedy = "without database_url" if backup.is_sqlite else "with database_url of an empty PostgreSQL database"
        raise BackupError(f"The backup {backup.name} is for {kinds[0]}, and the settings name {kinds[1]}: restore it {remedy}")
    known = {path.stem for path in database_schema.MIGRATIONS.glob("[0-9]*.py")}
    if unknown := sorted(set(backup.migrations) - known):
        raise BackupError(
            f"The backup {backup.name} was made by DQM Hub {backup.version}, which is newer than this version (it has {unknown[0]}): "
            f"install {backup.version}, and restore with it"
        )
    return bool(known - set(backup.migrations))


def _copy_files(backup: Backup, data: Path) -> dict[Path, Path]:
    """Copy the keys and other files of a backup that differ beside their places: what can fail has to fail before the database changes.

    Returns:
        The copies by their places.

    Raises:
        BackupError: A file cannot be copied. No copy is left.
    """
    copies: dict[Path, Path] = {}
    try:
        for name in backup.files:
            source, place = backup.folder / name, data / name.removeprefix(f"{DATA}/")
            if not name.startswith(f"{DATA}/") or (place.exists() and place.read_bytes() == source.read_bytes()):
                continue
            place.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
            copies[place] = place.with_name(f"{place.name}.restoring")
            shutil.copy2(source, copies[place])
    except OSError as error:
        _remove(copies.values())
        raise BackupError(f"The files of the backup cannot be copied to {data}, and nothing was changed: {error}") from error
    return copies


def _replace_files(copies: Mapping[Path, Path], data: Path, aside: Path) -> None:
    """Put copies in their places, and what is there aside."""
    for place, new in copies.items():
        if place.exists():
            kept = aside / place.relative_to(data)
            kept.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(place, kept)
        new.replace(place)


def _remove(files: Iterable[Path]) -> None:
    for file in files:
        file.unlink(missing_ok=True)
