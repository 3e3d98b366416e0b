"""The plots of a layout on a wall."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from flask import Response
from werkzeug.datastructures import MultiDict

from app.gui.addresses import text
from app.gui.catalog.catalog import OpenSample
from app.gui.current import current_plots, layout_contents, layout_index
from app.gui.errors import GuiError, ListOutdated, UnknownElement
from app.gui.event_info import Update
from app.gui.layouts.descriptions import description_html
from app.gui.layouts.scopes import scope_of
from app.gui.layouts.showing.placed import PlacedCell, PlacedLayout, place
from app.gui.pages.frame import subsystem_updates
from app.gui.pages.layout_lists import without_absent
from app.gui.pages.layout_tiles import distinct_names
from app.gui.pages.readable import readable_value
from app.gui.pages.subsystem_state import late_word
from app.gui.pages.tile import scalar
from app.gui.pages.wall.newest import data_time, newest_sample, sentence
from app.gui.plots.overlay import drawing_order
from app.gui.plots.plot_parts import PlotPart
from app.gui.quality import status_badge
from app.gui.view import View
from app.web import not_modified
from app.web.badges import Badge
from app.web.responses import ContentResponse
from render.options import Options

MAX_COLUMNS = 6
MIN_SIDE, MAX_SIDE = 100, 2000
"""Limits of the sides of pictures, pixels."""
GAP = 12
CAPTION = 40
ASPECT = 4 / 3
"""Sides of the places of plots on a screen of 1920x1080, pixels (static/wall/wall.css): between plots, of a caption; wanted shape."""


class WallPlot(NamedTuple):
    """A plot of a layout."""

    number: int  # of its picture
    name: str
    status: Badge | None
    value: str | None  # of a number or text, which is shown instead of a picture
    is_absent: bool  # the sample does not have it
    late: str  # word and lumisection if the process of its subsystem is late, else ""


def context(options: Mapping[str, Any]) -> Mapping[str, Any]:
    """Values of the template gui/wall_layout.html."""
    try:
        sample = newest_sample(options["dataset"])
        placed = _placed(sample, options["layout"])
    except GuiError as error:
        return {"problem": sentence(error)}
    cells = list(placed.cells)
    names = captions(cells)
    places = arrange(len(cells), options["panel_width"], options["panel_height"])
    late = {name: _late(update) for name, update in subsystem_updates(sample).items() if update.is_late}
    return {
        "title": placed.layout.name,
        "plots": [_plot(sample, number, cell, name, late) for number, (cell, name) in enumerate(zip(cells, names, strict=True))],
        "columns": places.columns,
        "identity": f"{sample.identity}:{sample.version}:{places.width}:{places.height}",
        "at": data_time(sample),
        "old_s": options["old_s"],
    }


class PlotPlaces(NamedTuple):
    """The grid of the plots of a panel."""

    columns: int
    width: int  # of each picture, pixels
    height: int


def arrange(count: int, width: int, height: int) -> PlotPlaces:
    """The grid in which this many plots are largest in a room of this width and height, pixels."""

    def places(columns: int) -> PlotPlaces:
        rows = max(1, -(-count // columns))
        return PlotPlaces(columns, (width + GAP) // columns - GAP, (height + GAP) // rows - GAP - CAPTION)

    grids = [places(columns) for columns in range(1, min(MAX_COLUMNS, max(1, count)) + 1)]
    columns, *sides = max(grids, key=lambda grid: min(grid.width, grid.height * ASPECT))
    return PlotPlaces(columns, *(min(MAX_SIDE, max(MIN_SIDE, side)) for side in sides))


def captions(cells: Sequence[PlacedCell]) -> list[str]:
    """The names of plots: their texts in the layout, or else as much of their paths as distinguishes them."""
    names = distinct_names(cell.path for cell in cells)
    if len({cell.path.rpartition(b"/")[2] for cell in cells}) == 1:  # equal ends, such as EventInfo/reportSummaryMap
        names = {path: name.partition("/")[0] for path, name in names.items()} if _are_unique(names) else names
    return [description_html(cell.cell.text).striptags().rstrip(".") or names[cell.path] for cell in cells]


def _are_unique(names: Mapping[bytes, str]) -> bool:
    """Whether the first parts of the names of plots are enough."""
    return len({name.partition("/")[0] for name in names.values()}) == len(names)


def _placed(sample: OpenSample, path: str) -> PlacedLayout:
    """The layout of this path on a sample. Raises UnknownElement."""
    scope = scope_of(sample.key.dataset)
    ref = layout_index(scope).find(path.strip("/").encode("utf-8", "surrogatepass"))
    if ref is None:
        raise UnknownElement(f"There is no active layout {path} in the scope {scope}")
    ((_, layout),) = layout_contents([ref])
    return place(layout, sample)


def _late(update: Update) -> str:
    return late_word(update) + (f", LS {update.lumi}" if update.lumi is not None else "")


def _plot(sample: OpenSample, number: int, cell: PlacedCell, name: str, late: Mapping[str, str]) -> WallPlot:
    value = None if cell.me is None else scalar(sample, cell.me)
    last, subsystem = text(cell.path.rpartition(b"/")[2]), text(cell.path.partition(b"/")[0])
    shown = value and readable_value(last, value)
    return WallPlot(number, name, status_badge(cell.status), shown, cell.me is None, late.get(subsystem, ""))


def picture(options: Mapping[str, Any], number: int) -> Response:
    """A plot of the layout of a panel. Raises GuiError."""
    try:
        return _draw(options, number)
    except ListOutdated:  # the file was replaced since its list was looked up
        return _draw(options, number)


def _draw(options: Mapping[str, Any], number: int) -> Response:
    sample = newest_sample(options["dataset"])
    cells = list(_placed(sample, options["layout"]).cells)
    if number >= len(cells):
        raise UnknownElement(f"The layout {options['layout']} has no plot {number}")
    path = cells[number].path
    view = View(sample.key, cell=without_absent(sample, cells[number].cell))
    places = arrange(len(cells), options["panel_width"], options["panel_height"])
    query = MultiDict([("w", str(places.width)), ("h", str(places.height)), *view.options_of(path)])
    parts, chosen = drawing_order([PlotPart(sample, each) for each in (path, *view.overlay_of(path))], Options.from_query(query))
    if unchanged := not_modified(current_plots().overlay_key(parts, chosen)):
        return unchanged
    plot = current_plots().overlay(parts, chosen)
    response = ContentResponse(plot.image, 200 if plot.found else 404, content_type="image/png")
    response.set_etag(plot.etag)
    response.headers["Cache-Control"] = "no-cache"
    return response
