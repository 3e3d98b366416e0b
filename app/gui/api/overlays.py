"""The part of the API that puts several monitor elements on each other; see app.gui.plots.overlay."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, Response

from app.gui.api.query import values
from app.gui.api.v1 import WAIT_S, catalog, drawing_options, not_older_than, plots
from app.gui.plots import overlay
from app.gui.plots.outputs import DRAWN, sent
from app.gui.plots.parts import Outdated, Part
from app.security import Role, needs
from app.web import Problem, cached_json, not_modified
from render.options import Options

blueprint = Blueprint("gui_overlay", __name__, url_prefix="/api/v1")


def with_parts(make: Callable[[list[Part]], Response], objects: list[overlay.Wanted]) -> Response:
    """What is made of these monitor elements; made once more when a file was written anew since its list was looked up."""
    newest = not_older_than()
    try:
        return make(overlay.opened(catalog(), objects, WAIT_S, newest))
    except Outdated:
        return make(overlay.opened(catalog(), objects, WAIT_S, newest))


def drawn(objects: list[overlay.Wanted], options: Options) -> Response:
    """The plot of these monitor elements; 404 with a picture that says so when none of them is there."""

    def draw(given: list[Part]) -> Response:
        if options.format == "json":
            return cached_json(overlay.documents(plots(), given))
        parts, labelled = overlay.ordered(given, options)
        if options.format not in DRAWN and parts[0].found is None:
            raise Problem(404, f"there is no monitor element {parts[0].name}")
        if answer := not_modified(plots().overlay_key(parts, labelled)):
            return answer
        key = parts[0].sample.key if parts[0].sample else objects[0].key
        return sent(plots().overlay(parts, labelled), key, parts[0].path, options.format)

    return with_parts(draw, objects)


def documents(objects: list[overlay.Wanted]) -> Response:
    """These monitor elements as JSON."""
    return with_parts(lambda parts: cached_json(overlay.documents(plots(), parts)), objects)


@blueprint.get("/render_overlay")
@needs(Role.VIEWER)
def render_overlay() -> Response:
    return drawn(overlay.wanted(values("obj")), drawing_options())


@blueprint.get("/json_overlay")
@needs(Role.VIEWER)
def json_overlay() -> Response:
    return documents(overlay.wanted(values("obj")))
