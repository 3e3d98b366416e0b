"""The addresses of the legacy DQM GUI, for scripts and bookmarks: the content of the API in its formats.

For a missing ME or sample the response is an image that shows that, with status 200.
"""

from __future__ import annotations

import re
from urllib.parse import quote

from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from app.gui import samples
from app.gui.api import overlays
from app.gui.api.archive import folder_document
from app.gui.api.arguments import drawing_options, not_older_than, object_values, path_in_address, query_args, sample_key
from app.gui.api.old_links import local_overlay_target, start_target
from app.gui.api.v1 import WAIT_S, with_sample
from app.gui.current import current_catalog, current_plots
from app.gui.plots.documents import me_document
from app.gui.plots.overlay import ObjectRef, parse_objects
from app.security import Role, needs
from app.web import Problem, cached_json, raw_path

blueprint = Blueprint("gui_legacy", __name__)

PATH_LETTERS = "/~!$&'()*+,;=:@"

_RUN = re.compile(r"(\d{1,9})(?::(\d{1,9}))?", re.ASCII)


@blueprint.get("/start")
@needs(Role.VIEWER)
def start() -> AnyResponse:
    """A link of the legacy GUI ("Link Me") leads to the same view."""
    return redirect(start_target())


@blueprint.get("/plotsLocalOverlay", strict_slashes=False)
@needs(Role.VIEWER)
def local_overlay() -> AnyResponse:
    """A link of the newer front end to plots that are compared leads to the same view."""
    return redirect(local_overlay_target())


@blueprint.get("/session/<path:rest>")
@needs(Role.VIEWER)
def session(rest: str) -> AnyResponse:
    """A session existed in the server of the legacy GUI alone: what it showed cannot be known."""
    raise Problem(
        410,
        "This is the address of a session of the legacy DQM GUI. Run, dataset and plot were known to its server alone. "
        "Links of its button Link Me (/start?...) lead to the same view here",
    )


@blueprint.get("/<server:server>/")
@blueprint.get("/<server:server>/<path:rest>")
@blueprint.get("/dqm/<server:server>/")
@blueprint.get("/dqm/<server:server>/<path:rest>")
@needs(Role.VIEWER)
def of_server(server: str, rest: str = "") -> AnyResponse:
    """A link with the path of one of the servers of the legacy GUI: the same address of this one."""
    place = raw_path(2 if request.path.startswith("/dqm/") else 1) if rest else b""
    query = request.query_string.decode("latin-1")
    return redirect(f"{request.script_root}/{quote(place.lstrip(b'/'), safe=PATH_LETTERS)}" + (f"?{query}" if query else ""))


@blueprint.get("/data/json/samples")
@needs(Role.VIEWER)
def list_samples() -> Response:
    """Samples by run and dataset."""
    not_older_than()
    run = _RUN.fullmatch(query_args().get("run", ""))  # a text that is no run is ignored, as the legacy GUI does
    found = samples.search(run[1] if run else "", query_args().get("match", ""), int(run[2] or 0) if run else 0)
    items = [{"run": f"{key.run}:{key.lumi}" if key.lumi else str(key.run), "dataset": key.dataset} for key in found]
    return cached_json({"samples": [{"type": "offline_data", "items": items}]})


@blueprint.get("/data/json/archive/<sample>/<primary>/<processed>/<tier>/", strict_slashes=False)
@blueprint.get("/data/json/archive/<sample>/<primary>/<processed>/<tier>/<path:folder>")
@needs(Role.VIEWER)
def archive(sample: str, primary: str, processed: str, tier: str, folder: str = "") -> Response:
    """The content of a folder."""
    opened = current_catalog().open(sample_key(sample, primary, processed, tier), WAIT_S, not_older_than())
    return cached_json(folder_document(opened, path_in_address(7), query_args().get("search", ""), "contents"))


@blueprint.get("/plotfairy/archive/<sample>/<primary>/<processed>/<tier>/<path:me>")
@needs(Role.VIEWER)
def plot(sample: str, primary: str, processed: str, tier: str, me: str) -> Response:
    """The plot of a monitor element."""
    return _plot([ObjectRef(sample_key(sample, primary, processed, tier), path_in_address(6))])


@blueprint.get("/plotfairy/overlay")
@needs(Role.VIEWER)
def plot_overlay() -> Response:
    """The plot of several monitor elements."""
    return _plot(parse_objects(object_values()))


@blueprint.get("/jsrootfairy/archive/<sample>/<primary>/<processed>/<tier>/<path:me>")
@needs(Role.VIEWER)
def me_json(sample: str, primary: str, processed: str, tier: str, me: str) -> Response:
    """A monitor element as JSON."""
    path = path_in_address(6)
    key = sample_key(sample, primary, processed, tier)
    return with_sample(key, lambda opened: cached_json(me_document(current_plots(), opened, path)))


@blueprint.get("/jsrootfairy/overlay")
@needs(Role.VIEWER)
def json_overlay() -> Response:
    """Several monitor elements as JSON."""
    return overlays.json_objects(parse_objects(object_values()))


def _plot(objects: list[ObjectRef]) -> Response:
    response = overlays.plot_objects(objects, drawing_options())
    response.status_code = 200 if response.status_code == 404 else response.status_code
    return response
