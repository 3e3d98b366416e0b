"""The page of trends, and the points of its charts."""

from __future__ import annotations

from functools import partial

from flask import Blueprint, Response, render_template, request

from app.security import Role, needs
from app.trends.configured import has_configs
from app.trends.pages.analysis_rows import DRIFT_PARAMETERS, analysis_rows
from app.trends.pages.chart_options import AXES, SWITCH_NAMES
from app.trends.pages.charts import chart_address, charts_of, page_of
from app.trends.pages.points_response import points_response, table_of
from app.trends.pages.selects import completed, selects, undecided
from app.trends.pages.view import GRIDS, PATH, TrendView, grid_text, view_from_query
from app.trends.query.selection import selections
from app.web import Problem, request_settings
from app.web.responses import ContentResponse

blueprint = Blueprint("trends", __name__)


@blueprint.get(PATH)
@needs(Role.VIEWER)
def trends() -> Response:
    """The charts of a selection."""
    view = _view()
    response = ContentResponse(_page(view))
    if view.problems and "HX-Request" not in request.headers:
        response.status_code = 400
    return response


@blueprint.get(f"{PATH}/points")
@needs(Role.VIEWER)
def points() -> Response:
    """The points of the charts of a page, which has the same query, as packed columns."""
    view = _view()
    if view.problems:
        raise Problem(400, "The address has wrong fields", [(each.name, each.problem) for each in view.problems])
    return points_response(page_of(charts_of(view), view), view)


def _view() -> TrendView:
    return completed(view_from_query(request.query_string.decode("latin-1")), selections())


def _page(view: TrendView) -> str:
    choices = selects(view, selections())
    charts = charts_of(view)
    shown = page_of(charts, view)
    return render_template(
        "trends/trends.html",
        view=view,
        selects=choices,
        undecided=undecided(choices),
        is_configured=has_configs(request_settings()),
        charts=charts,
        shown=shown,
        analyses=analysis_rows(table_of(shown, view), view, request_settings()) if view.band or view.drift else [],
        drift_parameters=DRIFT_PARAMETERS,
        axes=AXES,
        switches=[(name, title, getattr(view, name)) for name, title in SWITCH_NAMES.items()],
        grids=[(grid_text(grid), " × ".join(map(str, grid))) for grid in dict.fromkeys((*GRIDS, view.grid))],
        grid=grid_text(view.grid),
        chart_address=partial(chart_address, options=view),
    )
