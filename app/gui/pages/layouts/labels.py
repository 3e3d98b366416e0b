"""Names of the fields of a layout as people know them."""

from __future__ import annotations

import re

from app.gui.pages.layouts.grid import CellPlace

FIELDS = {
    "scope": "Scopes",
    "keys": "Run types",
    "plot": "Plot",
    "text": "Description",
    "overlay": "Drawn over it",
    "reference": "References",
    "good": "Good example",
    "bad": "Bad example",
    "action": "What to do",
    "contact": "Contact",
    "draw.options": "Draw option",
    **{f"draw.{axis}.{option}": f"{axis} {name}" for axis in "xyz" for option, name in (("type", "scale"), ("min", "from"), ("max", "to"))},
}
"""Labels of the fields of the form whose name says less, by their place in a document `dqm-layouts/2`."""

_CELL = re.compile(r"rows\[(\d{1,3})\](?:\[(\d{1,3})\])?\.?(.*)", re.DOTALL)


def label_of(field: str) -> str:
    """A field of a document, such as `rows[2][0].draw.y.min`, as `Row 3, cell 1, y from`."""
    found = _CELL.fullmatch(field)
    if not found:
        return _name(field)
    row, column, rest = found.groups()
    parts = [f"Row {int(row) + 1}"] + ([f"cell {int(column) + 1}"] if column else []) + ([_name(rest)] if rest else [])
    return ", ".join(parts)


def place_of(field: str) -> CellPlace | None:
    """The cell that a field belongs to, or None."""
    found = _CELL.fullmatch(field)
    return CellPlace(int(found[1]), int(found[2] or 0)) if found else None


def _name(field: str) -> str:
    name, number = re.fullmatch(r"(.*?)(?:\[(\d+)\])?", field, re.DOTALL).groups()  # type: ignore[union-attr]  # it matches everything
    label = FIELDS.get(name) or FIELDS.get(name.partition(".")[0]) or name.capitalize()
    return f"{label} {int(number) + 1}" if number else label
