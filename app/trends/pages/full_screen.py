"""The page of one chart: its ranges, its series, and the chosen point beside it."""

from __future__ import annotations

from functools import partial
from typing import Any, NamedTuple

from flask import Blueprint, Response, request

from app.security import Role, needs
from app.trends.pages.adding import adding_of
from app.trends.pages.chart_options import AXES, SWITCH_NAMES
from app.trends.pages.chart_steps import chart_steps
from app.trends.pages.chart_view import CHART_PATH, ChartView, chart_view_from_query, number_text
from app.trends.pages.charts import Chart, chart_address
from app.trends.pages.point import point_address, point_context
from app.trends.pages.points_response import points_response, table_of
from app.trends.pages.run_notes import run_notes
from app.trends.pages.statistics_text import statistics_lines
from app.trends.pages.tables import FACTS, last_rows
from app.trends.pages.titles import plain_title
from app.trends.query.columns import SeriesColumn, TrendTable
from app.trends.query.series_key import Key, SeriesKey
from app.web import Problem, page

blueprint = Blueprint("trend_chart", __name__)

FORM_FIELDS = ("runs", "significant", "class", "x", *SWITCH_NAMES, "ymin", "ymax", "correlate")
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
def show_chart() -> Response:
    """One chart with its controls."""
    view = chart_view_from_query(request.query_string.decode("latin-1"))
    if request.headers.get("HX-Target") == RESULTS:
        return page("trends/series_results.html", "trends/series_results.html", adding=adding_of(view))
    response = page("trends/full_screen.html", "trends/full_screen.html", **_context(view))
    if view.problems and "HX-Request" not in request.headers:
        response.status_code = 400
    elif "HX-Request" in request.headers:  # a form sends fields with their usual values, too
        response.headers["HX-Push-Url"] = view.address
    return response


@blueprint.get(f"{CHART_PATH}/points")
@needs(Role.VIEWER)
def chart_points() -> Response:
    """The points of the chart, whose page has the same query, as packed columns."""
    view = chart_view_from_query(request.query_string.decode("latin-1"))
    if view.problems:
        raise Problem(400, "The address has wrong fields", [(each.name, each.problem) for each in view.problems])
    if not view.series:
        raise Problem(400, "The address names no series", [("series", "Expected subsystem/name/primary dataset/processing")])
    return points_response([chart_of(view, [])], view)


def chart_of(view: ChartView, columns: list[SeriesColumn]) -> Chart:
    """The chart of a view; columns: its series, for the titles."""
    titles = list(dict.fromkeys(_title(column) for column in columns))
    more = len(titles) - TITLES_SHOWN
    title = " · ".join(titles[:TITLES_SHOWN]) + (f" and {more} more" if more > 0 else "")
    y_titles = {plain_title(column.y_title) for column in columns if column.y_title}
    return Chart(title, y_titles.pop() if len(y_titles) == 1 else "", view.is_correlation, list(view.series))


def _title(column: SeriesColumn) -> str:
    return plain_title(column.title) or column.name


def _context(view: ChartView) -> dict[str, Any]:
    context = {
        "view": view,
        "form_fields": FORM_FIELDS,
        "axes": AXES,
        "switches": [(name, title, getattr(view, name)) for name, title in SWITCH_NAMES.items()],
        "adding": adding_of(view),
        "search": view.search,
        "results": RESULTS,
        "add_address": view.address_of(CHART_PATH, ("adding", "1")),
        "back_address": view.page_of_trends.address,
        "number_text": number_text,
    }
    if not view.series:
        return context | {"chart": None}
    table = table_of([chart_of(view, [])], view)
    chart = chart_of(view, table.series)
    return context | {
        "chart": chart,
        "table": table,
        "rows": [_series_row(view, column) for column in table.series],
        "unit_note": _unit_note(view, table),
        "notes": run_notes(view, table),
        "statistics": statistics_lines(chart, table),
        "data": last_rows(chart, table) if view.table else None,
        "facts": FACTS,
        "csv_address": chart_address("chart.csv", chart, view),
        "json_address": chart_address("chart.json", chart, view),
        **(point_context(view.chosen_key, view.run, view) if view.run else _first_steps(view, table)),
    }


def _first_steps(view: ChartView, table: TrendTable) -> dict[str, Any]:
    """The way to a point while none is chosen."""
    key = view.series[0]
    return {"steps": chart_steps(view, table, key), "first_point": partial(point_address, key)}


def _series_row(view: ChartView, column: SeriesColumn) -> SeriesRow:
    key = column.key
    where = f"{key.subsystem}, {key.primary_dataset}, {key.processing}" if isinstance(key, SeriesKey) else "quantity of runs"
    retired = column.stored is not None and column.stored.retired
    without = view.without_series(key).address if len(view.series) > 1 else ""
    return SeriesRow(_title(column), plain_title(column.y_title), key, where, without, column.is_known, retired)


def _unit_note(view: ChartView, table: TrendTable) -> str:
    """What to keep in mind when one axis is for series of different units."""
    found = list(dict.fromkeys(plain_title(column.y_title) for column in table.series if column.is_known))
    if view.is_correlation or len(found) < 2:
        return ""
    return f"One axis for different units: {'; '.join(title or 'no unit' for title in found)}."
