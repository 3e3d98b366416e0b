"""Backups on the status page, and whether the newest is too old."""

from __future__ import annotations

import time
from collections.abc import Iterator

from app.core.area import StatusLine
from app.core.settings import Settings
from app.ops.backup.errors import BackupError
from app.ops.backup.folder import backup_folder, backups, is_from_future, last_backup_time, newest_backup
from app.ops.backup.losses import row_losses, summary
from app.ops.settings import ServiceSettings


def are_backups_made(settings: Settings) -> bool:
    """Whether this hub makes backups: the setting names a folder, or there was a backup once."""
    is_set = bool(settings.of(ServiceSettings).backup_dir)
    return is_set or backup_folder(settings).is_dir() or last_backup_time(settings) is not None


def newest_made(settings: Settings) -> float | None:
    """When the newest backup was made, Unix s UTC; of the last known one if none is there, as when their disk is not mounted.

    Raises BackupError if their folder cannot be read.
    """
    newest = newest_backup(backup_folder(settings))
    return newest.made if newest else last_backup_time(settings)


def late_since(settings: Settings) -> float | None:
    """Since when the newest backup is too old, Unix s UTC; None while it is not, and where no backups are made. 0: there is none."""
    if not are_backups_made(settings):
        return None
    made = newest_made(settings)
    since = made + 3600 * settings.of(ServiceSettings).backup_max_age_h if made is not None else 0.0
    return since if since < time.time() else None


def status_lines(settings: Settings) -> Iterator[StatusLine]:
    """The newest backup."""
    folder = backup_folder(settings)
    if not are_backups_made(settings):
        yield StatusLine("backup", "idle", "no backups are made", detail="`dqmhub backup` makes one; run it once a day")
        return
    try:
        found, losses = backups(folder), row_losses(folder)
    except BackupError as error:
        yield StatusLine("backup", "warn", "the folder cannot be read", detail=str(error))
        return
    if not found or is_from_future(found[0]):
        noted = last_backup_time(settings)
        reason = f"the clock was ahead when {found[0].name} was made" if found else "is its disk mounted?"
        text = "there is none yet" if noted is None or found else "the last one is gone"
        yield StatusLine("backup", "warn", text, noted and max(0.0, time.time() - noted), f"no backup in {folder}; {reason}")
        return
    text = f"{found[0].name} of {found[0].size / 1e6:,.1f} MB is the newest of {len(found)}"
    is_late = late_since(settings) is not None
    limit = f"older than {settings.of(ServiceSettings).backup_max_age_h:g} h: " if is_late else ""
    age = max(0.0, time.time() - found[0].made)
    detail = summary(losses) if losses else f"in {folder}"
    yield StatusLine("backup", "warn" if is_late or losses else "ok", limit + text, age, detail)
