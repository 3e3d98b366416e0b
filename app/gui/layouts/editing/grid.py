"""Changes of the grid of a private layout: adds plots at the end, moves and removes plots, arranges them in rows of equal length."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from app.gui.layouts.layout import PlotCell

Rows = tuple[tuple[PlotCell | None, ...], ...]
"""Rows of cells; None is a gap."""

COLUMNS = 3
"""Plots in a row of a new layout."""
MAX_COLUMNS = 10


def columns_of(rows: Rows) -> int:
    """The length of the longest row; a single row can grow to COLUMNS."""
    longest = max((len(row) for row in rows), default=0)
    return longest if len(rows) > 1 else max(longest, COLUMNS)


def with_plots(rows: Rows, cells: Sequence[PlotCell]) -> Rows:
    """The grid with more plots at its end; plots that it has are not added again."""
    width, grid = columns_of(rows), [list(row) for row in rows]
    known = {cell.plot for row in rows for cell in row if cell}
    for cell in cells:
        if cell.plot in known:
            continue
        known.add(cell.plot)
        if not grid or len(grid[-1]) >= width:
            grid.append([])
        grid[-1].append(cell)
    return _freeze(grid)


def without_plot(rows: Rows, position: int) -> Rows:
    """The grid without the plot at a position (from 0, row by row); a row without plots is left out."""
    grid = [list(row) for row in rows]
    row, column = _places(rows)[position]
    del grid[row][column]
    return _freeze(each for each in grid if any(each))


def with_plot_moved(rows: Rows, position: int, step: int) -> Rows:
    """The grid after a plot was exchanged with the plot `step` positions after it, if there is one. Gaps stay."""
    places = _places(rows)
    if not 0 <= position + step < len(places):
        return rows
    grid = [list(row) for row in rows]
    (row, column), (other_row, other_column) = places[position], places[position + step]
    grid[row][column], grid[other_row][other_column] = grid[other_row][other_column], grid[row][column]
    return _freeze(grid)


def in_columns(rows: Rows, columns: int) -> Rows:
    """The plots in their order in rows of this length, without gaps."""
    plots = [cell for row in rows for cell in row if cell]
    return _freeze(plots[start : start + columns] for start in range(0, len(plots), columns))


def _places(rows: Rows) -> list[tuple[int, int]]:
    """Row and column of each plot, row by row."""
    return [(number, column) for number, row in enumerate(rows) for column, cell in enumerate(row) if cell]


def _freeze(grid: Iterable[Sequence[PlotCell | None]]) -> Rows:
    return tuple(tuple(row) for row in grid)
