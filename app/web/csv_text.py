"""Tables as CSV, for scripts and spreadsheets."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from typing import Any

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
"""A spreadsheet takes texts that begin with these for formulas."""


def csv_text(table: Iterable[Iterable[Any]]) -> str:
    """A table as CSV; texts that a spreadsheet would take for formulas begin with a '."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerows([_cell(value) for value in line] for line in table)
    return out.getvalue()


def _cell(value: Any) -> Any:
    return "'" + value if isinstance(value, str) and value.startswith(FORMULA_STARTS) else value
