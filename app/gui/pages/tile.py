"""Monitor elements (MEs) as tiles of lists: their plots or values, statuses, and comparison with references."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from app.formats import Kind, QTest
from app.gui.addresses import FormField, form_field, text
from app.gui.catalog.catalog import OpenSample
from app.gui.pages.compare import LegendEntry, SidePlot, sides
from app.gui.pages.readable import readable_value
from app.gui.pages.window import NO_NOTE, WindowNote, page_window
from app.gui.quality import status_badge
from app.gui.view import TILE_SIZES, View
from app.web.badges import Badge

SCALARS = frozenset(int(kind) for kind in Kind if kind.scalar)
"""Kinds of numbers and texts, as in `Columns.kind`."""


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
    window: WindowNote
    not_drawn: list[tuple[str, str]]  # label of each reference that is not drawn with this plot, and why


def tile(sample: OpenSample, view: View, index: int, legend: Sequence[LegendEntry] = (), size: tuple[int, int] | None = None) -> Tile:
    """An ME in a list, compared with the references of `legend`. size: width and height of its plot, pixels; None: that of lists."""
    size = size or TILE_SIZES[view.size]
    path = sample.names[index]
    folder, _, name = path.rpartition(b"/")
    value = scalar(sample, index)
    values = _reference_values(legend, path) if value is not None else []
    window = page_window(sample, view)
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
        window=window.note(index) if window else NO_NOTE,
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
