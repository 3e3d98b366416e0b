"""The page of one chart: its ranges, its series, and the chosen point beside it."""

from __future__ import annotations

from functools import partial
from typing import Any, NamedTuple

from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from app.security import Role, needs
from app.trends.errors import UnknownSelection
from app.trends.groups import groups_of
from app.trends.pages.adding import adding_of
from app.trends.pages.analysis_rows import DRIFT_PARAMETERS, analysis_rows
from app.trends.pages.chart_options import OPTION_FIELDS, exact_text
from app.trends.pages.chart_steps import chart_steps
from app.trends.pages.chart_view import CHART_PATH, ChartView, chart_view_from_query
from app.trends.pages.charts import Chart, chart_address
from app.trends.pages.form_values import option_values
from app.trends.pages.point import point_context
from app.trends.pages.point_link import point_address
from app.trends.pages.points_response import points_response, table_of
from app.trends.pages.run_notes import run_notes
from app.trends.pages.statistics_text import statistics_lines
from app.trends.pages.tables import FACTS, last_rows
from app.trends.pages.titles import plain_title
from app.trends.query.columns import SeriesColumn, TrendTable
from app.trends.query.series_key import Key, SeriesKey
from app.web import Problem, page, request_settings

blueprint = Blueprint("trend_chart", __name__)

SHOWN_FIELDS = (*OPTION_FIELDS, "ymin", "ymax", "correlate")
"""What the form of the page shows; it sends the rest of the address, too."""

RESULTS = "series-results"
"""Identifier of the element with the series that the search finds."""

TITLES_SHOWN = 3


class SeriesRow(NamedTuple):
    """A series of the chart in the list below it."""

    title: str
    y_title: str
    key: Key
    where: str  # subsystem, primary dataset and processing
    without: str  # address of the chart without it; "" for the only one
    is_known: bool
    retired: bool


@blueprint.get(CHART_PATH)
@needs(Role.VIEWER)
def show_chart() -> AnyResponse:
    """One chart with its controls. The form of the page has fields of its own; its answers have the address without them."""
    view = _view()
    if request.headers.get("HX-Target") == RESULTS:
        return page("trends/series_results.html", "trends/series_results.html", adding=adding_of(view))
    is_htmx = "HX-Request" in request.headers
    if view.form and not view.problems and not is_htmx:
        return redirect(view.address)
    response = page("trends/full_screen.html", "trends/full_screen.html", **_context(view))
    if is_htmx:
        response.headers["HX-Push-Url"] = "false" if view.problems else view.address
    elif view.problems:
        response.status_code = 400
    return response


def _view() -> ChartView:
    view = chart_view_from_query(request.query_string.decode("latin-1"))
    if not view.series:  # the only thing to do on its page is to add one
        view = view.replace(search=view.search._replace(is_open=True))
    if view.form and view.form.becomes and view.series:
        view = view.replace(runs=view.form.resolved(_table(view).runs.run.tolist()))
    return view


def _table(view: ChartView) -> TrendTable:
    return table_of([chart_of(view, [])], view)


@blueprint.get(f"{CHART_PATH}/points")
@needs(Role.VIEWER)
def chart_points() -> Response:
    """The points of the chart, whose page has the same query, as packed columns."""
    view = chart_view_from_query(request.query_string.decode("latin-1"))
    if view.problems:
        raise Problem(400, "The address has wrong fields", [(each.name, each.problem) for each in view.problems])
    if not view.series:
        raise Problem(400, "The address names no series", [("series", "Expected subsystem/name/primary dataset/processing")])
    return points_response([chart_of(view, _table(view).series)], view)


def chart_of(view: ChartView, columns: list[SeriesColumn]) -> Chart:
    """The chart of a view; columns: its series, for the titles."""
    titles = list(dict.fromkeys(_title(column) for column in columns))
    more = len(titles) - TITLES_SHOWN
    title = " · ".join(titles[:TITLES_SHOWN]) + (f" and {more} more" if more > 0 else "")
    title = (len(titles) > 1 and _title_of_group(view)) or title
    return Chart(title, "; ".join(_units(columns)), view.is_correlation, list(view.series))


def _units(columns: list[SeriesColumn]) -> list[str]:
    """The titles of the y axes of series, each once."""
    return list(dict.fromkeys(title for column in columns if (title := plain_title(column.y_title))))


def _title_of_group(view: ChartView) -> str:
    """The title of the smallest display group that has all of these trends, as others of it may have no points; "" if there is none."""
    trends = {key[:2] for key in view.series}
    subsystems = {subsystem for subsystem, *_ in trends}
    groups = groups_of(subsystems.pop()) if len(subsystems) == 1 else []
    fitting = [group for group in groups if trends <= {(group.subsystem, name) for name in group.series}]
    return min(((len(group.series), plain_title(group.title) or group.name) for group in fitting), default=(0, ""))[1]


def _title(column: SeriesColumn) -> str:
    return plain_title(column.title) or column.name


def _context(view: ChartView) -> dict[str, Any]:
    context = {
        "view": view,
        "form_fields": SHOWN_FIELDS,
        **option_values(view),
        "adding": adding_of(view),
        "search": view.search,
        "results": RESULTS,
        "add_address": view.address_of(CHART_PATH, ("adding", "1")),
        "back_address": view.page_of_trends.address,
        "exact_text": exact_text,
    }
    if not view.series:
        return context | {"chart": None}
    table = _table(view)
    chart = chart_of(view, table.series)
    return context | {
        "chart": chart,
        "table": table,
        "rows": [_series_row(view, column) for column in table.series],
        "unit_note": _unit_note(view, table),
        "notes": run_notes(view, table),
        "analyses": analysis_rows(table, view, request_settings()) if view.band or view.drift else [],
        "drift_parameters": DRIFT_PARAMETERS,
        "statistics": statistics_lines(chart, table),
        "data": last_rows(chart, table) if view.table else None,
        "facts": FACTS,
        "csv_address": chart_address("chart.csv", chart, view),
        "json_address": chart_address("chart.json", chart, view),
        **_point_values(view, table),
    }


def _point_values(view: ChartView, table: TrendTable) -> dict[str, Any]:
    """The chosen point, or the way to one while none is chosen."""
    key, problem = view.chosen_key, ""
    if view.run:
        try:
            return {"has_point": True, **point_context(key, view.run, view)}
        except UnknownSelection as error:
            problem = str(error)
    return {"point_problem": problem, "steps": chart_steps(view, table, key), "first_point": partial(point_address, key)}


def _series_row(view: ChartView, column: SeriesColumn) -> SeriesRow:
    key = column.key
    where = f"{key.subsystem}, {key.primary_dataset}, {key.processing}" if isinstance(key, SeriesKey) else "quantity of runs"
    retired = column.stored is not None and column.stored.retired
    without = view.without_series(key).address if len(view.series) > 1 else ""
    return SeriesRow(_title(column), plain_title(column.y_title), key, where, without, column.is_known, retired)


def _unit_note(view: ChartView, table: TrendTable) -> str:
    """What to keep in mind when one axis is for series of different units."""
    units = _units(table.series)
    return "" if view.is_correlation or len(units) < 2 else f"One axis for different units: {'; '.join(units)}."
