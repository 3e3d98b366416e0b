"""The quick collection of a workspace for its template: what the sample has as tiles, and the names of what it lacks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from app.gui.addresses import text
from app.gui.catalog.catalog import OpenSample
from app.gui.current import layout_index
from app.gui.layouts.scopes import scope_of
from app.gui.layouts.showing.index import LayoutRef
from app.gui.layouts.showing.quick import QuickEntry, quick_entries
from app.gui.layouts.workspace import Workspace
from app.gui.pages.compare import LegendEntry
from app.gui.pages.layout_tiles import LayoutTile, layout_tiles
from app.gui.view import View

FAILING_BADGES = ("error", "warning", "invalid")
"""Kinds of the badges of tiles with failing quality tests, worst first."""


class AbsentEntry(NamedTuple):
    """An entry without plots in the sample."""

    number: int  # its place in the collection, from 1
    path: str
    address: str  # of the layout; "" if there is none of this name, and no such plot
    near: str  # then the path of a layout or plot with a similar name, or ""
    near_address: str


class QuickCollection(NamedTuple):
    """The quick collection of a workspace on a sample."""

    total: int  # number of entries, before the filter of the page
    tiles: list[LayoutTile]
    absent: list[AbsentEntry]
    failing: dict[str, int]  # entries with data by the kind of their badge, of FAILING_BADGES


def quick_collection(sample: OpenSample, view: View, workspace: Workspace, legend: Sequence[LegendEntry]) -> QuickCollection:
    """The entries of the quick collection that the view shows, in order or failing ones first."""
    entries = quick_entries(sample, layout_index(scope_of(view.key.dataset)), workspace)
    refs: list[LayoutRef | bytes] = [entry.layout or entry.path for entry in entries if not entry.is_missing]
    shown = iter(layout_tiles(sample, view, refs, legend))
    tiles, absent = [], []
    for number, entry in enumerate(entries, 1):
        tile = None if entry.is_missing else next(shown)
        if tile and tile.has_data:
            tiles.append(tile)
        else:
            absent.append(_absent(view, number, entry))
    failing = {kind: sum(_kind(tile) == kind for tile in tiles) for kind in FAILING_BADGES}
    return QuickCollection(len(entries), chosen_tiles(tiles, view), absent, failing)


def chosen_tiles(tiles: Iterable[LayoutTile], view: View) -> list[LayoutTile]:
    """Those of tiles that `only` of the view selects, in order or failing ones first."""
    chosen = [tile for tile in tiles if not view.only or (_kind(tile) in FAILING_BADGES if view.only == "failing" else tile.has_reference)]
    if view.failing_first:
        chosen.sort(key=lambda tile: FAILING_BADGES.index(kind) if (kind := _kind(tile)) in FAILING_BADGES else len(FAILING_BADGES))
    return chosen


def _absent(view: View, number: int, entry: QuickEntry) -> AbsentEntry:
    if entry.layout:
        return AbsentEntry(number, text(entry.path), view.of_folder(entry.path).address, "", "")
    near = entry.near
    target = view.of_folder(near) if entry.near_is_layout else view.of_folder(near.rpartition(b"/")[0]).of_plot(near)
    return AbsentEntry(number, text(entry.path), "", text(near), target.address if near else "")


def _kind(tile: LayoutTile) -> str:
    return tile.status.kind if tile.status else ""
