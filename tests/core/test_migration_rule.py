"""Migrations leave what the release before uses: its processes may still run (docs/operators/scaling.md)."""

from __future__ import annotations

import re

from app.core.database import MIGRATIONS

FIRST = "0068"
"""Earlier ones are from before the first release."""
REMOVES = re.compile(r"\b(DROP\s+(TABLE|COLUMN)|RENAME|drop_table|drop_column|rename_\w+)\b", re.IGNORECASE)


def test_a_migration_removes_and_renames_nothing() -> None:
    files = [file for file in MIGRATIONS.glob("0*.py") if file.stem > FIRST]
    assert files
    assert [file.name for file in files if REMOVES.search(file.read_text(encoding="utf-8"))] == []
