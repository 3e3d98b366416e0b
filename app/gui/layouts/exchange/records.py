"""Reads `dqm-layouts/1`: the flat records of a DQM GUI with the grids of the classic files; docs/users/layout-files.md describes it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from app.core.input_problems import InputProblems
from app.gui.layouts.exchange.contents import PlacedContent
from app.gui.layouts.exchange.drawing import REFERENCE, ordered, read_classic_draw
from app.gui.layouts.exchange.fields import MAX_NAME_CHARS, DocumentFields, label, path_problem
from app.gui.layouts.exchange.parsing import MAX_CELLS, MAX_OVERLAY, MAX_ROWS
from app.gui.layouts.layout import REFERENCES, ROW, TEXT, Layout, PlotCell
from app.gui.layouts.scopes import SCOPES

SCHEMA = "dqm-layouts/1"
ALL = "ALL"
CLASSIC_SCOPES = {**{scope.upper(): (scope,) for scope in SCOPES}, ALL: SCOPES}
FILE_FIELDS = ("schema", "origin", "counts", "groups", "gaps", "bare_rows", "layouts")
GROUP_FIELDS = ("path", "scope", "file", "shape", "items")
RECORD_FIELDS = ("name", "source", "destination", "scope", "draw", "overlays", "description", "draw_ignored_by_source")
GRID_FIELDS = ("group", "row", "col")
BARE_FIELDS = (*GRID_FIELDS, "text")

MAX_RECORDS = 1_000_000
RECORDS_IN_ROW = 4
"""Plots in a row of a layout that has no grid."""


def read_records(value: dict[str, Any], problems: InputProblems) -> Iterator[PlacedContent]:
    """The layouts of a file in its order; those with problems are left out."""
    file = DocumentFields(value, "", FILE_FIELDS, problems)
    groups = [_Group(group, index) for index, group in enumerate(file.list("groups", MAX_RECORDS))]
    single: dict[int, dict[tuple[str, ...], _Group]] = defaultdict(dict)  # layouts without a grid, by the group before them
    group = -1
    for index, record in enumerate(file.list("layouts", MAX_RECORDS)):
        place = f"layouts[{index}]"
        if isinstance(record, dict) and "group" not in record:
            _add_single(record, place, single[group], problems)
        elif found := _group_of(record, place, groups, problems):
            group = found.index
            found.add_record(record, place)
    for index, gap in enumerate(file.list("gaps", MAX_RECORDS)):
        place = f"gaps[{index}]"
        named = dict(zip(GRID_FIELDS, gap, strict=False)) if isinstance(gap, list) else gap
        if found := _group_of(named, place, groups, problems):
            found.add_cell(DocumentFields(named, place, GRID_FIELDS, found.problems), None)
    for index, bare in enumerate(file.list("bare_rows", MAX_RECORDS)):
        place = f"bare_rows[{index}]"
        if found := _group_of(bare, place, groups, problems):
            found.add_bare(DocumentFields(bare, place, BARE_FIELDS, found.problems))
    for each in [*single[-1].values(), *(each for group in groups for each in (group, *single[group.index].values()))]:
        if layout := each.layout(problems):
            yield PlacedContent(each.place, layout)


def rows_of_records(plots: Sequence[PlotCell]) -> tuple[tuple[PlotCell, ...], ...]:
    """The rows of a layout whose plots are records without a grid."""
    return tuple(tuple(plots[first : first + RECORDS_IN_ROW]) for first in range(0, len(plots), RECORDS_IN_ROW))


def _group_of(value: Any, place: str, groups: list[_Group], problems: InputProblems) -> _Group | None:
    number = value.get("group") if isinstance(value, dict) else None
    if isinstance(number, int) and not isinstance(number, bool) and 0 <= number < len(groups):
        return groups[number]
    problems.add(f"{place}.group", f"Expected the number of one of the {len(groups):,} groups, not {label(number)}")
    return None


class _Group:
    """A layout while its cells are read."""

    def __init__(self, value: Any, index: int, place: str = "") -> None:
        self.index, self.place, self.problems = index, place or f"groups[{index}]", InputProblems()
        fields = DocumentFields(value, self.place, GROUP_FIELDS, self.problems)
        self.path = fields.path("path", tab=True)
        self.scope = fields.choice("scope", tuple(CLASSIC_SCOPES), default=ALL)
        self.file = fields.text("file", MAX_NAME_CHARS)
        self.shape = fields.list("shape", MAX_ROWS)
        for row, size in enumerate(self.shape):
            if not isinstance(size, int) or isinstance(size, bool) or not 0 <= size <= MAX_CELLS:
                fields.add(f"shape[{row}]", f"Expected 0 to {MAX_CELLS} cells, not {label(size)}")
                self.shape[row] = -1
        self.cells: dict[tuple[int, int], PlotCell | None] = {}
        self.single: list[PlotCell] = []

    def add_record(self, value: Any, place: str) -> None:
        """Add a plot."""
        fields = DocumentFields(value, place, (*RECORD_FIELDS, *GRID_FIELDS), self.problems)
        self.add_cell(fields, self.cell(fields))

    def add_bare(self, fields: DocumentFields) -> None:
        """Add a plot that is written as a text instead of a cell or, without a column, of a row."""
        self.add_cell(fields, PlotCell(fields.path("text"), written=TEXT if "col" in fields.values else ROW))

    def add_cell(self, fields: DocumentFields, cell: PlotCell | None) -> None:
        """Put a cell into the grid."""
        row, column = fields.number("row", MAX_ROWS, -1), fields.number("col", MAX_CELLS)
        size = self.shape[row] if 0 <= row < len(self.shape) else -1
        room = size == 0 and column == 0 if cell and cell.written == ROW else 0 <= column < size
        if not room:
            fields.add("row", f"There is no cell {column} of row {row} in the shape {label(self.shape)} of {self.place}")
        elif (row, column) in self.cells:
            fields.add("col", f"The cell {column} of row {row} of {self.place} is there twice; expected it once")
        else:
            self.cells[row, column] = cell

    def cell(self, fields: DocumentFields) -> PlotCell:
        """The plot of a record."""
        plot = fields.path("source")
        folder, _, name = self.path.rpartition("/")
        destination = "/".join(filter(None, (folder, plot.rpartition("/")[2])))
        for field, expected in (("name", name), ("destination", destination), ("scope", self.scope)):
            if fields.values.get(field) != expected:
                fields.add(field, f"Expected {label(expected)}, as {self.place} has it, not {label(fields.values.get(field))}")
        draw: dict[str, str] = {}
        for field in ("draw", "draw_ignored_by_source"):
            if field in fields.values:
                draw |= read_classic_draw(fields.values[field], fields.field(field), self.problems)
        reference = draw.pop(REFERENCE, "")
        if reference not in REFERENCES:
            fields.add(f"draw_ignored_by_source.{REFERENCE}", f"Expected yes or no, not {label(reference)}")
        text, overlay = fields.text("description", lines=True), fields.paths("overlays", MAX_OVERLAY)
        return PlotCell(plot, text, ordered(draw.items()), reference, overlay)

    def layout(self, problems: InputProblems) -> Layout | None:
        """The layout; None if there are problems, which `problems` gets."""
        rows = tuple(self._rows()) if not self.problems.count else ()
        if self.problems.count:
            problems.include(self.problems, of=f" (layout {label(self.path)})")
            return None
        return Layout(self.path, CLASSIC_SCOPES[self.scope], rows, file=self.file, by_record=bool(self.single))

    def _rows(self) -> Iterator[tuple[PlotCell | None, ...]]:
        yield from rows_of_records(self.single)
        for row, size in enumerate(self.shape):
            columns = range(max(size, 1))
            if missing := [column for column in columns if (row, column) not in self.cells]:
                self.problems.add(self.place, f"Cell {missing[0]} of row {row} is missing; expected a record, a gap or a bare row for it")
            yield tuple(self.cells.get((row, column)) for column in columns)


def _add_single(record: dict[str, Any], place: str, single: dict[tuple[str, ...], _Group], problems: InputProblems) -> None:
    """Add a plot without a place in a grid to its layout: the plots with the same name, folder, scope and file."""
    folder, _, _ = str(record.get("destination", "")).rpartition("/")
    path = "/".join(filter(None, (folder, str(record.get("name", "")))))
    if problem := path_problem(path, tab=True):
        problems.add(f"{place}.destination", problem)
        return
    group = {"path": path, "scope": record.get("scope"), "file": record.get("file", "")}
    found = single.setdefault((path, str(group["scope"]), str(group["file"])), _Group(group, -1, place))
    found.single.append(found.cell(DocumentFields(record, place, (*RECORD_FIELDS, "file"), found.problems)))
