"""The form that people upload to the classic DQM GUI: `{path: [[cell, ...], ...]}`, without scopes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from app.core.input_problems import InputProblems
from app.gui.layouts.exchange.canonical import one_line_json
from app.gui.layouts.exchange.contents import PlacedContent
from app.gui.layouts.exchange.drawing import REFERENCE, ordered, read_classic_draw
from app.gui.layouts.exchange.fields import DocumentFields, label, path_problem
from app.gui.layouts.exchange.parsing import MAX_CELLS, MAX_OVERLAY, MAX_ROWS
from app.gui.layouts.layout import REFERENCES, ROW, TEXT, Layout, PlotCell

CELL_FIELDS = ("path", "description", "draw", "overlays")


def is_upload(value: dict[str, Any]) -> bool:
    """Whether an object without a schema looks like this form: it has a path with a list of rows."""
    return any(isinstance(rows, list) for rows in value.values())


def read_upload(value: dict[str, Any], problems: InputProblems) -> Iterator[PlacedContent]:
    """The layouts of a file in its order, without scopes; those with problems are left out."""
    for path, rows in value.items():
        of_layout = InputProblems()
        if problem := path_problem(path, tab=True):
            of_layout.add(label(path), problem)
        if not isinstance(rows, list):
            of_layout.add(label(path), f"Expected a list of rows, not {label(rows)}")
            rows = []
        if len(rows) > MAX_ROWS:
            of_layout.add(label(path), f"Expected at most {MAX_ROWS} rows, not {len(rows):,}")
        read = tuple(_row(row, f"{label(path)}[{index}]", of_layout) for index, row in enumerate(rows[:MAX_ROWS]))
        if of_layout.count:
            problems.include(of_layout)
        else:
            yield PlacedContent(label(path), Layout(path, (), read))


def _row(row: Any, place: str, problems: InputProblems) -> tuple[PlotCell | None, ...]:
    if isinstance(row, str):
        return (_bare_cell(row, place, ROW, problems),)
    if not isinstance(row, list) or not 1 <= len(row) <= MAX_CELLS:
        problems.add(place, f"Expected a list of 1 to {MAX_CELLS} cells, not {label(row)}")
        return ()
    return tuple(_cell(cell, f"{place}[{column}]", problems) for column, cell in enumerate(row))


def _bare_cell(value: str, place: str, written: str, problems: InputProblems) -> PlotCell:
    if problem := path_problem(value):
        problems.add(place, problem)
    return PlotCell(value, written=written)


def _cell(value: Any, place: str, problems: InputProblems) -> PlotCell | None:
    if value is None:
        return None
    if isinstance(value, str):
        return _bare_cell(value, place, TEXT, problems)
    if isinstance(value, dict) and isinstance(value.get("overlays"), str):
        value = value | {"overlays": [value["overlays"]]}  # as several files of the classic GUI have it
    fields = DocumentFields(value, place, CELL_FIELDS, problems)
    draw = read_classic_draw(fields.values["draw"], fields.field("draw"), problems) if "draw" in fields.values else {}
    reference = draw.pop(REFERENCE, "")
    if reference not in REFERENCES:
        fields.add(f"draw.{REFERENCE}", f"Expected yes or no, not {label(reference)}")
    text, overlay = fields.text("description", lines=True), fields.paths("overlays", MAX_OVERLAY)
    return PlotCell(fields.path("path"), text, ordered(draw.items()), reference, overlay)


def upload_text(layouts: Iterable[Layout]) -> str:
    """Layouts in their order, each on a line. The form cannot hold scopes, help, run types and beams."""
    lines = [f"{one_line_json(layout.path)}:{one_line_json([_classic_row(row) for row in layout.rows])}" for layout in layouts]
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _classic_row(row: tuple[PlotCell | None, ...]) -> str | list[Any]:
    return row[0].plot if row[0] and row[0].written == ROW else [_classic_cell(cell) for cell in row]


def _classic_cell(cell: PlotCell | None) -> str | dict[str, Any] | None:
    if cell is None:
        return None
    if cell.written == TEXT:
        return cell.plot
    draw = dict(cell.draw) | ({REFERENCE: cell.reference} if cell.reference else {})
    fields = {"path": cell.plot, "description": cell.text, "draw": draw, "overlays": list(cell.overlay)}
    return {name: value for name, value in fields.items() if value}
