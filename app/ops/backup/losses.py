"""Losses of rows: backups with far fewer rows than the one before, so data may have been lost before they were made.

The manifest of each backup names the one before, so a loss is known as soon as the backup is complete. Both backups are kept, and the
loss is named where people look, until somebody acknowledges it. A restore acknowledges nothing: the rows may be lost again before the
next backup, and who restores into another folder has mended nothing here.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from app.ops.backup.errors import BackupError
from app.ops.backup.folder import backups, find_backup
from app.ops.backup.manifest import Backup

LEAST_PART = 0.5
"""A backup with a smaller part of the rows of the one before has lost rows."""

LEAST_ROWS = 1000
"""Fewer rows before are too few to say so: a new hub is being tried."""

ACKNOWLEDGED = "loss-acknowledged"
"""Name of the file in the folder of a backup that has lost rows, once somebody has acknowledged that."""


class RowLoss(NamedTuple):
    """A backup that has lost rows, and the one before."""

    older: Backup
    newer: Backup

    def __str__(self) -> str:
        """A sentence with both counts, without its full stop."""
        older, newer = self.older.counts, self.newer.counts
        table = max(older, key=lambda name: older[name] - newer.get(name, 0))
        counts = f"{row_count(self.newer):,} rows, {self.older.name} before it had {row_count(self.older):,}"
        left = f"{newer.get(table, 0):,} of {older[table]:,}"
        return f"{self.newer.name} has {counts}; most are missing in the table {table}: {left} are left"

    @property
    def rows(self) -> int:
        """How many rows are missing."""
        return row_count(self.older) - row_count(self.newer)

    @property
    def remedy(self) -> str:
        """What to do."""
        return (
            f"Both are kept. Run `dqmhub backup acknowledge {self.newer.name}` if so much was deleted on purpose; "
            f"otherwise after `dqmhub restore {self.older.name}` and the next backup"
        )


def row_count(backup: Backup) -> int:
    """Rows of all tables."""
    return sum(backup.counts.values())


def row_losses(folder: Path) -> list[RowLoss]:
    """The losses that nobody has acknowledged, the latest first. Raises BackupError if the folder cannot be read."""
    found = {backup.name: backup for backup in backups(folder)}
    losses = [RowLoss(found[newer.previous], newer) for newer in found.values() if newer.previous in found]
    return [loss for loss in losses if _is_large(loss) and not (loss.newer.folder / ACKNOWLEDGED).exists()]


def _is_large(loss: RowLoss) -> bool:
    before = row_count(loss.older)
    return before >= LEAST_ROWS and row_count(loss.newer) < LEAST_PART * before


def summary(losses: list[RowLoss]) -> str:
    """The number of losses, and the latest with its remedy."""
    number = f"{len(losses)} backups have lost rows, `dqmhub doctor backup` names all; the latest: " if len(losses) > 1 else ""
    return f"{number}{losses[0]}. {losses[0].remedy}"


def find_loss(folder: Path, name: str) -> RowLoss:
    """The loss of a backup by its name; "" for the only one. Raises BackupError if there is none, or several for ""."""
    losses = row_losses(folder)
    if name:
        name = find_backup(folder, name).name
    if not losses:
        raise BackupError("There is no loss of rows to acknowledge")
    found = [loss for loss in losses if name in ("", loss.newer.name)]
    if len(found) != 1:
        reason = f"The backup {name} has no loss of rows to acknowledge" if name else f"{len(losses)} backups have lost rows"
        raise BackupError(f"{reason}; name one that has. {'. '.join(map(str, losses))}")
    return found[0]


def acknowledge(loss: RowLoss) -> None:
    """Mark a loss as acknowledged, so that both backups are rotated as others. Raises BackupError if its folder cannot be written."""
    try:
        (loss.newer.folder / ACKNOWLEDGED).touch()
    except OSError as error:
        raise BackupError(f"Cannot write to {loss.newer.folder} ({error.strerror}), so its loss of rows is still named") from error


def refuse_newest(newest: Backup) -> None:
    """Raise BackupError while a loss is not acknowledged: the newest backup is not what to restore unless somebody says so."""
    if losses := row_losses(newest.folder.parent):
        names = dict.fromkeys([*(loss.older.name for loss in losses), newest.name])
        raise BackupError(
            f"Data may have been lost before the newest backup, {newest.name}, was made. {'. '.join(map(str, losses))}. "
            f"Name the backup to restore: {' or '.join(f'`dqmhub restore {name}`' for name in names)}"
        )
