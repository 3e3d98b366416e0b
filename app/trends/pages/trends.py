"""The page of trends, and the points of its charts."""

from __future__ import annotations

from functools import partial
from typing import Any

from flask import Blueprint, Response, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from app.security import Role, needs
from app.trends.configured import has_configs
from app.trends.pages.analysis_rows import DRIFT_PARAMETERS, analysis_rows
from app.trends.pages.chart_list import chart_list, within
from app.trends.pages.charts import Chart, chart_address, charts_of, page_of
from app.trends.pages.form_values import form_values
from app.trends.pages.old_links import OLD_FIELDS, new_address
from app.trends.pages.points_response import points_response, table_of
from app.trends.pages.run_notes import run_notes
from app.trends.pages.selects import completed, selects, undecided
from app.trends.pages.statistics_text import statistics_lines
from app.trends.pages.tables import FACTS, last_rows
from app.trends.pages.view import PATH, TrendView, view_from_query
from app.trends.query.selection import selections
from app.web import Problem, request_settings
from app.web.responses import ContentResponse

blueprint = Blueprint("trends", __name__)


@blueprint.get(PATH)
@needs(Role.VIEWER)
def trends() -> AnyResponse:
    """The charts of a selection. The form of the page has fields of its own; its answers have the address without them."""
    if not OLD_FIELDS.isdisjoint(request.args) and (address := new_address(request.args.to_dict())):
        return redirect(address)
    view, charts = _view_and_charts()
    is_htmx = "HX-Request" in request.headers
    if view.form and not view.problems and not is_htmx:
        return redirect(view.address)
    response = ContentResponse(_page(view, charts))
    response.vary.update(("HX-Request", "HX-Target"))
    if view.form and is_htmx:
        response.headers["HX-Push-Url"] = "false" if view.problems else view.address
    if view.problems and not is_htmx:
        response.status_code = 400
    return response


@blueprint.get(f"{PATH}/points")
@needs(Role.VIEWER)
def points() -> Response:
    """The points of the charts of a page, which has the same query, as packed columns."""
    view, charts = _view_and_charts()
    if view.problems:
        raise Problem(400, "The address has wrong fields", [(each.name, each.problem) for each in view.problems])
    return points_response(page_of(charts, view), view)


def _view_and_charts() -> tuple[TrendView, list[Chart]]:
    """The view of this request, and all charts that its search finds."""
    view = completed(view_from_query(request.query_string.decode("latin-1")), selections())
    charts = charts_of(view)
    if view.form and view.form.becomes:
        shown = table_of(page_of(charts, view), view).runs.run.tolist()
        view = view.replace(runs=view.form.resolved(shown))
    return within(charts, view), charts


def _page(view: TrendView, charts: list[Chart]) -> str:
    choices, shown = selects(view, selections()), page_of(charts, view)
    return render_template(
        "trends/trends.html",
        view=view,
        selects=choices,
        undecided=undecided(choices),
        is_configured=has_configs(request_settings()),
        charts=chart_list(charts, view) if charts else None,
        **form_values(view),
        **(_chart_values(shown, view) if shown else {}),
    )


def _chart_values(shown: list[Chart], view: TrendView) -> dict[str, Any]:
    """Values of the templates for the charts of a page."""
    table = table_of(shown, view)
    return {
        "shown": shown,
        "notes": run_notes(view, table),
        "analyses": analysis_rows(table, view, request_settings()) if view.band or view.drift else [],
        "drift_parameters": DRIFT_PARAMETERS,
        "chart_address": partial(chart_address, options=view),
        "statistics": partial(statistics_lines, table=table),
        "table_of": partial(last_rows, table=table),
        "facts": FACTS,
    }
