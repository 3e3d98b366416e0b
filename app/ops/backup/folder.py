"""The folder of all backups: lists, finds and rotates them."""

from __future__ import annotations

import os
import re
import shutil
import time
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from app.core.disk import sync
from app.core.settings import Settings
from app.core.version import VERSION
from app.ops.backup.errors import BackupError
from app.ops.backup.lock_file import lock_file
from app.ops.backup.manifest import Backup, read_manifest
from app.ops.settings import ServiceSettings

NAME = re.compile(r"\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ(-\d+)?")
LOCK = ".lock"
LAST = "last-backup"
"""Name of the file in the data folder with the time of the last backup."""
PARTIAL, REMOVED = ".partial-", ".removed-"
"""Beginnings of the names of what is being made and removed."""
CLOCK_S = 300.0
"""A backup may have been made by a clock that was ahead by this time."""


def backup_folder(settings: Settings) -> Path:
    """The folder of all backups."""
    return Path(settings.of(ServiceSettings).backup_dir or settings.data / "backups")


def backups(folder: Path) -> list[Backup]:
    """The backups in a folder, the newest first, without unfinished ones and those that have no readable manifest.

    Those with a time in the future come last: the clock was wrong, and nobody knows how old they are. Raises BackupError if the folder
    cannot be read.
    """
    found = [backup for backup in _read(folder) if isinstance(backup, Backup)]
    return sorted(found, key=lambda backup: (not is_from_future(backup), backup.made), reverse=True)


def unreadable_backups(folder: Path) -> list[str]:
    """Why folders named like backups are none, a sentence each. Raises BackupError if the folder of all cannot be read."""
    return sorted(str(error) for error in _read(folder) if isinstance(error, BackupError))


def _read(folder: Path) -> Iterator[Backup | BackupError]:
    try:
        names = [entry.name for entry in folder.iterdir() if NAME.fullmatch(entry.name)]
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        raise BackupError(f"The folder of the backups, {folder}, cannot be read: {error.strerror}") from error
    for name in names:
        try:
            yield read_manifest(folder / name)
        except BackupError as error:
            yield error


def is_from_future(backup: Backup) -> bool:
    """Whether the clock was ahead when a backup was made."""
    return backup.made > time.time() + CLOCK_S


def newest_backup(folder: Path) -> Backup | None:
    """The newest backup whose age is known. Raises BackupError if the folder cannot be read."""
    return next((backup for backup in backups(folder) if not is_from_future(backup)), None)


def note_last_backup(settings: Settings, made: float) -> None:
    """Store in the data folder when a backup was made, Unix s UTC, so that its loss is noticed."""
    path = settings.data / LAST
    written = path.with_name(f"{LAST}.{os.getpid()}")
    with suppress(OSError):  # the disk of the data may be full, and the backup is there
        try:
            written.write_text(f"{made}\n")
            written.replace(path)
        finally:
            written.unlink(missing_ok=True)


def last_backup_time(settings: Settings) -> float | None:
    """When the last backup was made, whether it is still there or not; None if there was none."""
    try:
        made = float((settings.data / LAST).read_text())
    except (OSError, ValueError):
        return None
    return made if made < time.time() + CLOCK_S else None


def no_backup(folder: Path) -> str:
    """Says that a folder has no backup."""
    return f"There is no backup in {folder}; the setting backup_dir names another folder"


def find_backup(folder: Path, name: str) -> Backup:
    """A backup by its name, "" for the newest, or by its path. Raises BackupError."""
    if "/" in name:
        return read_manifest(Path(name).absolute())
    found = backups(folder)
    if not found:
        raise BackupError(no_backup(folder))
    if not name:
        if is_from_future(found[0]):
            names = ", ".join(backup.name for backup in found)
            raise BackupError(
                f"The clock was ahead when the backups in {folder} were made, so none is known to be the newest; name one: {names}"
            )
        return found[0]
    for backup in found:
        if backup.name == name:
            return backup
    if NAME.fullmatch(name) and (folder / name).is_dir():
        return read_manifest(folder / name)  # raises the reason why it is not in the list
    raise BackupError(f"There is no backup {name} in {folder}; the newest is {found[0].name}. The path of a backup has a slash: ./{name}")


@contextmanager
def no_other_backup(folder: Path) -> Iterator[None]:
    """Keep other processes from making a backup in a folder, which is made if it is missing.

    Raises:
        BackupError: One is being made, or the folder cannot be written.
    """
    with ExitStack() as locks:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            locks.enter_context(lock_file(folder / LOCK))
        except BlockingIOError as error:
            raise BackupError("Another backup is being made, or an upgrade runs; wait for its end") from error
        except OSError as error:
            raise BackupError(f"Cannot write to {folder} ({error.strerror}): set backup_dir to a folder of this user") from error
        yield


@contextmanager
def partial_backup(folder: Path, moment: float) -> Iterator[Path]:
    """A folder for a backup that is being made, which gets its name when the block has ended without an error, and is removed otherwise.

    Called in a block of `no_other_backup`.
    """
    _remove_leftovers(folder)
    partial = folder / (PARTIAL + _free_name(folder, moment))
    partial.mkdir(mode=0o700)
    try:
        yield partial
        _sync_tree(partial)
        partial.rename(complete_folder(partial))
        sync(folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def complete_folder(partial: Path) -> Path:
    """The folder of a backup once it is complete."""
    return partial.with_name(partial.name.removeprefix(PARTIAL))


def rotate(folder: Path, newest: Backup, keep: int, needed: Collection[str]) -> list[Backup]:
    """Remove old backups and return them.

    Kept are the newest ones, `keep` with the one that was just made and verified; the last one of another version; and those of the names
    `needed`.
    """
    others = [backup for backup in backups(folder) if backup.name != newest.name]
    last_of_other_version = next((backup for backup in others if backup.version != VERSION), None)
    surplus = [backup for backup in others[keep - 1 :] if backup is not last_of_other_version and backup.name not in needed]
    for backup in surplus:
        away = folder / (REMOVED + backup.name)
        backup.folder.rename(away)  # what is half removed must not look like a backup
        shutil.rmtree(away)
    return surplus


def _free_name(folder: Path, moment: float) -> str:
    """The time as name, with a number if a backup has it: the clock may have been set back."""
    base = name = time.strftime("%Y-%m-%dT%H-%M-%SZ", time.gmtime(moment))
    number = 1
    while (folder / name).exists():
        number += 1
        name = f"{base}-{number}"
    return name


def _remove_leftovers(folder: Path) -> None:
    """Remove what killed processes have left."""
    for entry in folder.iterdir():
        if entry.name.startswith((PARTIAL, REMOVED)):
            shutil.rmtree(entry, ignore_errors=True)


def _sync_tree(folder: Path) -> None:
    for place, _, names in os.walk(folder):
        for name in names:
            sync(Path(place, name))
        sync(Path(place))
