"""Tables as CSV."""

from __future__ import annotations

from app.web.csv_text import csv_text


def test_a_spreadsheet_takes_no_text_for_a_formula() -> None:
    assert csv_text([("=1+1", -1, "a,b")]) == '\'=1+1,-1,"a,b"\n'
