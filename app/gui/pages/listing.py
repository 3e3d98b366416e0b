"""The content of a folder or search for its template: folders with counts and alarms, layouts, and tiles of monitor elements (MEs)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from app.formats import Subfolder
from app.gui.addresses import quote_path, text
from app.gui.catalog.catalog import OpenSample
from app.gui.current import layout_index
from app.gui.errors import InvalidInput
from app.gui.layouts.index import LayoutIndex, LayoutSubfolder
from app.gui.layouts.scopes import scope_of
from app.gui.pages.compare import LegendEntry
from app.gui.pages.layout_lists import layout_cells, listed_layouts, opened_layout
from app.gui.pages.layout_tiles import LayoutTile, layout_tile, layout_tiles
from app.gui.pages.tile import SCALARS, Tile, tile
from app.gui.quality import FAILING, STATUS_CODES, failing_mes, ranks
from app.gui.search_terms import Lists, StatusTerm, Term, find_matches
from app.gui.search_words import parse_search
from app.gui.view import View

TILES_PER_PAGE = 200
"""More tiles are loaded on demand."""

MAX_MATCHES = 1000
"""Matches of a search."""


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
    layouts: list[LayoutTile]  # before the other tiles
    tiles: list[Tile]
    exists: bool  # False for a folder that neither the sample nor a layout has
    layout_total: int  # layouts of the folder or search
    total: int  # MEs of the folder or search
    remaining: int  # layouts and MEs after these tiles
    more: str  # address of the next tiles, or ""
    complete: bool  # False for a search with more matches than MAX_MATCHES
    problem: str  # what is wrong with the search, or ""


def list_view(sample: OpenSample, view: View, part: tuple[int, int], legend: Sequence[LegendEntry] = ()) -> ListPage:
    """The content of the page of a view, with the tiles of a part of its list, compared with the references of `legend`."""
    if view.shared and not view.is_search and (layout := opened_layout(view)):
        return _alone(layout_tile(sample, view, layout, legend, view))
    try:
        terms, problem = _terms(view), ""
        found = _matches(sample, terms) if terms else None
    except InvalidInput as error:
        terms, found, problem = (), [], error.message
    folder = sample.names.folder(view.folder)
    index = layout_index(scope_of(view.key.dataset))
    subfolders = index.folder(view.folder).subfolders
    layouts = [] if problem else listed_layouts(sample, view, terms, legend, MAX_MATCHES)
    mes = _in_order(sample, view, folder.mes if found is None else found, legend)
    start, end = part
    shown = mes[max(0, start - len(layouts)) : max(0, end - len(layouts))]
    return ListPage(
        folders=_folder_links(sample, view, folder.subfolders, index, subfolders) if found is None else [],
        layouts=layout_tiles(sample, view, layouts[start:end], legend),
        tiles=[tile(sample, view, index, legend) for index in shown],
        exists=folder_exists(sample, view),
        layout_total=len(layouts),
        total=len(mes),
        remaining=max(0, len(layouts) + len(mes) - end),
        more=view.with_query(f"from={end}") if end < len(layouts) + len(mes) else "",
        complete=found is None or len(found) < MAX_MATCHES,
        problem=problem,
    )


def folder_exists(sample: OpenSample, view: View) -> bool:
    """Whether the sample or a layout has the folder of a view."""
    first, last = sample.names.below(view.folder)
    return first < last or any(layout_index(scope_of(view.key.dataset)).folder(view.folder)) or bool(opened_layout(view))


def _alone(layout: LayoutTile) -> ListPage:
    """The page of a private layout."""
    return ListPage(
        folders=[], layouts=[layout], tiles=[], exists=True, layout_total=1, total=0, remaining=0, more="", complete=True, problem=""
    )


def _matches(sample: OpenSample, terms: Sequence[Term]) -> list[int]:
    """The MEs that match a search. Raises InvalidInput for one that takes too long."""
    return find_matches(terms, Lists(sample.names, sample.columns), MAX_MATCHES)


def _terms(view: View) -> tuple[Term, ...]:
    """The conditions of a view on the MEs in its list. Raises InvalidInput for a wrong search."""
    of_status = (StatusTerm(frozenset({STATUS_CODES[view.status]})),) if view.status else ()
    return (*of_status, *parse_search(view.q))


def siblings(sample: OpenSample, view: View, legend: Sequence[LegendEntry]) -> list[int]:
    """The MEs of the list that contains the large plot: of the marked or failing ones, of the search, of its layout, else of its folder."""
    if view.side_by_side:
        return [index for index in map(sample.names.find, view.marks) if index is not None]
    found = None
    try:
        if view.failing:
            return failing_list(sample, view)
        found = _matches(sample, terms) if (terms := _terms(view)) else None
    except InvalidInput:
        pass
    if found is None and (layout := opened_layout(view)):
        return layout_cells(sample, layout)
    folder = view.plot.rpartition(b"/")[0] if view.plot else view.folder
    return _in_order(sample, view, sample.names.folder(folder).mes if found is None else found, legend)


def failing_list(sample: OpenSample, view: View) -> list[int]:
    """The MEs below the folder of a view, and in the layouts there, whose quality tests fail, worst first; with a search those that match.

    Raises InvalidInput.
    """
    mes = failing_mes(sample.columns).between(*sample.names.below(view.folder))
    of_layouts = layout_index(scope_of(view.key.dataset)).failing_below(sample, view.folder)
    if others := set(of_layouts).difference(mes):
        severity = ranks(sample.columns)
        mes = sorted((*mes, *others), key=lambda index: (severity[index], index))
    if not (terms := _terms(view)):
        return mes
    matching = set(find_matches(terms, Lists(sample.names, sample.columns), len(mes), among=sorted(mes)))
    return [index for index in mes if index in matching]


def _in_order(sample: OpenSample, view: View, mes: list[int], legend: Sequence[LegendEntry]) -> list[int]:
    """Those of MEs that the view shows, in the order of a list: failing ones first if the view says so.

    In a folder numbers and texts are before histograms, since they are few and small; in the matches of a search, which can be
    hundreds, after them.
    """
    is_search, kinds = view.is_search, sample.columns.kind
    mes = sorted(_chosen(sample, view, mes, legend), key=lambda index: (kinds[index] in SCALARS) == is_search)
    if not view.failing_first:
        return mes
    severity, others = ranks(sample.columns), len(FAILING)
    return sorted(mes, key=lambda index: min(severity[index], others))


def _chosen(sample: OpenSample, view: View, mes: list[int], legend: Sequence[LegendEntry]) -> list[int]:
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
