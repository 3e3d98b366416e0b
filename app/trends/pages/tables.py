"""A chart as a table: a row for each run, with its facts, and the value and error of each series, or why there is none."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from app.trends.pages.charts import Chart
from app.trends.pages.missing_notes import notes_of_all
from app.trends.pages.titles import plain_title
from app.trends.query.columns import SeriesColumn, TrendTable
from app.trends.query.run_columns import RunColumns
from app.trends.query.series_key import SeriesKey

SIGNIFICANCE = ("no", "yes", "unknown")
"""Words for the values of the column `significant`."""

MOST_ROWS = 200
"""Rows of a table on a page of several charts."""

FACTS = {
    "fill": "Fill",
    "start": "Start (UTC)",
    "duration": "Duration (s)",
    "run_class": "Class",
    "significant": "Significant",
    "recorded_lumi": "Recorded (/pb)",
    "delivered_lumi": "Delivered (/pb)",
}
"""Names and headings of the facts of a run."""


class PointCell(NamedTuple):
    """The point of a series in a run; exact, as texts, "" without one."""

    value: str
    error: str
    note: str  # the mark of the point, or the reason why there is none


class ChartTableRow(NamedTuple):
    """A run."""

    run: int
    facts: tuple[str, ...]  # in the order of FACTS, "" for unknown
    cells: list[PointCell]


class ChartTable(NamedTuple):
    """A chart as a table."""

    names: list[str]  # of its series
    rows: list[ChartTableRow]  # ascending runs
    total: int  # runs of the chart; more than there are rows if the table is a part of it


def columns_of(chart: Chart, table: TrendTable) -> list[SeriesColumn]:
    """The columns of the series of a chart, in its order."""
    found = {column.key: column for column in table.series}
    return [found[key] for key in chart.series]


def series_names(columns: Sequence[SeriesColumn]) -> list[str]:
    """What tells the series of a chart from each other: their titles, or only their datasets or processings if the trend is the same."""
    keys = [column.key for column in columns]
    same_trend = len({key[:2] for key in keys}) == 1
    titles = [plain_title(column.title) or column.name for column in columns]
    if same_trend and len(keys) == 1:
        return titles
    places = [(key.primary_dataset, key.processing) if isinstance(key, SeriesKey) else ("", "") for key in keys]
    differing = [index for index in (0, 1) if len({place[index] for place in places if any(place)}) > 1]
    parts = [[] if same_trend else [title] for title in titles]
    names = [" ".join(filter(None, (*part, *(place[index] for index in differing)))) for part, place in zip(parts, places, strict=True)]
    return names if len(set(names)) == len(names) else [f"{name} ({column.name})" for name, column in zip(names, columns, strict=True)]


def chart_table(chart: Chart, table: TrendTable, first: int = 0, limit: int | None = None) -> ChartTable:
    """A chart as a table. first, limit: which of its runs have rows; None: all from `first`."""
    columns, total = columns_of(chart, table), len(table.runs)
    indexes = range(max(0, first), total if limit is None else min(total, first + limit))
    notes = notes_of_all(columns, table.runs, indexes)
    rows = [
        ChartTableRow(int(table.runs.run[index]), facts, [_cell(index, *each) for each in zip(columns, notes, strict=True)])
        for index, facts in zip(indexes, facts_of(table.runs, indexes), strict=True)
    ]
    return ChartTable(series_names(columns), rows, total)


def last_rows(chart: Chart, table: TrendTable) -> ChartTable:
    """A chart as a table, at most MOST_ROWS of its last runs."""
    return chart_table(chart, table, len(table.runs) - MOST_ROWS)


def facts_of(runs: RunColumns, indexes: Iterable[int]) -> list[tuple[str, ...]]:
    """The facts of runs as texts."""
    return [
        (
            exact(runs.fill[index]),
            time_text(runs.start[index]),
            exact(runs.duration[index]),
            runs.classes[runs.class_index[index]],
            SIGNIFICANCE[runs.significant[index]],
            exact(runs.recorded_lumi[index]),
            exact(runs.delivered_lumi[index]),
        )
        for index in indexes
    ]


def _cell(index: int, column: SeriesColumn, notes: dict[int, str]) -> PointCell:
    return PointCell(exact(column.values[index]), exact(column.errors[index]), notes.get(index, ""))


def exact(number: Any) -> str:
    """The shortest text of a number from which the same number is read again; "" for NaN."""
    value = float(number)
    if math.isnan(value):
        return ""
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)


def time_text(at: float) -> str:
    """A time as ISO 8601 in UTC; "" for NaN."""
    return "" if math.isnan(at) else datetime.fromtimestamp(float(at), UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
