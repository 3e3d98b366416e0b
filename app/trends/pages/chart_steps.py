"""Steps from run to run of a chart."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from app.trends.pages.chart_view import ChartView
from app.trends.pages.missing_notes import notes_of
from app.trends.pages.titles import plain_title
from app.trends.pages.value_text import value_text
from app.trends.query.columns import SeriesColumn, TrendTable
from app.trends.query.run_columns import RunColumns
from app.trends.query.series_key import Key


class PointStep(NamedTuple):
    """A link to the previous or next point."""

    run: int
    address: str  # of the page with this point


class PointSteps(NamedTuple):
    """The links to the points beside one."""

    previous: PointStep | None
    next: PointStep | None


class SeriesValue(NamedTuple):
    """The value of a series of a chart in the chosen run."""

    title: str
    value: str  # "" for none
    mark: str  # or the reason why there is none
    address: str  # of the chart with this point
    is_chosen: bool


def chart_steps(view: ChartView, table: TrendTable, key: Key) -> PointSteps:
    """The points of a series beside that of the chosen run; without one, the last point is the previous one."""
    (column,) = [column for column in table.series if column.key == key]
    runs = table.runs.run[~np.isnan(column.values)]
    before = runs[runs < view.run] if view.run else runs
    after = runs[runs > view.run] if view.run else runs[:0]
    return PointSteps(_step(view, key, before[-1:].tolist()), _step(view, key, after[:1].tolist()))


def _step(view: ChartView, key: Key, runs: list[int]) -> PointStep | None:
    return PointStep(runs[0], view.of_point(key, runs[0]).address) if runs else None


def values_of_run(view: ChartView, table: TrendTable) -> list[SeriesValue]:
    """The value of each series in the chosen run, if the chart has several."""
    if len(view.series) < 2:
        return []
    found = np.flatnonzero(table.runs.run == view.run).tolist()
    return [_value(view, table.runs, column, found[0] if found else None) for column in table.series]


def _value(view: ChartView, runs: RunColumns, column: SeriesColumn, index: int | None) -> SeriesValue:
    has_value = index is not None and not np.isnan(column.values[index])
    text = value_text(float(column.values[index]), float(column.errors[index])) if has_value else ""
    mark = "not among the runs of the chart" if index is None else notes_of(column, runs, [index]).get(index, "")
    title, key = plain_title(column.title) or column.name, column.key
    return SeriesValue(title, text, mark, view.of_point(key, view.run).address, key == view.chosen_key)
