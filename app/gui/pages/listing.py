"""What a page of a sample lists, ready for its template: folders with their counts and alarms, and tiles."""

from __future__ import annotations

from bisect import bisect_left
from typing import NamedTuple
from weakref import WeakKeyDictionary

from app.formats import Columns, Kind, QTest
from app.gui.addresses import TILE_SIZES, View, text
from app.gui.catalog.catalog import OpenSample

TILES = 200
"""Tiles of one page; more are fetched on demand."""
MATCHES = 1000
"""Most matches of a search."""


class Status(NamedTuple):
    """How a quality-test status is shown: colour, shape and words."""

    kind: str
    icon: str
    text: str


STATUSES = {
    300: Status("error", "error", "error"),
    200: Status("warning", "warning", "warning"),
    60: Status("invalid", "unsure", "invalid"),
    30: Status("unsure", "unsure", "other"),
    90: Status("idle", "off", "did not run"),
    70: Status("unsure", "unsure", "too little data"),
    100: Status("ok", "ok", "ok"),
    50: Status("idle", "off", "disabled"),
}
"""How each status of a quality test is shown, from the worst."""


def status_of(code: int) -> Status | None:
    """The status to show, None for an ME without quality tests."""
    return STATUSES.get(code, Status("unsure", "unsure", f"status {code}")) if code else None


class FolderLink(NamedTuple):
    """A folder: its name, address, the MEs below it at any depth, and how many of them have errors and warnings."""

    name: str
    address: str
    me_count: int
    errors: int
    warnings: int


class Tile(NamedTuple):
    """An ME in a list; value: the text of a scalar, which is shown instead of an image."""

    name: str
    folder: str
    address: str
    folder_address: str
    image: str
    status: Status | None
    value: str | None


class Listing(NamedTuple):
    """One page of a folder or of a search: `shown` MEs of `total`; more: the address of the next tiles, if any."""

    folders: list[FolderLink]
    tiles: list[Tile]
    total: int
    shown: int
    more: str
    complete: bool


def list_view(sample: OpenSample, view: View, start: int) -> Listing:
    """What the page of a view lists, its tiles from number `start` on."""
    found = matches(sample, view)
    folder = sample.names.folder(view.folder) if found is None else None
    mes = _values_first(sample, folder.mes if folder else found or [])
    end = start + TILES
    links = [_link(sample, view, name, first, last) for name, first, last in folder.subfolders] if folder else []
    return Listing(
        folders=links,
        tiles=[tile(sample, view, index) for index in mes[start:end]],
        total=len(mes),
        shown=min(end, len(mes)),
        more=view.with_query(f"from={end}") if end < len(mes) else "",
        complete=found is None or len(found) < MATCHES,
    )


def matches(sample: OpenSample, view: View) -> list[int] | None:
    """The MEs that a view searches for; None when it does not search."""
    words = view.q.split()
    return sample.names.search(words, MATCHES) if words else None


def siblings(sample: OpenSample, view: View) -> list[int]:
    """The MEs that the one shown large stands among: those of the search, else those of its folder."""
    found = matches(sample, view)
    return _values_first(sample, sample.names.folder(view.plot.rpartition(b"/")[0]).mes if found is None else found)


def _values_first(sample: OpenSample, mes: list[int]) -> list[int]:
    """Numbers and texts before histograms, for they take less room; else in the order given."""
    return sorted(mes, key=lambda index: not Kind(sample.columns.kind[index]).scalar)


def tile(sample: OpenSample, view: View, index: int) -> Tile:
    path = sample.names[index]
    folder, _, name = path.rpartition(b"/")
    return Tile(
        name=text(name),
        folder=text(folder),
        address=view.of_plot(path).address,
        folder_address=view.of_folder(folder).address if view.q else "",
        image=view.image(path, TILE_SIZES[view.size]),
        status=status_of(sample.columns.status[index]),
        value=scalar(sample, index),
    )


def scalar(sample: OpenSample, index: int) -> str | None:
    """The text of an ME that is a number or a text, None for a histogram."""
    return sample.facts.scalars.get(index, "") if Kind(sample.columns.kind[index]).scalar else None


def tests_of(sample: OpenSample, index: int) -> list[tuple[QTest, Status | None]]:
    """The quality tests of an ME, the worst first."""
    order = list(STATUSES)
    tests = sorted(sample.facts.qtests.get(index, ()), key=lambda test: order.index(test.status) if test.status in order else len(order))
    return [(test, status_of(test.status)) for test in tests]


def _link(sample: OpenSample, view: View, name: bytes, first: int, last: int) -> FolderLink:
    path = view.folder + b"/" + name if view.folder else name
    errors, warnings = _alarms(sample.columns)
    return FolderLink(
        name=text(name),
        address=view.of_folder(path).address,
        me_count=last - first,
        errors=bisect_left(errors, last) - bisect_left(errors, first),
        warnings=bisect_left(warnings, last) - bisect_left(warnings, first),
    )


# Looking through all statuses of a large sample takes longer than a folder may; the alarms of one are few.
_alarm_lists: WeakKeyDictionary[Columns, tuple[list[int], list[int]]] = WeakKeyDictionary()


def _alarms(columns: Columns) -> tuple[list[int], list[int]]:
    """The indices of the MEs with errors, and of those with warnings."""
    if (found := _alarm_lists.get(columns)) is None:
        alarming = [(index, code) for index, code in enumerate(columns.status) if code in (200, 300)]
        found = [index for index, code in alarming if code == 300], [index for index, code in alarming if code == 200]
        _alarm_lists[columns] = found
    return found
