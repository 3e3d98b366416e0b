"""The content of a folder or search for its template: folders with counts and alarms, and tiles of monitor elements (MEs)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from app.formats import Kind, QTest, Subfolder
from app.gui.addresses import FormField, form_field, quote_path, text
from app.gui.catalog.catalog import OpenSample
from app.gui.errors import InvalidInput
from app.gui.pages.compare import LegendEntry, SidePlot, sides
from app.gui.pages.readable import readable_value
from app.gui.quality import FAILING, STATUS_CODES, failing_mes, ranks, status_badge
from app.gui.search_terms import Lists, StatusTerm, Term, find_matches
from app.gui.search_words import parse_search
from app.gui.view import TILE_SIZES, View
from app.web.badges import Badge

TILES_PER_PAGE = 200
"""More tiles are loaded on demand."""

MAX_MATCHES = 1000
"""Matches of a search."""

SCALARS = frozenset(int(kind) for kind in Kind if kind.scalar)
"""Kinds of numbers and texts, as in `Columns.kind`."""


class FolderLink(NamedTuple):
    """A folder in a list."""

    name: str
    address: str
    me_count: int  # MEs below it, at any depth
    errors: int  # MEs below it with errors
    warnings: int
    invalid: int  # MEs below it with tests that cannot be applied


class Tile(NamedTuple):
    """An ME in a list."""

    name: str
    folder: str
    address: str
    folder_address: str  # in the matches of a search, else ""
    image: str  # address of the plot
    status: Badge | None
    value: str | None  # text of a scalar, which is shown instead of a plot
    readable: str  # the value for people
    sides: list[SidePlot]  # the plots of references that are shown beside it
    reference_values: list[tuple[str, str]]  # label and text of a scalar in each reference
    lacks: list[str]  # labels of the references without this ME
    mark: FormField  # its field `mark` in a form
    not_drawn: list[tuple[str, str]]  # label of each reference that is not drawn with this plot, and why


class ListPage(NamedTuple):
    """One page of a folder or search."""

    folders: list[FolderLink]
    tiles: list[Tile]
    total: int  # MEs of the folder or search
    remaining: int  # MEs after these tiles
    more: str  # address of the next tiles, or ""
    complete: bool  # False for a search with more matches than MAX_MATCHES
    problem: str  # what is wrong with the search, or ""


def list_view(sample: OpenSample, view: View, part: tuple[int, int], legend: Sequence[LegendEntry] = ()) -> ListPage:
    """The content of the page of a view, with the tiles of a part of its list, compared with the references of `legend`."""
    found: list[int] | None
    try:
        found, problem = _matches(sample, view), ""
    except InvalidInput as error:
        found, problem = [], error.message
    folder = sample.names.folder(view.folder) if found is None else None
    mes = _in_order(sample, view, found or [] if folder is None else folder.mes)
    start, end = part
    return ListPage(
        folders=_folder_links(sample, view, folder.subfolders) if folder else [],
        tiles=[tile(sample, view, index, legend) for index in mes[start:end]],
        total=len(mes),
        remaining=max(0, len(mes) - end),
        more=view.with_query(f"from={end}") if end < len(mes) else "",
        complete=found is None or len(found) < MAX_MATCHES,
        problem=problem,
    )


def _matches(sample: OpenSample, view: View) -> list[int] | None:
    """The MEs that match the search of a view; None without a search. Raises InvalidInput for a wrong one."""
    terms = _terms(view)
    return find_matches(terms, Lists(sample.names, sample.columns), MAX_MATCHES) if terms else None


def _terms(view: View) -> tuple[Term, ...]:
    """The conditions of a view on the MEs in its list. Raises InvalidInput for a wrong search."""
    of_status = (StatusTerm(frozenset({STATUS_CODES[view.status]})),) if view.status else ()
    return (*of_status, *parse_search(view.q))


def siblings(sample: OpenSample, view: View) -> list[int]:
    """The MEs of the list that contains the large plot: of the marked or failing ones, of the search, else of its folder."""
    if view.side_by_side:
        return [index for index in map(sample.names.find, view.marks) if index is not None]
    try:
        if view.failing:
            return failing_list(sample, view)
        found = _matches(sample, view)
    except InvalidInput:
        found = None
    folder = view.plot.rpartition(b"/")[0] if view.plot else view.folder
    return _in_order(sample, view, sample.names.folder(folder).mes if found is None else found)


def failing_list(sample: OpenSample, view: View) -> list[int]:
    """The MEs below the folder of a view whose quality tests fail, worst first; with a search those that match. Raises InvalidInput."""
    mes = failing_mes(sample.columns).between(*sample.names.below(view.folder))
    if not (terms := _terms(view)):
        return mes
    matching = set(find_matches(terms, Lists(sample.names, sample.columns), len(mes), among=sorted(mes)))
    return [index for index in mes if index in matching]


def _in_order(sample: OpenSample, view: View, mes: list[int]) -> list[int]:
    """MEs in the order of a list, failing ones first if the view says so.

    In a folder numbers and texts are before histograms, since they are few and small; in the matches of a search, which can be
    hundreds, after them.
    """
    is_search, kinds = view.is_search, sample.columns.kind
    mes = sorted(mes, key=lambda index: (kinds[index] in SCALARS) == is_search)
    if not view.failing_first:
        return mes
    severity, others = ranks(sample.columns), len(FAILING)
    return sorted(mes, key=lambda index: min(severity[index], others))


def tile(sample: OpenSample, view: View, index: int, legend: Sequence[LegendEntry] = (), size: tuple[int, int] | None = None) -> Tile:
    """An ME in a list, compared with the references of `legend`. size: width and height of its plot, pixels; None: that of lists."""
    size = size or TILE_SIZES[view.size]
    path = sample.names[index]
    folder, _, name = path.rpartition(b"/")
    value = scalar(sample, index)
    values = _reference_values(legend, path) if value is not None else []
    image, drawn = view.comparison(path, size)
    reasons = [(each.shown_label, each.why_not_drawn(path, Kind(sample.columns.kind[index]), view.compare, drawn)) for each in legend]
    return Tile(
        name=text(name),
        folder=text(folder),
        address=view.of_plot(path).address,
        folder_address=view.of_folder(folder).address if view.is_search else "",
        image=image,
        status=status_badge(sample.columns.status[index]),
        value=value,
        readable=readable_value(text(name), value or ""),
        sides=sides(view, legend, path, size) if value is None else [],
        reference_values=[(label, readable_value(text(name), each)) for label, each in values],
        lacks=[each.shown_label for each in legend if each.sample and each.lacks(path)],
        mark=form_field("mark", path),
        not_drawn=[(label, reason) for label, reason in reasons if reason and value is None],
    )


def _reference_values(legend: Sequence[LegendEntry], path: bytes) -> list[tuple[str, str]]:
    """Label and text of a scalar ME in each reference that has it."""
    found = []
    for each in legend:
        if each.sample and (index := each.sample.names.find(each.reference.me_path(path))) is not None:
            found.append((each.shown_label, scalar(each.sample, index) or "a plot"))
    return found


def scalar(sample: OpenSample, index: int) -> str | None:
    """The text of a scalar ME; None for a histogram."""
    return sample.scalar(index) if Kind(sample.columns.kind[index]).scalar else None


def with_badges(tests: Iterable[QTest]) -> list[tuple[QTest, Badge | None]]:
    """Quality tests with their badges."""
    return [(test, status_badge(test.status)) for test in tests]


def _folder_links(sample: OpenSample, view: View, subfolders: list[Subfolder]) -> list[FolderLink]:
    failing = failing_mes(sample.columns)
    here = view.of_folder(view.folder)
    path, query = here.path, here.address.removeprefix(here.path)  # once, since a folder can have hundreds
    return [
        FolderLink(text(name), f"{path}/{quote_path(name)}{query}", last - first, *failing.counts(first, last))
        for name, first, last in subfolders
    ]
