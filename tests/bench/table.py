"""The table printed by `make bench`: quantity, measured value and aim."""

from __future__ import annotations

import sys

_rows: list[tuple[str, str, str]] = []


def add_row(what: str, value: str, aim: str = "") -> None:
    """Add a row to the table, and print it at once on standard error."""
    _rows.append((what, value, aim))
    print(f"  {what}: {value}", file=sys.stderr, flush=True)


def print_table() -> None:
    """Print all rows."""
    rows = [("what", "measured", "aim"), *_rows]
    what, value = (max(len(row[column]) for row in rows) for column in (0, 1))
    for row in rows:
        print(f"{row[0]:{what}}  {row[1]:>{value}}  {row[2]}".rstrip())
