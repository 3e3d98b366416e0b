"""Gauges of the machine for /metrics: space of disks, and age of the newest backup."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING

from app.core.disk import disk_space
from app.core.metrics import gauge
from app.core.settings import Settings
from app.ops.backup import BackupError, backup_folder, backups
from app.ops.backup.folder import is_from_future, last_backup_time
from app.ops.backup.losses import row_losses
from app.ops.backup.status import are_backups_made, newest_made
from app.ops.settings import ServiceSettings

if TYPE_CHECKING:
    from prometheus_client import Metric


def metrics(settings: Settings) -> Iterator[Metric]:
    """Free space and size of the disks, and the age of the newest backup. Raises OSError when the data folder cannot be reached."""
    spaces = [({"folder": "data"}, disk_space(settings.data))]
    with suppress(OSError):  # it does not exist, or cannot be reached, which is seen by the age of the newest backup
        spaces.append(({"folder": "backups"}, disk_space(backup_folder(settings))))
    yield gauge("dqmhub_disk_free_bytes", "Free space of a disk", [(labels, space.free) for labels, space in spaces])
    yield gauge("dqmhub_disk_size_bytes", "Size of a disk", [(labels, space.size) for labels, space in spaces])
    count, made = _backups(settings)
    yield gauge("dqmhub_backups", "Number of backups, where backups are made", [({}, each) for each in count])
    ages = [max(time.time() - each, 0.0) for each in made]
    yield gauge(
        "dqmhub_backup_age_seconds", "Age of the newest backup, or of the last known one if none is there", [({}, age) for age in ages]
    )
    yield gauge(
        "dqmhub_backup_lost_rows",
        "Rows that are missing in backups with less than half of the rows of the one before, until that is acknowledged",
        [({}, each) for each in _lost_rows(settings)],
    )
    longest_s = 3600 * settings.of(ServiceSettings).backup_max_age_h
    yield gauge("dqmhub_backup_max_age_seconds", "Age of the newest backup that is a problem", [({}, longest_s)])


def _backups(settings: Settings) -> tuple[list[int], list[float]]:
    """The number of backups, and the time of the newest, Unix s UTC; each is empty if it is unknown."""
    if not are_backups_made(settings):
        return [], []
    try:
        made = newest_made(settings)
        count = sum(not is_from_future(each) for each in backups(backup_folder(settings)))
    except BackupError:  # the folder cannot be read: as if its disk were not mounted
        made, count = last_backup_time(settings), 0
    return [count], [made] if made is not None else []


def _lost_rows(settings: Settings) -> list[int]:
    """Rows of all losses that nobody has acknowledged; empty if they are unknown."""
    try:
        return [sum(each.rows for each in row_losses(backup_folder(settings)))] if are_backups_made(settings) else []
    except BackupError:
        return []
