"""Migrations leave what the release before uses: its processes may still run (docs/operators/scaling.md)."""

from __future__ import annotations

import re

import pytest

from app.core.database_schema import MIGRATIONS

FIRST = "0068"
"""Earlier ones are from before the first release."""
REMOVES = re.compile(r"\b(DROP\s+(TABLE|COLUMN)|RENAME|drop_table|drop_column|rename_\w+)\b", re.IGNORECASE)
REQUIRES = re.compile(r"\bADD\s+COLUMN\b(?![^\"';]*\bDEFAULT\b)[^\"';]*\bNOT\s+NULL\b|\bSET\s+NOT\s+NULL\b", re.IGNORECASE)
"""Columns without a default, into which the release before writes no value; PostgreSQL accepts one while a table is empty."""


def test_a_migration_removes_and_renames_nothing_and_adds_columns_with_a_default() -> None:
    files = [file for file in MIGRATIONS.glob("0*.py") if file.stem > FIRST]
    assert files
    texts = {file.name: file.read_text(encoding="utf-8") for file in files}
    assert [name for name, text in texts.items() if REMOVES.search(text) or REQUIRES.search(text)] == []


@pytest.mark.parametrize(
    ("column", "is_required"),
    [
        ("a TEXT NOT NULL", True),
        ("a TEXT not null", True),
        ("a TEXT NOT NULL DEFAULT ''", False),
        ("a TEXT DEFAULT 0 NOT NULL", False),
        ("a TEXT", False),
    ],
)
def test_a_column_without_a_default_is_found(column: str, is_required: bool) -> None:
    statement = f'execute("ALTER TABLE t ADD COLUMN {column}")'
    assert bool(REQUIRES.search(f'{statement}\nexecute("CREATE TABLE u (a TEXT NOT NULL)")')) is is_required
