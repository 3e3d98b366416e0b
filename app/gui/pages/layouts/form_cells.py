"""The grid of a layout as a hidden field of its form, and the fields of the cell that is open."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from app.gui.layouts.exchange.parsing import MAX_CELLS, MAX_ROWS
from app.gui.layouts.layout import DRAWN, NO_HELP, REFERENCES, ROW, TEXT, Example, PlotCell, ShiftHelp
from app.gui.pages.layouts.grid import Rows
from app.web import Problem

FIELD = "cell."
"""Beginning of the names of the fields of the open cell."""


def rows_text(rows: Rows) -> str:
    """The grid as JSON, whatever its cells hold: a plot that is not chosen yet has no valid document."""
    return json.dumps([[cell and _values(cell) for cell in row] for row in rows], ensure_ascii=False, separators=(",", ":"))


def rows_from_text(text: str) -> Rows:
    """The reverse of `rows_text`; rows without cells are left out. Raises Problem 400."""
    try:
        found = json.loads(text or "[]")
        if len(found) > 2 * MAX_ROWS or any(
            len(row) > 2 * MAX_CELLS for row in found
        ):  # what is a little too large is named when it is stored
            raise _invalid()
        return tuple(tuple(None if cell is None else _cell(cell) for cell in row) for row in found if row)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise _invalid() from None


def fields_of(cell: PlotCell) -> dict[str, str]:
    """The fields of the form of an open cell, by name without FIELD."""
    draw, (good, bad, action, contact) = dict(cell.draw), cell.help
    fields = {"plot": cell.plot, "text": cell.text, "reference": cell.reference, "overlay": "\n".join(cell.overlay)}
    fields |= {name: draw.get(name, "") for name in DRAWN}
    fields |= {"good": good.sample, "good-note": good.note, "bad": bad.sample, "bad-note": bad.note}
    return fields | {"action": action, "contact": contact}


def cell_from_fields(cell: PlotCell | None, sent: Mapping[str, str]) -> PlotCell | None:
    """The open cell as its fields were sent; the same one if none has changed. A gap with a plot is a plot."""
    before = fields_of(cell or PlotCell(""))
    fields = {name: _plain(sent.get(FIELD + name, value)) for name, value in before.items()}
    if all(fields[name] == _plain(value) for name, value in before.items()):
        return cell
    draw = [(name, value) for name, value in (cell.draw if cell else ()) if name not in DRAWN]
    draw += [(name, fields[name].strip()) for name in DRAWN if fields[name].strip()]
    shift = ShiftHelp(
        Example(fields["good"].strip(), fields["good-note"]),
        Example(fields["bad"].strip(), fields["bad-note"]),
        fields["action"],
        fields["contact"],
    )
    return replace(
        cell or PlotCell(""),
        plot=fields["plot"],
        text=fields["text"],
        draw=tuple(draw),
        reference=fields["reference"] if fields["reference"] in REFERENCES else "",
        overlay=tuple(line for line in fields["overlay"].split("\n") if line.strip()),
        help=shift,
        written="",
    )


def _invalid() -> Problem:
    return Problem(400, "The grid in the form cannot be read: it was not sent by the page of the editor")


def _plain(text: str) -> str:
    """A text with the line ends that it is stored with; forms are sent with those of the network."""
    return text.replace("\r\n", "\n")


def _values(cell: PlotCell) -> dict[str, Any]:
    values: dict[str, Any] = {"plot": cell.plot, "text": cell.text, "draw": [list(pair) for pair in cell.draw]}
    values |= {"reference": cell.reference, "overlay": list(cell.overlay), "written": cell.written}
    if cell.help != NO_HELP:
        values["help"] = [*cell.help.good, *cell.help.bad, cell.help.action, cell.help.contact]
    return {name: value for name, value in values.items() if value or name == "plot"}


def _cell(values: dict[str, Any]) -> PlotCell:
    """The reverse of `_values`. Raises ValueError, TypeError, KeyError and AttributeError for anything else."""
    good, good_note, bad, bad_note, action, contact = map(_text, values.get("help", [""] * 6))
    reference, written = values.get("reference", ""), values.get("written", "")
    if reference not in REFERENCES or written not in ("", ROW, TEXT):
        raise ValueError
    return PlotCell(
        plot=_text(values["plot"]),
        text=_text(values.get("text", "")),
        draw=tuple((_text(name), _text(value)) for name, value in values.get("draw", [])),
        reference=reference,
        overlay=tuple(map(_text, values.get("overlay", []))),
        help=ShiftHelp(Example(good, good_note), Example(bad, bad_note), action, contact),
        written=written,
    )


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value
