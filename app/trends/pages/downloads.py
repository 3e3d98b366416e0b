"""A chart as a file: CSV for spreadsheets, JSON for scripts. Numbers are exact."""

from __future__ import annotations

import math
from typing import Any

from flask import Blueprint, Response, current_app, request

from app.security import Role, needs
from app.trends.pages.chart_view import CHART_PATH, ChartView, chart_view_from_query
from app.trends.pages.charts import Chart
from app.trends.pages.missing_notes import notes_of_all
from app.trends.pages.points_response import table_of
from app.trends.pages.tables import SIGNIFICANCE, time_text
from app.trends.pages.titles import plain_title
from app.trends.query.columns import SeriesColumn, TrendTable
from app.trends.query.run_columns import RunColumns
from app.web import Problem
from app.web.csv_text import csv_text
from app.web.downloads import content_disposition
from app.web.responses import ContentResponse

blueprint = Blueprint("trend_downloads", __name__)

RUN_NUMBERS = {
    "fill": "fill",
    "duration": "duration (s)",
    "delivered_lumi": "delivered luminosity (/pb)",
    "recorded_lumi": "recorded luminosity (/pb)",
    "end_lumi": "luminosity at the end (1e34 cm-2 s-1)",
    "b_field": "magnetic field (T)",
    "energy": "energy (GeV)",
    "l1_rate": "L1 rate (Hz)",
    "hlt_physics_rate": "HLT physics rate (Hz)",
}
"""Numbers of runs, with their headings in CSV."""

LONGEST_NAME = 100
"""Letters of the name of a file before its ending."""


@blueprint.get(f"{CHART_PATH}.csv")
@needs(Role.VIEWER)
def chart_csv() -> Response:
    """A chart as CSV: a line for each run."""
    view, table = _view_and_table()
    return _file(view, "csv", csv_text([_heading(table), *_lines(table)]), "text/csv; charset=utf-8")


@blueprint.get(f"{CHART_PATH}.json")
@needs(Role.VIEWER)
def chart_json() -> Response:
    """A chart as JSON: the facts of the runs once, then the series as lists; null is unknown, or no point."""
    view, table = _view_and_table()
    notes = notes_of_all(table.series, table.runs, range(len(table.runs)))
    series = [_series(column, table.runs, texts) for column, texts in zip(table.series, notes, strict=True)]
    value = {"runs": _runs(table.runs), "series": series, "note": table.note}
    return _file(view, "json", current_app.json.dumps(value) + "\n", "application/json")


def _view_and_table() -> tuple[ChartView, TrendTable]:
    view = chart_view_from_query(request.query_string.decode("latin-1"))
    if view.problems:
        raise Problem(400, "The address has wrong fields", [(each.name, each.problem) for each in view.problems])
    if not view.series:
        raise Problem(400, "The address names no series", [("series", "Expected subsystem/name/primary dataset/processing")])
    return view, table_of([Chart("", "", False, list(view.series))], view)


def _file(view: ChartView, form: str, text: str, content_type: str) -> Response:
    response = ContentResponse(text, content_type=content_type)
    name = str(view.series[0]).replace("/", "_")[:LONGEST_NAME]
    more = f"_and_{len(view.series) - 1}_more" if len(view.series) > 1 else ""
    response.headers["Content-Disposition"] = content_disposition("attachment", f"{name}{more}.{form}")
    response.headers["Cache-Control"] = "private, no-cache"
    return response


def _heading(table: TrendTable) -> list[str]:
    facts = ["run", "start (UTC)", "end (UTC)", "class", "significant", *RUN_NUMBERS.values()]
    return facts + [f"{what} of {column.key}" for column in table.series for what in ("value", "error", "note")]


def _lines(table: TrendTable) -> list[list[Any]]:
    """The lines of the CSV; numbers as such, since a text that begins with - would be taken for a formula."""
    runs = _runs(table.runs)
    facts = zip(*(runs[name] for name in ("run", "start", "end", "run_class", "significant", *RUN_NUMBERS)), strict=True)
    notes = notes_of_all(table.series, table.runs, range(len(table.runs)))
    columns = [(_numbers(each.values), _numbers(each.errors), texts) for each, texts in zip(table.series, notes, strict=True)]
    return [
        [*fact, *(cell for values, errors, texts in columns for cell in (values[index], errors[index], texts.get(index, "")))]
        for index, fact in enumerate(facts)
    ]


def _runs(runs: RunColumns) -> dict[str, list[Any]]:
    return {
        "run": runs.run.tolist(),
        "start": [time_text(at) or None for at in runs.start.tolist()],
        "end": [time_text(at) or None for at in runs.end.tolist()],
        "run_class": [name or None for name in runs.run_class],
        "significant": [SIGNIFICANCE[value] for value in runs.significant],
        **{name: _numbers(getattr(runs, name)) for name in RUN_NUMBERS},
    }


def _series(column: SeriesColumn, runs: RunColumns, notes: dict[int, str]) -> dict[str, Any]:
    stored = column.stored
    return {
        "key": str(column.key),
        "title": plain_title(column.title) or column.name,
        "y_title": plain_title(column.y_title),
        "metric": stored.metric if stored else None,
        "mes": [path for path in stored.mes if path] if stored else [],
        "values": _numbers(column.values),
        "errors": _numbers(column.errors),
        "notes": {str(runs.run[index]): text for index, text in sorted(notes.items())},
    }


def _numbers(values: Any) -> list[float | int | None]:
    """Numbers as they are read again exactly; None for NaN."""
    return [None if math.isnan(value) else int(value) if value.is_integer() and abs(value) < 2**53 else value for value in values.tolist()]
