"""The content of a folder or search for its template: folders with counts and alarms, and tiles of monitor elements (MEs)."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from typing import NamedTuple
from weakref import WeakKeyDictionary

from app.formats import ERROR, WARNING, Columns, Kind, QTest
from app.formats.reals import shortest_real
from app.gui.addresses import text
from app.gui.catalog.catalog import OpenSample
from app.gui.pages.compare import LegendEntry, sides
from app.gui.pages.readable import readable_value
from app.gui.view import ALARMS, TILE_SIZES, View
from app.web.badges import Badge

TILES_PER_PAGE = 200
"""More tiles are loaded on demand."""

MAX_MATCHES = 1000
"""Matches of a search."""


STATUSES = {
    ERROR: Badge("error", "error", "error"),
    WARNING: Badge("warning", "warning", "warning"),
    60: Badge("invalid", "unsure", "invalid"),
    30: Badge("unsure", "unsure", "other"),
    90: Badge("idle", "off", "did not run"),
    70: Badge("unsure", "unsure", "too little data"),
    100: Badge("ok", "ok", "ok"),
    50: Badge("idle", "off", "disabled"),
}
"""The badge of each status of a quality test, worst first."""


def status_of(code: int) -> Badge | None:
    """The badge of a status; None for an ME without quality tests."""
    return STATUSES.get(code, Badge("unsure", "unsure", f"status {code}")) if code else None


class FolderLink(NamedTuple):
    """A folder in a list."""

    name: str
    address: str
    me_count: int  # MEs below it, at any depth
    errors: int  # MEs below it with errors
    warnings: int


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
    sides: list[tuple[str, str]]  # label and address of the plots of references that are shown beside it
    reference_values: list[tuple[str, str]]  # label and text of a scalar in each reference
    lacks: list[str]  # labels of the references without this ME


class ListPage(NamedTuple):
    """One page of a folder or search."""

    folders: list[FolderLink]
    tiles: list[Tile]
    total: int  # MEs of the folder or search
    remaining: int  # MEs after these tiles
    more: str  # address of the next tiles, or ""
    complete: bool  # False for a search with more matches than MAX_MATCHES


def list_view(sample: OpenSample, view: View, start: int, legend: Sequence[LegendEntry] = ()) -> ListPage:
    """The content of the page of a view, with tiles from number `start` on, compared with the references of `legend`."""
    found = _matches(sample, view)
    folder = sample.names.folder(view.folder) if found is None else None
    mes = _plots_first(sample, found or []) if folder is None else _values_first(sample, folder.mes)
    end = start + TILES_PER_PAGE
    links = [_folder_link(sample, view, name, first, last) for name, first, last in folder.subfolders] if folder else []
    return ListPage(
        folders=links,
        tiles=[tile(sample, view, index, legend) for index in mes[start:end]],
        total=len(mes),
        remaining=max(0, len(mes) - end),
        more=view.with_query(f"from={end}") if end < len(mes) else "",
        complete=found is None or len(found) < MAX_MATCHES,
    )


def _matches(sample: OpenSample, view: View) -> list[int] | None:
    """The MEs that match the search of a view; None without a search."""
    words = view.q.split()
    if view.status:
        return sample.names.matching(words, _find_alarms(sample.columns)[ALARMS.index(view.status)])[:MAX_MATCHES]
    return sample.names.search(words, MAX_MATCHES) if words else None


def siblings(sample: OpenSample, view: View) -> list[int]:
    """The MEs of the list that contains the large plot: of the search, else of its folder."""
    found = _matches(sample, view)
    if found is not None:
        return _plots_first(sample, found)
    return _values_first(sample, sample.names.folder(view.plot.rpartition(b"/")[0]).mes)


def _values_first(sample: OpenSample, mes: list[int]) -> list[int]:
    """The MEs of a folder: numbers and texts before histograms, since they are few and small; else in the same order."""
    return sorted(mes, key=lambda index: not Kind(sample.columns.kind[index]).scalar)


def _plots_first(sample: OpenSample, mes: list[int]) -> list[int]:
    """The matches of a search: histograms before numbers and texts, which can be hundreds; else in the same order."""
    return sorted(mes, key=lambda index: Kind(sample.columns.kind[index]).scalar)


def tile(sample: OpenSample, view: View, index: int, legend: Sequence[LegendEntry] = ()) -> Tile:
    """An ME in a list, compared with the references of `legend`."""
    path = sample.names[index]
    folder, _, name = path.rpartition(b"/")
    value = scalar(sample, index)
    values = _reference_values(legend, path) if value is not None else []
    return Tile(
        name=text(name),
        folder=text(folder),
        address=view.of_plot(path).address,
        folder_address=view.of_folder(folder).address if view.is_search else "",
        image=view.image(path, TILE_SIZES[view.size]),
        status=status_of(sample.columns.status[index]),
        value=value,
        readable=readable_value(text(name), value or ""),
        sides=sides(view, legend, path, TILE_SIZES[view.size]) if value is None else [],
        reference_values=[(label, readable_value(text(name), each)) for label, each in values],
        lacks=[each.shown_label for each in legend if each.sample and each.lacks(path)],
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


def tests_of(sample: OpenSample, index: int) -> list[tuple[QTest, Badge | None]]:
    """The quality tests of an ME with their badges, worst first."""
    order = list(STATUSES)
    tests = sorted(sample.facts.qtests.get(index, ()), key=lambda test: order.index(test.status) if test.status in order else len(order))
    return [(test._replace(result=shortest_real(test.result)), status_of(test.status)) for test in tests]


def _folder_link(sample: OpenSample, view: View, name: bytes, first: int, last: int) -> FolderLink:
    path = view.folder + b"/" + name if view.folder else name
    errors, warnings = _find_alarms(sample.columns)
    return FolderLink(
        name=text(name),
        address=view.of_folder(path).address,
        me_count=last - first,
        errors=bisect_left(errors, last) - bisect_left(errors, first),
        warnings=bisect_left(warnings, last) - bisect_left(warnings, first),
    )


# A pass over all statuses of a large sample for each folder is too slow; a sample has few alarms.
_alarm_indices: WeakKeyDictionary[Columns, tuple[list[int], list[int]]] = WeakKeyDictionary()


def _find_alarms(columns: Columns) -> tuple[list[int], list[int]]:
    """The indices of the MEs with errors, and of those with warnings."""
    if (found := _alarm_indices.get(columns)) is None:
        alarming = [(index, code) for index, code in enumerate(columns.status) if code in (ERROR, WARNING)]
        found = [index for index, code in alarming if code == ERROR], [index for index, code in alarming if code == WARNING]
        _alarm_indices[columns] = found
    return found
