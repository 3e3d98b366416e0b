"""Marked plots: the bar of a list that names them, and the page that shows them side by side, as large as the window allows."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, sqrt
from typing import Any, NamedTuple

from flask import Response, request

from app.formats import Kind
from app.gui.addresses import FormField, form_field, text
from app.gui.catalog.catalog import OpenSample
from app.gui.drawing_options import OPTIONS
from app.gui.pages.compare import LegendEntry, compare_context, legend_of
from app.gui.pages.frame import sample_frame
from app.gui.pages.options import option_form, with_drawn_options
from app.gui.pages.slide_show import DEFAULT_SLIDE_S
from app.gui.pages.tile import Tile, tile
from app.gui.plots.bins import dimensions
from app.gui.view import LARGE, MAX_MARKS, TILE_SIZES, View
from app.web import page


class MarkedPlot(NamedTuple):
    """A marked ME."""

    path: str
    tile: Tile | None  # None: this sample has no such ME
    without: str  # the address of the page without it


def marks_context(view: View, boxes: Sequence[FormField]) -> dict[str, Any]:
    """Values of gui/marks.html on a page with these check boxes."""
    marked = {form_field("mark", path) for path in view.marks}
    return {
        "marked": marked,
        "marks_base": view.replace(marks=()),
        "marks_elsewhere": sorted(marked.difference(boxes)),
        "marks_page": view.replace(plot=b"", side_by_side=True).address,
        "max_marks": MAX_MARKS,
        "start": request.args.get("from", ""),
    }


def marked_page(sample: OpenSample, view: View) -> Response:
    """The marked plots with their references in a grid that fits the window, and a form that draws all with the same ranges."""
    form = option_form(view)
    if form["option_problem"]:
        view = with_drawn_options(view)
    legend = legend_of(view)
    beside = 1 + len(legend) if view.compare == "side" else 1
    columns = columns_of(len(view.marks) * beside)
    size = LARGE if columns < 3 else TILE_SIZES["xl" if columns == 3 else "l"]
    response = page(
        "gui/marked.html",
        "gui/marked.html",
        plots=[_marked_plot(sample, view, path, legend, size) for path in view.marks],
        columns=columns,
        large=size,
        axes=_axes(sample, view),
        list_address=view.replace(side_by_side=False).address,
        clear_address=view.replace(side_by_side=False, marks=()).address,
        slide_show=view.replace(slide_s=DEFAULT_SLIDE_S).address,
        **sample_frame(view, sample),
        **compare_context(view, legend),
        **form,
    )
    if form["option_problem"]:
        response.headers["HX-Push-Url"] = "false"  # the address stays that of the plots that are shown
    return response


def columns_of(count: int) -> int:
    """Columns of a grid of plots of 4:3 that fills a window about twice as wide as high, below the heading of the page."""
    return min(count, ceil(sqrt(2 * count)), 7) or 1


def _marked_plot(sample: OpenSample, view: View, path: bytes, legend: Sequence[LegendEntry], size: tuple[int, int]) -> MarkedPlot:
    index = sample.names.find(path)
    found = None
    if index is not None:
        found = tile(sample, _zoomed(view), index, legend, size)._replace(address=view.of_plot(path).address)
    return MarkedPlot(text(path), found, view.with_mark(path, False).address)


def _zoomed(view: View) -> View:
    """The view in which ranges of all plots replace those of single plots."""
    ranges = {name: value for name, value in view.options if _is_range(name)}
    if not ranges:
        return view
    own = []
    for path, options in view.own_options:
        found = {name: value for name, value in options if not _is_range(name)} | ranges
        own.append((path, tuple((name, found[name]) for name in OPTIONS if name in found)))
    return view.replace(own_options=tuple(own))


def _is_range(option: str) -> bool:
    return option[1:] in ("min", "max")


def _axes(sample: OpenSample, view: View) -> str:
    """The axes of the form: z as well if one of the plots is of two dimensions or more."""
    found = [index for index in map(sample.names.find, view.marks) if index is not None]
    return "xyz" if any(dimensions(Kind(sample.columns.kind[index]).class_name) > 1 for index in found) else "xy"
