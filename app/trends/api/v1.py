"""/api/v1/trends: configured trends, selections, and points as columns."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flask import Blueprint, Response, request

from app.core.database import rows
from app.security import Role, needs
from app.trends.api.answers import streamed_unless_unchanged, unless_unchanged
from app.trends.api.arguments import all_series, conditions_arg, keys_arg, runs_arg, selection_arg
from app.trends.api.documents import table_parts
from app.trends.models import Trend, TrendVersion
from app.trends.query.changes import change_number, changes_of
from app.trends.query.columns import read_table
from app.trends.query.selection import Selection, selections
from app.trends.query.size import check_size
from app.web import request_settings
from app.web.arguments import choice_arg

blueprint = Blueprint("trends_api", __name__, url_prefix="/api/v1/trends")


@blueprint.get("")
@needs(Role.VIEWER)
def list_trends() -> Response:
    """The current configuration of each trend: of all, of one subsystem, or those of a selection; retired ones with retired=1."""
    selection = selection_arg() if "pd" in request.args else None
    return unless_unchanged(lambda: _list_trends(selection), change_number([selection] if selection else []))


@blueprint.get("/selections")
@needs(Role.VIEWER)
def list_selections() -> Response:
    """Subsystems, primary datasets and processings with points."""
    return unless_unchanged(lambda: {"selections": selections()}, change_number())


@blueprint.get("/points")
@needs(Role.VIEWER)
def points() -> Response:
    """Points as columns: the facts of the runs once, then the values of each series."""
    older = choice_arg("older", ("0", "1")) == "1"
    keys, choice, conditions = keys_arg(older=older), runs_arg(), conditions_arg()
    settings = request_settings()

    def parts() -> Iterator[str]:
        check_size(keys, choice, settings)
        return table_parts(read_table(keys, choice, conditions, settings, older=older))

    return streamed_unless_unchanged(parts, changes_of(keys))


def _list_trends(selection: Selection | None) -> dict[str, Any]:
    subsystem = request.args.get("subsystem", "")
    names = {key.name for key in all_series(selection)} if selection else None
    query = _CONFIGURED.where(Trend.subsystem == subsystem) if subsystem else _CONFIGURED
    if choice_arg("retired", ("0", "1")) == "0":
        query = query.where(TrendVersion.activated.is_null(False))
    found: dict[int, dict[str, Any]] = {}
    for trend, *values in rows(query):
        document = dict(zip(_NAMES, values, strict=True))
        if names is None or document["name"] in names:
            found[trend] = document | {"retired": bool(document["retired"])}  # the last version stays: the current or the newest
    return {"trends": list(found.values())}


_COLUMNS = (
    *(Trend.subsystem, Trend.name, Trend.title, Trend.y_title, Trend.retired, TrendVersion.metric, TrendVersion.me, TrendVersion.histo1),
    *(TrendVersion.histo2, TrendVersion.reference, TrendVersion.threshold, TrendVersion.hash, TrendVersion.created),
)
_NAMES = (
    *("subsystem", "name", "title", "y_title", "retired", "metric", "me", "histo1", "histo2", "reference", "threshold", "version"),
    "created",
)
_CONFIGURED = (
    Trend.select(Trend.id, *_COLUMNS)
    .join(TrendVersion, on=(TrendVersion.trend == Trend.id))
    .order_by(Trend.subsystem, Trend.name, TrendVersion.activated.is_null().desc(), TrendVersion.created, TrendVersion.id)
)
