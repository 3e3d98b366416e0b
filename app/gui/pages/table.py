"""The table of the bins of a plot and of its references, on the page of the plot and as CSV."""

from __future__ import annotations

import math
from collections.abc import Sequence
from json import loads
from typing import Any, NamedTuple

from flask import Response

from app.formats import Kind
from app.gui.addresses import run_and_lumi, text
from app.gui.catalog.catalog import OpenSample
from app.gui.current import current_plots
from app.gui.errors import NoWindow, PlotError, PlotUnavailable, UnusableElement
from app.gui.pages.compare import LegendEntry, legend_of
from app.gui.pages.window import window_start
from app.gui.plots.bin_table import BinTable, Row
from app.gui.plots.bins import BOUND, MAX_CELLS, Axis, Bins, bins_of
from app.gui.plots.documents import index_of
from app.gui.plots.number_array import Number
from app.gui.plots.saved_files import file_name
from app.gui.snapshots.open_snapshot import OpenSnapshot
from app.gui.view import View
from app.web import Problem
from app.web.downloads import content_disposition
from app.web.responses import ContentResponse, encode_text

ROWS_PER_PAGE = 200

NOT_FINITE = "not finite"
"""In place of a number that is NaN or infinite: JSON has none of them, so it is not known which."""

ERROR_DIGITS = 6
"""Digits of errors on the page; the CSV has all."""


class Heading(NamedTuple):
    """The heading of a column that can be sorted by."""

    name: str  # as in the address
    title: str
    address: str  # of the page sorted by it, the other way if it is so already
    is_number: bool
    order: str  # "ascending", "descending", or "" if the table is not sorted by it


class ColumnGroup(NamedTuple):
    """Columns that belong together: of an axis, or of one histogram."""

    title: str
    number: int  # of the reference, from 1; 0 for others
    headings: list[Heading]
    has_edges: bool  # whether columns for the edges of bins follow the first one

    @property
    def columns(self) -> int:
        """Their number."""
        return len(self.headings) + 2 * self.has_edges


class TablePage(NamedTuple):
    """One page of the table."""

    axes: tuple[Axis, ...]
    groups: list[ColumnGroup]
    rows: list[Row]
    first: int  # number of the first row, from 1
    total: int
    sorted_by: str
    steps: list[tuple[str, str]]  # title and address of other pages, "" for the page itself
    notes: list[tuple[str, str]]  # label of a reference without columns of its own, and why
    csv: str


def table_context(sample: OpenSample, view: View, index: int, legend: Sequence[LegendEntry]) -> dict[str, Any]:
    """Values of gui/table.html: the table, or why there is none."""
    toggled = view.replace(table=not view.table, sort="", page=1).address
    context: dict[str, Any] = {"table": None, "table_problem": "", "table_toggle": toggled, **TEXTS}
    if not view.table or Kind(sample.columns.row(index).kind).scalar:
        return context
    try:
        return context | {"table": _table_page(sample, view, index, legend)}
    except (PlotError, NoWindow) as error:
        return context | {"table_problem": error.message}


def _edge_text(edge: Number) -> str:
    """An edge of a bin without the last digits, which stem from its computation; nothing for the outer one of an overflow."""
    if edge is None:
        return NOT_FINITE
    return f"{edge:.12g}" if math.isfinite(edge) else ""


def _content_text(content: Number) -> str:
    return NOT_FINITE if content is None else str(content)


def _error_text(error: Number) -> str:
    return NOT_FINITE if error is None else f"{error:.{ERROR_DIGITS}g}"


TEXTS = {"edge_text": _edge_text, "content_text": _content_text, "error_text": _error_text}
"""Functions of the template."""


