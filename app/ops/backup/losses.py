"""Whether the newest backup has far fewer rows than the one before: data may have been lost before it was made."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from app.ops.backup.folder import backups, is_from_future
from app.ops.backup.manifest import Backup

LEAST_PART = 0.5
"""A backup with a smaller part of the rows of the one before has lost rows."""

LEAST_ROWS = 1000
"""Fewer rows before are too few to say so: a new hub is being tried."""

KEEP = "If so much was not deleted on purpose, copy the older backup to another folder, before backup_keep removes it"


class RowLoss(NamedTuple):
    """A backup, and the one before it, which had far more rows."""

    newer: Backup
    older: Backup

    @property
    def rows(self) -> int:
        """How many rows are missing."""
        return row_count(self.older) - row_count(self.newer)

    def __str__(self) -> str:
        table = max(self.older.counts, key=lambda name: self.older.counts[name] - self.newer.counts.get(name, 0))
        counts = f"{row_count(self.newer):,} rows, {self.older.name} before it had {row_count(self.older):,}"
        left = f"{self.newer.counts.get(table, 0):,} of {self.older.counts[table]:,}"
        return f"{self.newer.name} has {counts}; most are missing in the table {table}: {left} are left"


def row_count(backup: Backup) -> int:
    """Rows of all tables."""
    return sum(backup.counts.values())


def row_loss(folder: Path) -> RowLoss | None:
    """The newest backup and the one before it, if that had far more rows. Raises BackupError if the folder cannot be read."""
    newest = [each for each in backups(folder) if not is_from_future(each)][:2]
    if len(newest) < 2 or row_count(newest[1]) < LEAST_ROWS or row_count(newest[0]) >= LEAST_PART * row_count(newest[1]):
        return None
    return RowLoss(*newest)
