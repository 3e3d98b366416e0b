"""Problems of a single layout, without names of monitor elements."""

from __future__ import annotations

import re
from collections.abc import Iterator

from app.gui.drawing_options import usable_options
from app.gui.layouts.checking.findings import DRAWING_OPTION, DUPLICATE_PLOT, STRING_ROW, UNREACHABLE, CheckFinding
from app.gui.layouts.layout import DRAWN, ROW, Layout, PlotCell


def cells(layout: Layout) -> Iterator[tuple[str, PlotCell]]:
    """The cells that are no gaps, with their places in the document."""
    for number, row in enumerate(layout.rows):
        for column, cell in enumerate(row):
            if cell:
                yield (f"rows[{number}]" if cell.written == ROW else f"rows[{number}][{column}]"), cell


def structure_findings(layout: Layout) -> Iterator[CheckFinding]:
    """The problems of the cells of a layout."""
    first: dict[PlotCell, str] = {}
    for place, cell in cells(layout):
        if cell.written == ROW:
            problem = f'The row is a text, which the classic DQM GUI reads letter by letter: put it in brackets, as ["{cell.plot}"]'
            yield CheckFinding(STRING_ROW, layout.path, layout.scopes, place, cell.plot, problem)
        for option, value, problem in _option_problems(cell):
            yield CheckFinding(DRAWING_OPTION, layout.path, layout.scopes, f"{place}.draw", f"{option}={value}", f"{option}: {problem}")
        drawn = PlotCell(cell.plot, draw=cell.drawn, overlay=cell.overlay)
        if first.setdefault(drawn, place) != place:
            numbers = [int(number) + 1 for number in re.findall(r"\d+", first[drawn])]
            where = ", cell ".join(map(str, numbers))
            problem = f"{cell.plot} is drawn in row {where} with the same options: remove one"
            yield CheckFinding(DUPLICATE_PLOT, layout.path, layout.scopes, place, cell.plot, problem)
    if not first:
        yield CheckFinding(UNREACHABLE, layout.path, layout.scopes, "rows", "", "The layout has no plot, so no page shows it: add one")


def _option_problems(cell: PlotCell) -> Iterator[tuple[str, str, str]]:
    """Name, value and problem of drawing options that cannot be used."""
    values = dict(cell.draw)
    for name, value in values.items():
        if name not in DRAWN:
            yield name, value, f"There is no such drawing option; expected some of {', '.join(DRAWN)}"
    _, problems = usable_options(values)
    yield from ((each.name, each.value, each.problem) for each in problems)
