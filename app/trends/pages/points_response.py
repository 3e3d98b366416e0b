"""The points of charts as packed columns: the facts of the runs once, then the values of each series."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Response, request

from app.core.version import VERSION
from app.runs.settings import RunsSettings
from app.trends.pages.analysed import analyse, header_of, regression_of
from app.trends.pages.chart_options import ChartOptions
from app.trends.pages.charts import Chart
from app.trends.pages.tables import series_names
from app.trends.pages.titles import plain_title
from app.trends.query.changes import changes_of
from app.trends.query.columns import SeriesColumn, TrendTable, read_table
from app.trends.query.packed import MEDIA_TYPE, PackedArray, drawn_errors, drawn_numbers, pack
from app.trends.query.run_columns import RunColumns
from app.trends.query.series_key import Key, SeriesKey
from app.trends.query.size import check_size
from app.web import etag_of, not_modified, request_settings
from app.web.compression import FAST, accepts_gzip, body_response, compress

TIMES = ("start", "end")
"""Facts of runs that charts use and that need float64."""
RUN_NUMBERS = ("fill", "duration", "delivered_lumi", "recorded_lumi", "end_lumi")
"""Further ones, float32, which has 7 digits."""


def table_of(charts: Sequence[Chart], options: ChartOptions) -> TrendTable:
    """The points of all series of charts, each series once. Raises InvalidQuery for more than an answer of the API may have."""
    keys, settings = series_of(charts), request_settings()
    check_size(keys, options.runs, settings)
    return read_table(keys, options.runs, options.conditions, settings)


def series_of(charts: Sequence[Chart]) -> list[Key]:
    """The series of charts, each once, in the order of their first chart."""
    return list(dict.fromkeys(key for chart in charts for key in chart.series))


def points_response(charts: Sequence[Chart], options: ChartOptions) -> Response:
    """The packed answer for charts, or 304 for a browser that has it.

    The charts of an address change with the display groups of its subsystem, and the significance of runs with its limits, so
    they are part of the ETag.
    """
    limits = request_settings().of(RunsSettings)
    etag = etag_of(request.full_path, VERSION, limits, accepts_gzip(), charts, changes_of(series_of(charts)))
    response = not_modified(etag)
    if response is None:
        packed = pack(points_header(charts, table_of(charts, options), options))
        response = body_response(packed, MEDIA_TYPE, compress(packed, FAST) if accepts_gzip() else None)
        response.set_etag(etag)
        response.headers["Cache-Control"] = "private, no-cache"
    response.vary.add("Accept-Encoding")
    return response


def points_header(charts: Sequence[Chart], table: TrendTable, options: ChartOptions) -> dict[str, Any]:
    """The header of the packed answer, with arrays where it has numbers for each run."""
    analyses = analyse(table, options, request_settings())
    place = {column.key: index for index, column in enumerate(table.series)}
    return {
        "runs": _runs(table.runs),
        "series": [_series(found.column) | header_of(found, table.runs.run) for found in analyses],
        "charts": [_chart(chart, [place[key] for key in chart.series], table) for chart in charts],
        "note": table.note,
    }


def _runs(runs: RunColumns) -> dict[str, Any]:
    return {
        "run": PackedArray("i4", runs.run),
        **{name: PackedArray("f8", getattr(runs, name)) for name in TIMES},
        **{name: PackedArray("f4", getattr(runs, name)) for name in RUN_NUMBERS},
        "significant": PackedArray("u1", runs.significant),
        "run_class": PackedArray("i4", runs.class_index),
        "classes": list(runs.classes),
    }


def _series(column: SeriesColumn) -> dict[str, Any]:
    key = column.key
    pd, ps = (key.primary_dataset, key.processing) if isinstance(key, SeriesKey) else ("", "")
    return {
        "key": str(key),
        "name": column.name,
        "title": plain_title(column.title) or column.name,
        "y_title": plain_title(column.y_title),
        "subsystem": key.subsystem if isinstance(key, SeriesKey) else "oms",
        "pd": pd,
        "ps": ps,
        "values": drawn_numbers(column.values),
        "errors": drawn_errors(column.errors),
        "marks": column.marks,
    }


def _chart(chart: Chart, indexes: list[int], table: TrendTable) -> dict[str, Any]:
    return {
        "title": chart.title,
        "y_title": chart.y_title,
        "correlation": chart.correlation,
        "series": indexes,
        "labels": series_names([table.series[index] for index in indexes]),
        "regression": regression_of([table.series[index] for index in indexes]) if chart.correlation else None,
    }
