"""The table that `make bench` prints: what, how fast, and the aim."""

from __future__ import annotations

import sys

_rows: list[tuple[str, str, str]] = []


def say(what: str, value: str, aim: str = "") -> None:
    """Note a figure for the table, and show it at once on standard error."""
    _rows.append((what, value, aim))
    print(f"  {what}: {value}", file=sys.stderr, flush=True)


def show() -> None:
    """Print all that was said."""
    rows = [("what", "measured", "aim"), *_rows]
    what, value = (max(len(row[column]) for row in rows) for column in (0, 1))
    for row in rows:
        print(f"{row[0]:{what}}  {row[1]:>{value}}  {row[2]}".rstrip())
