"""Makes backups while the services run."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from pathlib import Path

from app.core import database
from app.core.database_upgrades import backup_before_upgrade
from app.core.disk import disk_space
from app.core.settings import Settings
from app.core.version import VERSION
from app.ops.backup import postgresql_dump, sqlite_copy
from app.ops.backup.errors import BackupError
from app.ops.backup.folder import complete_folder, newest_backup, no_other_backup, note_last_backup, partial_backup, rotate
from app.ops.backup.losses import row_losses
from app.ops.backup.manifest import DATA, KEPT_FILES, POSTGRESQL_FILE, SQLITE_FILE, Backup, file_of, read_manifest, write_manifest
from app.ops.backup.verifying import verify
from app.ops.settings import ServiceSettings

MIGRATIONS_TABLE = "schema_migration"
SPARE_BYTES = 64 << 20
"""Space that must stay free on the disk of the backups."""


def make_backup(settings: Settings, folder: Path, progress: Callable[[str], object]) -> Backup:
    """Make a backup of the connected database and the files of KEPT_FILES, verify it, and remove those that are too many.

    Args and errors are those of `write_backup`; and BackupError: another backup is being made, or the disk is full.
    """
    with no_other_backup(folder):
        refuse_full_disk(folder, database.sqlite_file())
        return write_backup(settings, folder, progress, VERSION)


def write_backup(settings: Settings, folder: Path, progress: Callable[[str], object], version: str) -> Backup:
    """What `make_backup` does, in a block of `no_other_backup`.

    Args:
        folder: Of all backups.
        progress: Gets a line for each step.
        version: Of DQM Hub that has written the database.

    Raises:
        BackupError: The backup cannot be made. Nothing of it is left.
        OSError, PeeweeException, sqlite3.Error: The disk is full, or the database cannot be read.
    """
    if MIGRATIONS_TABLE not in database.proxy.get_tables():
        raise BackupError("The database has no tables yet, so there is nothing to back up; `dqmhub db upgrade` creates them")
    moment, previous = time.time(), newest_backup(folder)
    with partial_backup(folder, moment) as partial:
        progress("Copying the database")
        if database.is_sqlite():
            counts, migrations = sqlite_copy.copy(partial / SQLITE_FILE)
        else:
            counts, migrations = postgresql_dump.dump(settings.database_url, partial / POSTGRESQL_FILE)
        _copy_kept_files(settings.data, partial / DATA)
        files = {str(path.relative_to(partial)): file_of(path) for path in sorted(partial.rglob("*")) if path.is_file()}
        before = previous.name if previous else ""
        write_manifest(Backup(partial, moment, version, database.is_sqlite(), migrations, counts, files, before))
        progress("Verifying the backup")
        verify(read_manifest(partial))
    made = read_manifest(complete_folder(partial))
    note_last_backup(settings, made.made)
    needed = {backup_before_upgrade(database.proxy.obj), *(backup.name for loss in row_losses(folder) for backup in loss)}
    for removed in rotate(folder, made, settings.of(ServiceSettings).backup_keep, needed):
        progress(f"Removed the old backup {removed.name}")
    return made


def space_needed(file: Path | None) -> int:
    """The free space in bytes that a backup of a database needs.

    Args:
        file: Of SQLite; None for PostgreSQL, whose dumps are compressed, so they are not estimated.
    """
    return SPARE_BYTES + (sqlite_copy.size(file) if file and file.exists() else 0)


def refuse_full_disk(folder: Path, file: Path | None) -> None:
    """Raise BackupError unless there is room for a backup of a database, as for `space_needed`."""
    needed = space_needed(file)
    free = disk_space(folder).free
    if free < needed:
        raise BackupError(
            f"There is not enough space in {folder}: the backup needs {needed / 1e9:.2f} GB, {free / 1e9:.2f} GB are free; "
            "set backup_dir to a folder on another disk, or remove folders of old backups there"
        )


def _copy_kept_files(data: Path, target: Path) -> None:
    target.mkdir()
    for name in KEPT_FILES:
        source = data / name
        try:
            if source.is_dir():
                shutil.copytree(source, target / name)
            elif source.exists():
                shutil.copy2(source, target / name)
        except shutil.Error as error:
            reasons = "; ".join(f"{path}: {reason}" for path, _, reason in error.args[0])
            raise BackupError(f"Not all files in {source} can be copied: {reasons}") from error
        except PermissionError as error:
            raise BackupError(
                f"{error.filename} cannot be copied: {error.strerror}; `dqmhub doctor data-folder` says what to change"
            ) from error
