"""Layouts as tiles of a list: grids of plots with their true rows, columns and gaps.

The plots of a grid have the size of other plots of the list, so a grid spans as many of their columns as it has itself. Where the
window is too narrow for that, all plots of the grid become smaller together, and below 110 pixels each it scrolls sideways.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import takewhile
from typing import NamedTuple

from markupsafe import Markup

from app.gui.addresses import text
from app.gui.catalog.catalog import OpenSample
from app.gui.current import layout_contents
from app.gui.layouts.descriptions import description_html
from app.gui.layouts.editing.rights import may_change
from app.gui.layouts.layout import Layout, PlotCell
from app.gui.layouts.showing.index import LayoutRef
from app.gui.layouts.showing.placed import PlacedCell, PlacedLayout, place
from app.gui.pages.compare import LegendEntry
from app.gui.pages.layout_lists import absent_overlays, has_reference, without_absent
from app.gui.pages.tile import Tile, tile
from app.gui.quality import status_badge
from app.gui.view import TILE_SIZES, View
from app.web.badges import Badge

WIDEST = 1920
"""Width of a window, pixels, in which a grid is drawn without magnifying its pictures."""


class CellTile(NamedTuple):
    """A plot in a grid."""

    name: str  # as much of the path as no other plot of the grid has
    path: str
    about: Markup  # description
    no_reference: bool  # whether the layout has no references with it, though the page has
    absent_overlays: list[str]  # paths of the MEs that are drawn over it, which the sample lacks
    tile: Tile | None  # None: the sample has no such ME

    @property
    def folder(self) -> str:
        """What of the path is before the name."""
        return self.path[: -len(self.name)].rstrip("/")


class LayoutTile(NamedTuple):
    """A layout in a list, or a plot alone."""

    name: str
    address: str
    folder: str
    folder_address: str  # in the matches of a search, else ""
    help: Markup
    status: Badge | None  # the worst of its plots
    has_data: bool  # whether the sample has any of its plots
    has_reference: bool  # whether a reference of the page is shown with any of them
    columns: int
    rows: list[list[CellTile | None]]  # each with `columns` cells; None is a gap
    image_size: tuple[int, int]  # width and height of its pictures, pixels
    number: int = 0  # of the arrangement, if the page is that of this layout alone

    @property
    def can_change(self) -> bool:
        """Whether who asks for the page may change the layout."""
        return may_change("", f"{self.folder}/{self.name}" if self.folder else self.name)

    @property
    def cells(self) -> list[CellTile]:
        """The plots, row by row."""
        return [cell for row in self.rows for cell in row if cell]

    @property
    def described(self) -> list[CellTile]:
        """The plots with descriptions."""
        return [cell for cell in self.cells if cell.about]


def layout_tiles(sample: OpenSample, view: View, refs: Iterable[LayoutRef | bytes], legend: Sequence[LegendEntry] = ()) -> list[LayoutTile]:
    """Layouts, and plots by the paths of their MEs, as tiles in this order, for the template gui/layout_tiles_fragment.html."""
    refs = list(refs)
    contents = dict(layout_contents(ref for ref in refs if isinstance(ref, LayoutRef)))
    return [
        plot_tile(sample, view, ref, legend)
        if isinstance(ref, bytes)
        else layout_tile(sample, view, contents[ref], legend)._replace(number=ref.arrangement if ref.path == view.folder else 0)
        for ref in refs
    ]


def layout_tile(
    sample: OpenSample, view: View, layout: Layout, legend: Sequence[LegendEntry] = (), inside: View | None = None
) -> LayoutTile:
    """A layout on a sample, compared with the references of `legend`. inside: the view of the layout alone; None for that at its path."""
    inside = inside or view.of_folder(layout.path.encode())
    found = _tile(sample, view, place(layout, sample), legend, inside)
    return found._replace(folder_address=view.of_folder(layout.folder.encode()).address if view.is_search else "")


def plot_tile(sample: OpenSample, view: View, path: bytes, legend: Sequence[LegendEntry] = ()) -> LayoutTile:
    """A plot as a layout of its own."""
    alone = Layout(text(path), (), ((PlotCell(path.decode("utf-8", "surrogateescape")),),))
    return _tile(sample, view, place(alone, sample), legend, view.of_folder(path.rpartition(b"/")[0]))


def _tile(sample: OpenSample, view: View, placed: PlacedLayout, legend: Sequence[LegendEntry], inside: View) -> LayoutTile:
    layout, columns = placed.layout, max(map(len, placed.rows), default=1)
    size = picture_size(columns, view.size)
    names = distinct_names(cell.path for cell in placed.cells)
    rows = [[_cell_tile(sample, inside, cell, legend, size, names[cell.path]) if cell else None for cell in row] for row in placed.rows]
    cells = [cell for row in rows for cell in row if cell]
    only = cells[0].tile if len(cells) == 1 else None
    return LayoutTile(
        name=layout.name,
        address=only.address if only else inside.address,
        folder=layout.folder,
        folder_address="",
        help=description_html(layout.help),
        status=status_badge(placed.status),
        has_data=placed.has_data,
        has_reference=has_reference(layout, legend),
        columns=columns,
        rows=[row + [None] * (columns - len(row)) for row in rows],
        image_size=size,
    )


def picture_size(columns: int, size: str) -> tuple[int, int]:
    """Width and height of the pictures of a grid: of the chosen size, or smaller as long as a row still fills any window."""
    chosen = TILE_SIZES[size]
    return next((each for each in TILE_SIZES.values() if each[0] * columns >= WIDEST and each < chosen), chosen)


def distinct_names(paths: Iterable[bytes]) -> dict[bytes, str]:
    """The names of plots by their paths: the last parts of each path, as many as make it different from the others."""
    parts = {path: path.split(b"/") for path in paths}
    return {path: text(b"/".join(own[-_parts_needed(own, parts.values()) :])) for path, own in parts.items()}


def _parts_needed(own: list[bytes], others: Iterable[list[bytes]]) -> int:
    """How many last parts of a path no other path has; all if another one ends with the whole path."""
    equal = 0
    for other in others:
        if other is not own:
            common = takewhile(lambda pair: pair[0] == pair[1], zip(reversed(own), reversed(other), strict=False))
            equal = max(equal, sum(1 for _ in common))
    return min(equal + 1, len(own))


def _cell_tile(
    sample: OpenSample, inside: View, placed: PlacedCell, legend: Sequence[LegendEntry], size: tuple[int, int], name: str
) -> CellTile:
    no_reference = placed.cell.reference == "no"
    drawn = () if no_reference else legend
    view = inside.replace(cell=without_absent(sample, placed.cell))
    found = None if placed.me is None else tile(sample, view, placed.me, drawn, size)
    return CellTile(
        name=name,
        path=text(placed.path),
        about=description_html(placed.cell.text),
        no_reference=no_reference and bool(legend),
        absent_overlays=absent_overlays(sample, placed.cell),
        tile=found and found._replace(address=inside.of_plot(placed.path, placed.number).address),
    )
