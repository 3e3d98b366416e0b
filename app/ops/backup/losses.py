"""Backups with far fewer rows than the one before: data may have been lost before they were made.

The last backup from before the loss gets a note in its folder. While the note is there, the backup is not rotated away, and its loss is named
where people look. They remove the note by `dqmhub backup acknowledge`.
"""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from app.ops.backup.folder import LOSS_NOTE, backups, has_loss_note, is_from_future
from app.ops.backup.manifest import Backup

LEAST_PART = 0.5
"""A backup with a smaller part of the rows of the one before has lost rows."""

LEAST_ROWS = 1000
"""Fewer rows before are too few to say so: a new hub is being tried."""


class RowLoss(NamedTuple):
    """Rows that a backup lacked, as noted in the folder of the one before.

    Attributes:
        older: The last backup with these rows.
        rows: How many were missing; 0 if the note cannot be read.
        fact: A sentence with both counts, without its full stop.
    """

    older: Backup
    rows: int
    fact: str

    def __str__(self) -> str:
        return self.fact

    @property
    def remedy(self) -> str:
        """What to do."""
        return f"{self.older.name} is kept. Restore it, or acknowledge that so much was deleted: `dqmhub backup acknowledge`"


def row_count(backup: Backup) -> int:
    """Rows of all tables."""
    return sum(backup.counts.values())


def note_row_loss(newer: Backup) -> None:
    """Note in the folder of the backup before this new one, if that had far more rows. Raises OSError, and BackupError as `backups`."""
    others = (each for each in backups(newer.folder.parent) if each.name != newer.name and not is_from_future(each))
    older = next(others, None)
    if older is None or row_count(older) < LEAST_ROWS or row_count(newer) >= LEAST_PART * row_count(older):
        return
    note = {"rows": row_count(older) - row_count(newer), "fact": _fact(newer, older)}
    (older.folder / LOSS_NOTE).write_text(json.dumps(note) + "\n", encoding="utf-8")


def _fact(newer: Backup, older: Backup) -> str:
    table = max(older.counts, key=lambda name: older.counts[name] - newer.counts.get(name, 0))
    counts = f"{row_count(newer):,} rows, {older.name} before it had {row_count(older):,}"
    left = f"{newer.counts.get(table, 0):,} of {older.counts[table]:,}"
    return f"{newer.name} has {counts}; most are missing in the table {table}: {left} are left"


def row_losses(folder: Path) -> list[RowLoss]:
    """The losses that nobody has acknowledged, the latest first. Raises BackupError if the folder cannot be read."""
    return [_read(backup) for backup in backups(folder) if has_loss_note(backup)]


def _read(older: Backup) -> RowLoss:
    with suppress(OSError, ValueError, TypeError, KeyError):
        note = json.loads((older.folder / LOSS_NOTE).read_text(encoding="utf-8"))
        return RowLoss(older, int(note["rows"]), str(note["fact"]))
    return RowLoss(older, 0, f"A backup after {older.name} had far fewer rows")


def acknowledge(loss: RowLoss) -> None:
    """Remove the note of a loss, so that its backup is rotated as others."""
    (loss.older.folder / LOSS_NOTE).unlink(missing_ok=True)
