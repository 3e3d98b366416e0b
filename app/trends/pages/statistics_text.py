"""The line below each chart: mean, RMS and robust versions of its series, and the regression line of a correlation."""

from __future__ import annotations

from collections.abc import Sequence

from app.trends.analysis.numbers import number_text
from app.trends.analysis.plane import plane
from app.trends.analysis.regression import regression
from app.trends.analysis.statistics import statistics
from app.trends.pages.charts import Chart
from app.trends.pages.tables import columns_of, series_names
from app.trends.pages.value_text import value_text
from app.trends.query.columns import SeriesColumn, TrendTable


def statistics_lines(chart: Chart, table: TrendTable) -> list[str]:
    """A line for each series of a chart, with its name if there are several, and one for the regression."""
    columns = columns_of(chart, table)
    lines = [_statistics(column) for column in columns]
    if len(lines) > 1:
        lines = [f"{name}: {line}" for name, line in zip(series_names(columns), lines, strict=True)]
    if chart.correlation and len(columns) in (2, 3):
        lines.append(_line(columns) if len(columns) == 2 else _plane(columns))
    return lines


def _statistics(column: SeriesColumn) -> str:
    found = statistics(column.values, column.errors)
    if found.mean is None or found.rms is None or found.median is None or found.mad_sigma is None:
        return "no points"
    count = "1 point" if found.count == 1 else f"{found.count:,} points"
    mean, rms = number_text(found.mean, found.rms), number_text(found.rms, found.rms)
    text = f"{count}, mean {mean}, RMS {rms}, median {number_text(found.median, found.rms)}"
    text += f", robust RMS {number_text(found.mad_sigma, found.mad_sigma)}"
    if found.outliers and found.truncated_mean is not None and found.truncated_rms is not None:
        outliers = "1 outlier" if found.outliers == 1 else f"{found.outliers:,} outliers"
        near = number_text(found.truncated_rms, found.truncated_rms)
        text += f"; without {outliers}: mean {number_text(found.truncated_mean, found.truncated_rms)}, RMS {near}"
    return text


def _line(columns: Sequence[SeriesColumn]) -> str:
    line = regression(columns[0].values, columns[1].values)
    if line is None:
        return "No line: there are fewer than two runs with both points, or all have the same value on the x axis."
    slope, intercept = _parameter(line.slope, line.slope_error), _parameter(line.intercept, line.intercept_error)
    correlation = "" if line.correlation is None else f", correlation {line.correlation:.3f}"
    return f"y = {slope} x + {intercept}{correlation}"


def _plane(columns: Sequence[SeriesColumn]) -> str:
    found = plane(*(column.values for column in columns))
    if found is None:
        return "No plane: there are fewer than three runs with all points, or x and y are on one line."
    x_slope, y_slope = _parameter(found.x_slope, found.x_slope_error), _parameter(found.y_slope, found.y_slope_error)
    intercept = _parameter(found.intercept, found.intercept_error)
    names = ", ".join(f"{letter}: {name}" for letter, name in zip("xyz", series_names(columns), strict=True))
    return f"z = {x_slope} x + {y_slope} y + {intercept}, RMS about the plane {number_text(found.rms, found.rms)}; {names}"


def _parameter(value: float, error: float | None) -> str:
    """A parameter with its error, in brackets."""
    text = value_text(value, error)
    return text if text.startswith("(") else f"({text})"
