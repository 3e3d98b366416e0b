"""The API of HDQM, with its addresses, parameters and shapes."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from app.core.database import rows
from app.gui.samples import SampleKey
from app.gui.view import View
from app.security import Role, needs
from app.security.settings import SecuritySettings
from app.trends.api.answers import streamed_unless_unchanged, unless_unchanged
from app.trends.api.legacy_arguments import data_request, key_in, required, whole_number
from app.trends.api.legacy_data import data_parts
from app.trends.models import TrendRun
from app.trends.query.changes import change_number, changes_of
from app.trends.query.selection import Selection, selections
from app.trends.query.series_key import SeriesKey
from app.trends.query.stored_points import find_trend, points_of_run
from app.trends.query.stored_series import numbered_series
from app.web import Problem, request_settings
from app.web.answers import is_bearer

blueprint = Blueprint("trends_legacy", __name__, url_prefix="/hdqm/api")

URL_TYPES = {f"{role}_{kind}_url": (role, kind) for role in ("main", "optional1", "optional2", "reference") for kind in ("gui", "image")}
"""Values of url_type: for which ME of a configuration, and whether its page or its plot."""
COLUMNS = {"main": "me", "optional1": "histo1", "optional2": "histo2", "reference": "reference"}
SIZE = (1906, 933)
"""Of plots, pixels, as in the original."""


@blueprint.after_request
def allow_other_sites(response: Response) -> Response:
    """Let scripts of other sites read the answers, except what this machine alone may read without a token.

    Browsers send no cookies with such requests. But any page in a browser on this machine could send them as a program of it.
    """
    is_preflight = request.method == "OPTIONS"
    if is_preflight or is_bearer() or request_settings().of(SecuritySettings).anonymous_read != "loopback":
        response.headers["Access-Control-Allow-Origin"] = "*"
        response.headers["Access-Control-Expose-Headers"] = "ETag"
    if is_preflight:
        response.headers["Access-Control-Allow-Headers"] = "Authorization, If-None-Match"
        response.headers["Access-Control-Max-Age"] = "86400"
    return response


@blueprint.get("/", strict_slashes=False)
@needs(Role.VIEWER)
def index() -> Response:
    """The name of the API."""
    return unless_unchanged(lambda: "HDQM REST API", 0)


@blueprint.get("/selection")
@needs(Role.VIEWER)
def selection() -> Response:
    """Subsystems, primary datasets and processings with points."""
    return unless_unchanged(selections, change_number())


@blueprint.get("/plot_selection")
@needs(Role.VIEWER)
def plot_selection() -> Response:
    """The same with the ids and names of the trends."""

    def build() -> dict[str, Any]:
        found: dict[str, dict[str, dict[str, list[dict[str, Any]]]]] = {}
        for key, number in numbered_series():
            processings = found.setdefault(key.subsystem, {}).setdefault(key.primary_dataset, {})
            processings.setdefault(key.processing, []).append({"id": number, "name": key.name})
        return found

    return unless_unchanged(build, change_number())


@blueprint.get("/runs")
@needs(Role.VIEWER)
def list_runs() -> Response:
    """All runs that trends were computed for, ascending."""
    query = TrendRun.select(TrendRun.run).distinct().order_by(TrendRun.run)
    return unless_unchanged(lambda: [run for (run,) in rows(query)], change_number())


@blueprint.get("/data")
@needs(Role.VIEWER)
def data() -> Response:
    """The points of a selection in significant runs, ascending."""
    wanted, settings = data_request(), request_settings()
    return streamed_unless_unchanged(lambda: data_parts(wanted, settings), changes_of(wanted.keys))


@blueprint.get("/expand_url")
@needs(Role.VIEWER)
def expand_url() -> AnyResponse:
    """Redirects to the page or the plot of an ME of a trend in a run."""
    for name in ("run", "trend_id"):
        required(name)
    chosen = Selection(required("subsystem"), required("pd"), required("ps"))
    kind = URL_TYPES.get(request.args.get("url_type", ""))
    if kind is None:
        text = f"Please provide a valid url_type parameter. Accepted values are: {','.join(URL_TYPES)}"
        raise Problem(400, text, [("url_type", "Expected one of these")])
    return redirect(_address(key_in(chosen, whole_number("trend_id")), whole_number("run"), *kind))


def _address(key: SeriesKey, run: int, role: str, kind: str) -> str:
    trend = find_trend(key.subsystem, key.name)
    me: bytes = getattr(trend.config, COLUMNS[role]).encode() if trend else b""
    if trend is None or not me:
        raise Problem(404, "Requested URL type is not found.")
    point = points_of_run(key, trend, run).shown
    if point is None:
        raise Problem(404, f"Trend {key} has no result in run {run}, so that it is not known which file is meant.")
    view = View(SampleKey(run, 0, point.dataset))
    return view.image(me, SIZE) if kind == "image" else view.of_folder(me.rpartition(b"/")[0]).of_plot(me).address
