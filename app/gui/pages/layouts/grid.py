"""Changes of the grid of a layout while it is edited: cells and rows are added, moved and removed. Nothing is stored."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from app.gui.layouts.layout import PlotCell

Rows = tuple[tuple[PlotCell | None, ...], ...]
"""Rows of cells from left to right; None is a gap."""

NEW_PLOT = PlotCell("")
"""A cell whose plot is not chosen yet."""

STEPS = {"left": (0, -1), "right": (0, 1), "up": (-1, 0), "down": (1, 0)}
"""Rows and columns of the moves of a cell."""


class CellPlace(NamedTuple):
    """The place of a cell; both count from 0."""

    row: int
    column: int

    def __str__(self) -> str:
        return f"{self.row}.{self.column}"

    @classmethod
    def parse(cls, text: str, rows: Rows) -> CellPlace | None:
        """The place written as `2.0`; None if the grid has no cell there."""
        row, dot, column = text.partition(".")
        if not (dot and all(each.isascii() and each.isdecimal() and len(each) < 4 for each in (row, column))):
            return None
        place = cls(int(row), int(column))
        return place if place.row < len(rows) and place.column < len(rows[place.row]) else None


class GridChange(NamedTuple):
    """The grid after a change, and the place of the cell that was changed, or None."""

    rows: Rows
    place: CellPlace | None


def find_plot(rows: Rows, path: str) -> CellPlace | None:
    """The place of the first cell with the plot of this path, or None."""
    cells = ((CellPlace(row, column), cell) for row, line in enumerate(rows) for column, cell in enumerate(line))
    return next((place for place, cell in cells if path and cell and cell.plot == path), None)


def with_cell(rows: Rows, place: CellPlace, cell: PlotCell | None) -> Rows:
    """The grid with another cell at a place."""
    found = [list(row) for row in rows]
    found[place.row][place.column] = cell
    return _rows(found)


def move(rows: Rows, place: CellPlace, direction: str) -> GridChange:
    """Exchange a cell with its neighbour; up and down also end in a shorter row, or in a new one beyond the first or last row."""
    down, right = STEPS[direction]
    other = CellPlace(place.row + down, place.column + right)
    if right:
        return exchange(rows, place, other) if 0 <= other.column < len(rows[place.row]) else GridChange(rows, place)
    if 0 <= other.row < len(rows) and other.column < len(rows[other.row]):
        return exchange(rows, place, other)
    if len(rows[place.row]) == 1 and not 0 <= other.row < len(rows):
        return GridChange(rows, place)
    found = [list(row) for row in rows]
    cell = found[place.row].pop(place.column)
    if not 0 <= other.row < len(found):
        found.insert(max(other.row, 0), [cell])
        return GridChange(_rows(found), CellPlace(max(other.row, 0), 0))
    found[other.row].append(cell)
    column, is_above = len(found[other.row]) - 1, not found[place.row] and place.row < other.row
    return GridChange(_rows(found), CellPlace(other.row - is_above, column))


def exchange(rows: Rows, place: CellPlace, other: CellPlace) -> GridChange:
    """Exchange two cells; the first one is at the place of the second one then."""
    found = [list(row) for row in rows]
    cell = found[place.row][place.column]
    found[place.row][place.column] = found[other.row][other.column]
    found[other.row][other.column] = cell
    return GridChange(_rows(found), other)


def remove(rows: Rows, place: CellPlace) -> GridChange:
    """Remove a cell: those after it in its row move to the left, and a row without cells is removed."""
    found = [list(row) for row in rows]
    del found[place.row][place.column]
    here = found[place.row]
    return GridChange(_rows(found), CellPlace(place.row, min(place.column, len(here) - 1)) if here else None)


def insert(rows: Rows, place: CellPlace, cell: PlotCell | None) -> GridChange:
    """Put a cell before the one at a place."""
    found = [list(row) for row in rows]
    found[place.row].insert(place.column, cell)
    return GridChange(_rows(found), place)


def append(rows: Rows, row: int, cells: Sequence[PlotCell | None]) -> GridChange:
    """Put cells at the end of a row; `row` after the last one is a new row."""
    found = [list(each) for each in rows]
    if row >= len(found):
        found.append([])
        row = len(found) - 1
    found[row] += cells
    return GridChange(_rows(found), CellPlace(row, len(found[row]) - len(cells)) if cells else None)


def move_row(rows: Rows, row: int, step: int) -> Rows:
    """Exchange a row with the one above (step -1) or below (1)."""
    found, other = list(rows), row + step
    if 0 <= other < len(found):
        found[row], found[other] = found[other], found[row]
    return tuple(found)


def remove_row(rows: Rows, row: int) -> Rows:
    """The grid without a row."""
    return rows[:row] + rows[row + 1 :]


def _rows(found: list[list[PlotCell | None]]) -> Rows:
    return tuple(tuple(row) for row in found if row)
