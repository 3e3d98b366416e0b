"""Whether there is a recent backup, with the rows of the one before, on another disk, with space for the next one."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

from app.core.disk import disk_space
from app.core.settings import Settings
from app.ops.backup import backup_folder, backups
from app.ops.backup.errors import BackupError
from app.ops.backup.folder import is_from_future, unreadable_backups
from app.ops.backup.losses import row_losses
from app.ops.backup.making import space_needed
from app.ops.backup.status import are_backups_made
from app.ops.doctor.diagnosis import Diagnosis
from app.ops.settings import ServiceSettings

TIMER = "Run dqmhub backup, and enable dqmhub-backup.timer"


def check(settings: Settings, url: str) -> Iterator[Diagnosis]:
    """Age and place of the newest backup."""
    folder = backup_folder(settings)
    try:
        found = [each for each in backups(folder) if not is_from_future(each)]
    except BackupError as error:
        yield Diagnosis("error", str(error), f"Let the user of the services read and write {folder}")
        return
    if folder.exists() and not folder.is_dir():
        yield Diagnosis("error", f"{folder} is a file, and no folder of backups", "Set backup_dir to a folder")
        return
    if not folder.is_dir() and are_backups_made(settings):
        yield Diagnosis(
            "error", f"The folder of the backups, {folder}, does not exist", "Correct backup_dir, or mount its disk; then dqmhub backup"
        )
        return
    if folder.exists() and not os.access(folder, os.W_OK | os.X_OK):
        yield Diagnosis(
            "error",
            f"The user of the services cannot write to the folder of the backups, {folder}",
            f"Give {folder} to that user, or set backup_dir to a folder of it",
        )
        return
    if not found:
        yield Diagnosis("warning", f"There is no backup in {folder}", TIMER)
        return
    newest, limit_h = found[0], settings.of(ServiceSettings).backup_max_age_h
    age_h = (time.time() - newest.made) / 3600
    if age_h > limit_h:
        yield Diagnosis(
            "error", f"The newest backup, {newest.name}, is {age_h:.0f} h old; the limit (backup_max_age_h) is {limit_h:g} h", TIMER
        )
    else:
        yield Diagnosis("ok", f"the newest backup, {newest.name}, is {max(age_h, 0):.0f} h old")
    yield from _flawed(folder)
    if newest.is_sqlite and settings.data.is_dir() and folder.stat().st_dev == settings.data.stat().st_dev:
        yield Diagnosis(
            "warning", f"The backups in {folder} are on the disk of the data: one fault loses both", "Set backup_dir to another disk"
        )
    file = settings.data / "dqmhub.db"
    if disk_space(folder).free < max(newest.size, space_needed(file if newest.is_sqlite and file.exists() else None)):
        yield Diagnosis(
            "error",
            f"The disk of {folder} has no space for the next backup",
            "Remove folders of old backups there, or set backup_dir to a larger disk",
        )


def _flawed(folder: Path) -> Iterator[Diagnosis]:
    for reason in unreadable_backups(folder):
        yield Diagnosis("warning", reason, "Remove its folder, once you need nothing of it")
    for loss in row_losses(folder):
        yield Diagnosis("warning", str(loss), loss.remedy)
