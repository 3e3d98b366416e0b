"""The content of a folder or search for its template: folders with counts and alarms, layouts, and tiles of monitor elements (MEs)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from app.formats import Subfolder
from app.gui.addresses import quote_path, text
from app.gui.catalog.catalog import OpenSample
from app.gui.current import layout_index
from app.gui.errors import InvalidInput
from app.gui.layouts.scopes import scope_of
from app.gui.layouts.showing.index import LayoutIndex, LayoutSubfolder
from app.gui.pages.compare import LegendEntry
from app.gui.pages.layout_lists import folder_layouts, opened_layout
from app.gui.pages.layout_tiles import LayoutTile, layout_tile, layout_tiles
from app.gui.pages.matches import MAX_MATCHES, FoundLayouts, found_layouts, found_mes, search_terms
from app.gui.pages.tile import SCALARS, Tile, tile
from app.gui.quality import FAILING, failing_mes, ranks
from app.gui.search_terms import Lists, find_matches
from app.gui.view import View

TILES_PER_PAGE = 200
"""More tiles are loaded on demand."""


class FolderLink(NamedTuple):
    """A folder in a list."""

    name: str
    address: str
    me_count: int  # MEs below it, at any depth
    plot_count: int  # plots in the layouts below it
    errors: int  # MEs below it with errors, or plots if it has no such MEs
    warnings: int
    invalid: int  # with tests that cannot be applied


class ListPage(NamedTuple):
    """One page of a folder or search."""

    folders: list[FolderLink]
    layouts: list[LayoutTile]  # in a folder before the other tiles, in a search after them
    empty: list[tuple[str, str]]  # path and address of layouts without plots in the sample that a search finds
    more_empty: bool  # whether there are more of these
    tiles: list[Tile]
    exists: bool  # False for a folder that neither the sample nor a layout has
    layout_total: int  # layouts of the folder or search
    total: int  # MEs of the folder or search
    remaining: int  # layouts and MEs after these tiles
    more: str  # address of the next tiles, or ""
    complete: bool  # False for a search that finds more MEs than MAX_MATCHES
    layouts_complete: bool  # the same for layouts
    layouts_address: str  # in a search with MEs and layouts: of the layouts, after the MEs; else ""
    problem: str  # what is wrong with the search, or ""


def list_view(sample: OpenSample, view: View, part: tuple[int, int], legend: Sequence[LegendEntry] = ()) -> ListPage:
    """The content of the page of a view, with the tiles of a part of its list, compared with the references of `legend`."""
    if view.shared and not view.is_search and (layout := opened_layout(view)):
        return _alone(layout_tile(sample, view, layout, legend, view))
    try:
        terms, problem = search_terms(view), ""
        found = found_mes(sample, view, terms, legend) if terms else None
        matching = found_layouts(sample, view, terms, legend) if terms else None
    except InvalidInput as error:
        found, matching, problem = [], FoundLayouts([], [], more_empty=False), error.message
    folder = sample.names.folder(view.folder)
    index = layout_index(scope_of(view.key.dataset))
    layouts = folder_layouts(sample, view, legend) if matching is None else matching.shown
    mes = in_order(sample, view, chosen(sample, view, folder.mes, legend) if found is None else found)
    start, end = part
    layouts_from, mes_from = (0, len(layouts)) if found is None else (len(mes), 0)
    total = len(layouts) + len(mes)
    return ListPage(
        folders=[] if matching else _folder_links(sample, view, folder.subfolders, index, index.folder(view.folder).subfolders),
        layouts=layout_tiles(sample, view, layouts[max(0, start - layouts_from) : max(0, end - layouts_from)], legend),
        empty=[(text(ref.path), view.of_folder(ref.path).address) for ref in matching.empty] if matching else [],
        more_empty=bool(matching and matching.more_empty),
        tiles=[tile(sample, view, me, legend) for me in mes[max(0, start - mes_from) : max(0, end - mes_from)]],
        exists=folder_exists(sample, view),
        layout_total=len(layouts),
        total=len(mes),
        remaining=max(0, total - end),
        more=view.with_query(f"from={end}") if end < total else "",
        complete=found is None or len(found) < MAX_MATCHES,
        layouts_complete=matching is None or len(layouts) < MAX_MATCHES,
        layouts_address=view.with_query(f"from={len(mes)}") if matching and mes and layouts else "",
        problem=problem,
    )


def folder_exists(sample: OpenSample, view: View) -> bool:
    """Whether the sample or a layout has the folder of a view."""
    first, last = sample.names.below(view.folder)
    return first < last or any(layout_index(scope_of(view.key.dataset)).folder(view.folder)) or bool(opened_layout(view))


def _alone(layout: LayoutTile) -> ListPage:
    """The page of a private layout."""
    return ListPage(
        folders=[],
        layouts=[layout],
        empty=[],
        more_empty=False,
        tiles=[],
        exists=True,
        layout_total=1,
        total=0,
        remaining=0,
        more="",
        complete=True,
        layouts_complete=True,
        layouts_address="",
        problem="",
    )


def failing_list(sample: OpenSample, view: View) -> list[int]:
    """The MEs below the folder of a view, and in the layouts there, whose quality tests fail, worst first; with a search those that match.

    Raises InvalidInput.
    """
    mes = failing_mes(sample.columns).between(*sample.names.below(view.folder))
    of_layouts = layout_index(scope_of(view.key.dataset)).failing_below(sample, view.folder)
    if others := set(of_layouts).difference(mes):
        severity = ranks(sample.columns)
        mes = sorted((*mes, *others), key=lambda index: (severity[index], index))
    if not (terms := search_terms(view)):
        return mes
    matching = set(find_matches(terms, Lists(sample.names, sample.columns), len(mes), among=sorted(mes)))
    return [index for index in mes if index in matching]


def in_order(sample: OpenSample, view: View, mes: list[int]) -> list[int]:
    """MEs in the order of a list: failing ones first if the view says so.

    In a folder numbers and texts are before histograms, since they are few and small; in the matches of a search, which can be
    hundreds, after them.
    """
    is_search, kinds = view.is_search, sample.columns.kind
    mes = sorted(mes, key=lambda index: (kinds[index] in SCALARS) == is_search)
    if not view.failing_first:
        return mes
    severity, others = ranks(sample.columns), len(FAILING)
    return sorted(mes, key=lambda index: min(severity[index], others))


def chosen(sample: OpenSample, view: View, mes: list[int], legend: Sequence[LegendEntry]) -> list[int]:
    """Those of MEs that `only` of the view selects."""
    if view.only == "failing":
        severity = ranks(sample.columns)
        return [index for index in mes if severity[index] < len(FAILING)]
    if view.only == "reference":
        return [index for index in mes if any(not each.lacks(sample.names[index]) for each in legend)]
    return mes


def _folder_links(
    sample: OpenSample, view: View, subfolders: list[Subfolder], index: LayoutIndex, layout_subfolders: list[LayoutSubfolder]
) -> list[FolderLink]:
    """The folders of the MEs and of the layouts, in one list by name."""
    failing = failing_mes(sample.columns)
    here = view.of_folder(view.folder)
    path, query = here.path, here.address.removeprefix(here.path)  # once, since a folder can have hundreds
    of_mes, of_layouts = {each.name: each for each in subfolders}, {each.name: each for each in layout_subfolders}
    links = []
    for name in sorted(of_mes.keys() | of_layouts.keys()):
        _, *mes = of_mes.get(name, (name, 0, 0))
        _, *plots = of_layouts.get(name, (name, 0, 0))
        counts = failing.counts(*mes)
        if not any(counts) and plots[1]:
            counts = index.failing_counts(sample, *plots)
        if any(counts) or view.only != "failing":
            links.append(FolderLink(text(name), f"{path}/{quote_path(name)}{query}", mes[1] - mes[0], plots[1] - plots[0], *counts))
    return links
