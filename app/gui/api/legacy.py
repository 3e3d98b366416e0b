"""The addresses of the legacy DQM GUI, for scripts and bookmarks: the content of the API in its formats.

For a missing ME or sample the response is an image that shows that, with status 200.
"""

from __future__ import annotations

import re
from urllib.parse import urlencode

from flask import Blueprint, Response, redirect, request
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as AnyResponse

from app.gui import samples
from app.gui.addresses import DEFAULT_SIZE, TILE_SIZES, View
from app.gui.api import overlays
from app.gui.api.archive import folder_content
from app.gui.api.arguments import byte_values, not_older_than, path_in_address, query_args, sample_key
from app.gui.api.v1 import WAIT_S, with_sample
from app.gui.current import current_catalog, current_plots
from app.gui.plots.documents import me_document
from app.gui.plots.overlay import ObjectRef, parse_objects
from app.gui.samples import SampleKey
from app.security import Role, needs
from app.web import Problem, cached_json
from app.web.arguments import parse_int
from render.errors import OptionError
from render.options import Options

blueprint = Blueprint("gui_legacy", __name__)

SWITCHES = {"showstats": "stats", "showerrbars": "errors"}
"""Options that are whole numbers here, and their names in the API."""

LARGEST_SWITCH = 10**9 - 1

_RUN = re.compile(r"(\d{1,9})(?::(\d{1,9}))?", re.ASCII)

_DATASET = re.compile(r"(?:/[^/]+){3}")

NOT_FOLDERS = frozenset({b"Everything", b"Quick collection"})
"""Values of `root` in links of the legacy GUI that are views of it, not folders of a file."""


@blueprint.get("/start")
@needs(Role.VIEWER)
def start() -> AnyResponse:
    """A link of the legacy GUI ("Link Me"), as in e-logs: leads to the folder or plot, or to a search if it names no sample."""
    args = query_args()
    run, dataset, size = args.get("runnr", ""), args.get("dataset", "").rstrip("/"), args.get("size", "").lower()
    match = _RUN.fullmatch(run)
    if not match or not _DATASET.fullmatch(dataset):
        return redirect(f"{request.script_root}/?" + urlencode({"run": run, "dataset": dataset}))
    key = SampleKey(int(match[1]), int(match[2] or 0), dataset)
    view = View(key, _folder("root"), q=args.get("search", ""), size=size if size in TILE_SIZES else DEFAULT_SIZE)
    plot = _folder("focus") if args.get("zoom") != "no" else b""  # with "no" it is only marked in its list
    return redirect((view.replace(folder=plot.rpartition(b"/")[0], plot=plot) if plot else view).address)


def _folder(name: str) -> bytes:
    """A path in the query of this request, without slashes at its ends; b"" for the views that are not folders."""
    path = b"".join(byte_values(name)[-1:]).strip(b"/")
    return b"" if path in NOT_FOLDERS else path


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
    return cached_json({"contents": folder_content(opened, path_in_address(7), query_args().get("search", ""))})


@blueprint.get("/plotfairy/archive/<sample>/<primary>/<processed>/<tier>/<path:me>")
@needs(Role.VIEWER)
def plot(sample: str, primary: str, processed: str, tier: str, me: str) -> Response:
    """The plot of a monitor element."""
    return _plot([ObjectRef(sample_key(sample, primary, processed, tier), path_in_address(6))])


@blueprint.get("/plotfairy/overlay")
@needs(Role.VIEWER)
def plot_overlay() -> Response:
    """The plot of several monitor elements."""
    return _plot(parse_objects(byte_values("obj")))


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
    return overlays.json_objects(parse_objects(byte_values("obj")))


def _plot(objects: list[ObjectRef]) -> Response:
    try:
        options = Options.from_query(_query_of_api())
    except OptionError as error:
        field = next((old for old, new in SWITCHES.items() if new == error.field and old in query_args()), error.field)
        problem = "Expected a whole number" if field in SWITCHES else error.problem
        raise Problem(400, f"{field}: {problem}", [(field, problem)]) from error
    response = overlays.plot_objects(objects, options)
    response.status_code = 200 if response.status_code == 404 else response.status_code
    return response


def _query_of_api() -> MultiDict[str, str]:
    """The query of this request with the names and values of the API."""
    query = query_args().copy()
    for old, new in SWITCHES.items():
        if text := query.get(old):
            number = parse_int(text, LARGEST_SWITCH)
            query[new] = text if number is None else str(bool(number))
    return query
