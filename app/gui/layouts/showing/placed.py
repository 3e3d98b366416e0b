"""A layout on a sample: which of its plots the sample has, and the results of their quality tests."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from app.formats import Kind
from app.gui.catalog.catalog import OpenSample
from app.gui.layouts.layout import Layout, PlotCell
from app.gui.quality import rank_of


class PlacedCell(NamedTuple):
    """A plot of a layout on a sample."""

    cell: PlotCell
    path: bytes  # of the ME
    number: int  # which of the plots of this ME in the layout, from 1
    me: int | None  # index of the ME in the sample; None: the sample does not have it, and its name is shown in a gap
    status: int  # the worst of its quality tests; 0 without tests
    is_scalar: bool  # whether it is a number or text, which is shown instead of a plot


class PlacedLayout(NamedTuple):
    """A layout on a sample, with its rows and gaps (None) as they are in the layout."""

    layout: Layout
    rows: tuple[tuple[PlacedCell | None, ...], ...]

    @property
    def cells(self) -> Iterator[PlacedCell]:
        """The plots, row by row."""
        return (cell for row in self.rows for cell in row if cell)

    @property
    def status(self) -> int:
        """The worst status of the quality tests of all plots; 0 without tests."""
        return min((cell.status for cell in self.cells), key=rank_of, default=0)

    @property
    def missing(self) -> list[PlacedCell]:
        """The plots that the sample does not have."""
        return [cell for cell in self.cells if cell.me is None]

    @property
    def has_data(self) -> bool:
        """Whether the sample has any of the plots."""
        return any(cell.me is not None for cell in self.cells)


def place(layout: Layout, sample: OpenSample) -> PlacedLayout:
    """A layout on a sample."""
    seen: Counter[str] = Counter()
    return PlacedLayout(layout, tuple(tuple(_place(cell, sample, seen) if cell else None for cell in row) for row in layout.rows))


def _place(cell: PlotCell, sample: OpenSample, seen: Counter[str]) -> PlacedCell:
    """A cell on a sample; `seen` counts the plots of each ME up to it."""
    path = cell.plot.encode(errors="surrogatepass")
    index = sample.names.find(path)
    seen[cell.plot] += 1
    number = seen[cell.plot]
    if index is None:
        return PlacedCell(cell, path, number, None, 0, is_scalar=False)
    return PlacedCell(cell, path, number, index, sample.columns.status[index], Kind(sample.columns.kind[index]).scalar)
