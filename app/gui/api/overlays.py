"""API for several monitor elements in one plot; see app.gui.plots.overlay."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from flask import Blueprint, Response

from app.gui.api.arguments import drawing_options, not_older_than, object_values, windows
from app.gui.api.plot_response import plot_response, with_start
from app.gui.api.v1 import WAIT_S
from app.gui.current import current_catalog, current_plots, current_snapshots
from app.gui.errors import ListOutdated
from app.gui.plots.overlay import ObjectRef, drawing_order, missing_part, not_drawn, open_parts, overlay_document, parse_objects
from app.gui.plots.plot_parts import PlotPart, with_windows
from app.security import Role, needs
from app.web import cached_json, not_modified
from render.options import IMAGE_FORMATS, Options

blueprint = Blueprint("gui_overlay", __name__, url_prefix="/api/v1")


NOT_DRAWN = "DQM-Not-Drawn"
"""Header of a picture: the monitor elements of the request that are not in it, by their place from 1, and why."""


def _with_parts(respond: Callable[[list[PlotPart]], Response], objects: list[ObjectRef], lumis: Sequence[int] = ()) -> Response:
    """The response made from monitor elements; made a second time if a file was replaced since its list was looked up."""
    oldest = not_older_than()

    def parts() -> list[PlotPart]:
        return with_windows(open_parts(current_catalog(), objects, WAIT_S, oldest), lumis, current_snapshots())

    try:
        return respond(parts())
    except ListOutdated:
        return respond(parts())


def plot_objects(objects: list[ObjectRef], options: Options, lumis: Sequence[int] = ()) -> Response:
    """The plot of monitor elements; if all are missing, an image that shows that, with status 404.

    lumis: Lengths of their windows, as `with_windows`.
    """

    def respond(requested: list[PlotPart]) -> Response:
        if options.format == "json":
            return cached_json(overlay_document(current_plots(), requested))
        parts, part_options = drawing_order(requested, options)
        if options.format not in IMAGE_FORMATS and parts[0].found is None:
            raise missing_part(parts[0])
        if unchanged := not_modified(current_plots().overlay_key(parts, part_options)):
            return unchanged
        key = parts[0].sample.key if parts[0].sample else objects[0].key
        response = plot_response(current_plots().overlay(parts, part_options), key, parts[0], options.format)
        if options.format in IMAGE_FORMATS and (left_out := not_drawn(requested, options.ref)):
            response.headers[NOT_DRAWN] = "; ".join(f"{place + 1}: {reason}" for place, reason in left_out.items())
        return with_start(response, parts[0])

    return _with_parts(respond, objects, lumis)


def json_objects(objects: list[ObjectRef], lumis: Sequence[int] = ()) -> Response:
    """Monitor elements as JSON."""
    return _with_parts(lambda parts: cached_json(overlay_document(current_plots(), parts)), objects, lumis)


@blueprint.get("/render_overlay")
@needs(Role.VIEWER)
def render_overlay() -> Response:
    """The plot of several monitor elements."""
    objects = parse_objects(object_values())
    return plot_objects(objects, drawing_options(), windows(len(objects)))


@blueprint.get("/json_overlay")
@needs(Role.VIEWER)
def json_overlay() -> Response:
    """Several monitor elements as JSON."""
    objects = parse_objects(object_values())
    return json_objects(objects, windows(len(objects)))
