"""Bands and drifts in words, for people and browsers without scripts."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote, urlencode

import numpy as np

from app.core.settings import Settings
from app.security.subsystems import may_edit
from app.trends.analysis.drift import MOST_STEPS
from app.trends.analysis.numbers import number_text
from app.trends.analysis.step_search import CLIP, FALSE_STEPS, LEAST_POINTS
from app.trends.pages.analysed import SeriesAnalysis, analyse, band_text
from app.trends.pages.chart_options import ChartOptions, exact_text
from app.trends.pages.point_link import point_address
from app.trends.pages.titles import plain_title
from app.trends.query.columns import TrendTable
from app.trends.query.series_key import Key, SeriesKey
from app.web.frame import href

DRIFT_PARAMETERS = (
    f"Steps of the mean with at least {LEAST_POINTS} points on each side, outliers beyond {CLIP:g} sigma clipped, at most {MOST_STEPS}; "
    f"in a series without any, one is marked with a probability of at most {FALSE_STEPS:.0%}. "
    "Sigma of a step is the spread of points without steps and slopes, not that of the band."
)
"""The parameters of the search for drifts."""


@dataclass(frozen=True)
class DriftText:
    """A step or slope: where, with the address of the point, and what. `to_run` is the end of a slope, 0 of a step."""

    run: int
    address: str
    text: str
    to_run: int = 0
    to_address: str = ""


@dataclass(frozen=True)
class AnalysisRow:
    """A series in the table of bands and drifts.

    Attributes:
        title: Of the trend, with its dataset and processing.
        band: The band in words.
        outside, count: Points outside the band, and all points.
        drifts: Steps, then slopes.
        rule_address: The form of a rule with this band; "" if the sender of the request may not add it, or the band moves with the
            newest runs.
    """

    title: str
    band: str
    outside: int
    count: int
    drifts: list[DriftText]
    rule_address: str


def analysis_rows(table: TrendTable, options: ChartOptions, settings: Settings) -> list[AnalysisRow]:
    """The rows of the series of a table."""
    runs = [int(run) for run in table.runs.run]
    return [_row(found, runs, options) for found in analyse(table, options, settings)]


def _row(found: SeriesAnalysis, runs: list[int], options: ChartOptions) -> AnalysisRow:
    column = found.column
    title = plain_title(column.title) or column.name
    if isinstance(column.key, SeriesKey):
        title += f", {column.key.primary_dataset} {column.key.processing}"
    band = band_text(found.reference) if found.reference else ""
    count = int(np.count_nonzero(np.isfinite(column.values)))
    return AnalysisRow(title, band, found.outside, count, _drifts(found, runs), _rule_address(column.key, options))


def _rule_address(key: Key, options: ChartOptions) -> str:
    if options.band is None or options.band.latest or not isinstance(key, SeriesKey) or not may_edit(key.subsystem):
        return ""
    selection = {"subsystem": key.subsystem, "pd": key.primary_dataset, "ps": key.processing, "names": key.name}
    query = {**selection, "band": str(options.band), "sigma": exact_text(options.sigma), **({"robust": "1"} if options.robust else {})}
    return f"{href('/trends/rules/new')}?{urlencode(query, quote_via=quote, safe=',:')}"


def _drifts(found: SeriesAnalysis, runs: list[int]) -> list[DriftText]:
    if found.drift is None:
        return []
    key = found.column.key
    steps = [
        DriftText(run, point_address(key, run), f"{_signed(step.shift, step.sigmas)} ({step.sigmas:+.1f} sigma)")
        for step in found.drift.steps
        for run in [runs[step.index]]
    ]
    slopes = [
        DriftText(
            first, point_address(key, first), f"slow change of {_signed(slope.change, slope.sigmas)} in all", last, point_address(key, last)
        )
        for slope in found.drift.slopes
        for first, last in [(runs[slope.first], runs[slope.last])]
    ]
    return steps + slopes


def _signed(change: float, sigmas: float) -> str:
    """A change with as many digits as the noise of a point has a meaning for."""
    text = number_text(change, change / sigmas if sigmas else 0.0)
    return text if text.startswith("-") else f"+{text}"