def csv_response(sample: OpenSample, view: View) -> Response:
    """The whole table as CSV, in the order of the page. Raises Problem 400, UnknownElement, NoWindow and PlotError."""
    if view.problems:
        raise Problem(400, "The table cannot be made", [(each.name, each.problem) for each in view.problems])
    legend = legend_of(view)
    for entry in legend:
        if entry.sample is None and not entry.problem:
            raise PlotUnavailable(f"{entry.shown_label} is being read; try again in a second")
    since = window_start(sample, view)
    bins = _bins(sample, index_of(sample, view.plot), since=since)
    table, _ = _with_references(bins, view, legend)
    parts = table.csv(table.order(*_sorting(table, view)), [entry.shown_label for entry in legend])
    response = ContentResponse(map(encode_text, parts), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = content_disposition(
        "attachment", file_name(view.key, view.plot, "csv", since.lumi if since else None)
    )
    return response


def _bins(sample: OpenSample, index: int, room: int = MAX_CELLS, since: OpenSnapshot | None = None) -> Bins:
    """The bins of an ME, in its window if there is one, at most `room` of them. Raises NoWindow and PlotError."""
    name = text(sample.names[index])
    if Kind(sample.columns.row(index).kind).scalar:
        raise UnusableElement(f"{name} is no histogram, so it has no bins")
    try:
        return bins_of(loads(current_plots().json(sample, index, since)), room)
    except ValueError as error:
        raise UnusableElement(f"{name} has no table. {error}") from error


def _with_references(bins: Bins, view: View, legend: Sequence[LegendEntry]) -> tuple[BinTable, list[str]]:
    """The table, and for each reference why it has no values, or ""."""
    found, room = [], MAX_CELLS - len(bins.contents)
    for entry in legend:
        found.append(_reference_bins(view, entry, room) if room >= len(bins.contents) else (None, f"has too many bins: {BOUND}"))
        room -= len(found[-1][0].contents) if found[-1][0] else 0
    table = BinTable(bins, [bins for bins, _ in found])
    problems = [problem or ("" if table.has_bins_of(number) else "has other bins") for number, (_, problem) in enumerate(found, 1)]
    return table, problems


def _reference_bins(view: View, entry: LegendEntry, room: int) -> tuple[Bins | None, str]:
    if entry.sample is None or entry.problem:
        return None, entry.problem or "is being read"
    index = entry.sample.names.find(entry.reference.me_path(view.plot))
    try:
        return (None, "has no such monitor element") if index is None else (_bins(entry.sample, index, room), "")
    except PlotError as error:
        return None, error.message


def _sorting(table: BinTable, view: View) -> tuple[str, bool]:
    """Column and direction; the order of the bins for a column that this table does not have."""
    column = view.sort.removeprefix("-")
    return (column, view.sort.startswith("-")) if column in table.columns else (table.default_column, False)


def _table_page(sample: OpenSample, view: View, index: int, legend: Sequence[LegendEntry]) -> TablePage:
    table, problems = _with_references(_bins(sample, index, since=window_start(sample, view)), view, legend)
    column, descending = _sorting(table, view)
    pages = -(-len(table) // ROWS_PER_PAGE)
    page = min(view.page, pages)
    start = (page - 1) * ROWS_PER_PAGE
    groups = _groups(table, view, legend, (column, descending))
    return TablePage(
        axes=table.bins.axes,
        groups=groups,
        rows=[table.row(cell) for cell in table.order(column, descending)[start : start + ROWS_PER_PAGE]],
        first=start + 1,
        total=len(table),
        sorted_by=_sorted_by(groups),
        steps=_steps(view, page, pages),
        notes=[(entry.shown_label, problem) for entry, problem in zip(legend, problems, strict=True) if problem],
        csv=view.replace(page=1).with_query("csv=1"),
    )


def _sorted_by(groups: list[ColumnGroup]) -> str:
    group, heading = next((group, heading) for group in groups for heading in group.headings if heading.order)
    return f"{heading.title.lower()} of {group.title}, {heading.order}"


def _steps(view: View, page: int, pages: int) -> list[tuple[str, str]]:
    if pages < 2:
        return []
    numbers = {"First page": 1, "Previous page": max(1, page - 1), "Next page": min(pages, page + 1), "Last page": pages}
    return [(title, "" if number == page else view.replace(page=number).address) for title, number in numbers.items()]


def _groups(table: BinTable, view: View, legend: Sequence[LegendEntry], sorting: tuple[str, bool]) -> list[ColumnGroup]:
    def heading(title: str, name: str) -> Heading:
        column, descending = sorting
        order = "" if name != column else "descending" if descending else "ascending"
        is_number = name.startswith(("content", "error"))
        highest_first = order == "ascending" if order else is_number
        return Heading(name, title, view.replace(sort=f"{'-' if highest_first else ''}{name}", page=1).address, is_number, order)

    groups = []
    for axis in table.bins.axes:
        headings = [heading("Bin", axis.name), *([heading("Label", f"{axis.name}label")] if axis.has_labels else [])]
        title = f"{axis.name}: {axis.title}" if axis.title else axis.name
        groups.append(ColumnGroup(title, 0, headings, axis.has_edges))
    titles = [f"Run {run_and_lumi(view.key)}", *(entry.shown_label for entry in legend)]
    for number, title in enumerate(titles):
        headings = [heading(name.capitalize(), f"{name}{number or ''}") for name in ("content", "error")]
        groups.append(ColumnGroup(title, number, headings, has_edges=False))
    return groups
