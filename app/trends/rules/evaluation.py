"""Evaluation of one rule: which of its series are outside their band now."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase

import numpy as np

from app.core.settings import Settings
from app.runs.settings import RunsSettings
from app.trends.analysis.band import Band, band
from app.trends.analysis.numbers import number_text
from app.trends.analysis.values import Floats
from app.trends.query.columns import SeriesColumn, read_table
from app.trends.query.conditions import KNOWN, RunConditions
from app.trends.query.run_choice import RunChoice
from app.trends.query.selection import series_of_selection
from app.trends.query.series_key import SeriesKey
from app.trends.rules.definition import RuleDefinition

NEWEST = 200
"""Runs that are looked at beyond those that a violation needs; its first run is at most so far back."""

RUNS_BEFORE = 30
"""Runs before the first one outside that charts of a violation show."""

MOST_NAMED = 3
"""Series that a problem names."""


@dataclass(frozen=True)
class SeriesState:
    """A series of a rule by its newest points.

    Attributes:
        key: The series.
        band: None if the reference runs have too few points.
        points: Points among the newest runs.
        outside: Number of the newest points that are outside the band in a row.
        first_run: The first run of these; of none, the newest run with a point.
        last_run: The newest run with a point.
        shown_run: Where a chart begins.
        value: In `last_run`.
        problem: Why it cannot be violated or be inside; "" if it can.
    """

    key: SeriesKey
    band: Band | None = None
    points: int = 0
    outside: int = 0
    first_run: int = 0
    last_run: int = 0
    shown_run: int = 0
    value: float = 0.0
    problem: str = ""

    @property
    def band_words(self) -> str:
        """The band, such as `19,700 ± 450 (3 sigma)`."""
        assert self.band is not None
        half = self.band.sigmas * self.band.sigma
        mean, width = number_text(self.band.mean, self.band.sigma), number_text(half, self.band.sigma)
        return f"{mean} ± {width} ({self.band.sigmas:g} sigma)"

    @property
    def value_words(self) -> str:
        """The newest value with the digits of the band."""
        assert self.band is not None
        return number_text(self.value, self.band.sigma)


def evaluate(rule: RuleDefinition, settings: Settings) -> list[SeriesState]:
    """The state of each series of a rule. Runs that are known as not significant do not count.

    With a Run Registry, the newest runs count only when they are known as significant: facts of a run come after its points, and
    a cosmic run whose class is not known yet would look like a fault of the detector.

    Raises:
        UnknownGolden: The hub does not have the golden JSON of the reference runs any more.
    """
    keys = [key for key in series_of_selection(rule.selection) if fnmatchcase(key.name, rule.names)]
    if not keys:
        return []
    conditions = RunConditions()
    reference = read_table(keys, RunChoice.parse(rule.reference), conditions, settings)
    watched = RunConditions(KNOWN) if settings.of(RunsSettings).runs_rr_url else conditions
    newest = read_table(keys, RunChoice.newest(NEWEST + rule.in_a_row), watched, settings)
    runs = newest.runs.run.astype(np.float64)
    return [_state(rule, key, before.values, now, runs) for key, before, now in zip(keys, reference.series, newest.series, strict=True)]


def _state(rule: RuleDefinition, key: SeriesKey, reference: Floats, newest: SeriesColumn, runs: Floats) -> SeriesState:
    found = band(reference, rule.sigmas, rule.least_points, rule.is_robust)
    is_point = np.isfinite(newest.values)
    values, points = newest.values[is_point], int(np.count_nonzero(is_point))
    if not points:
        return SeriesState(key, found, problem=f"{key.name} has no point in the newest {len(runs):,} runs")
    runs = runs[is_point]
    if found is None:
        count = int(np.count_nonzero(np.isfinite(reference)))
        problem = f"{key.name} has {count:,} of {rule.least_points:,} points that its band needs"
        return SeriesState(key, None, points, last_run=int(runs[-1]), problem=problem)
    inside = np.flatnonzero((values >= found.low) & (values <= found.high))
    outside = points - 1 - int(inside[-1]) if len(inside) else points
    first = points - max(outside, 1)
    shown = int(runs[max(first - RUNS_BEFORE, 0)])
    return SeriesState(key, found, points, outside, int(runs[first]), int(runs[-1]), shown, float(values[-1]))


def problem_of(rule: RuleDefinition, states: list[SeriesState]) -> str:
    """Why a rule watches less than it should; "" if it watches all its series."""
    if not states:
        return f"There are no points of a trend {rule.names} in {' '.join(rule.selection[1:])} of {rule.subsystem}"
    problems = [state.problem for state in states if state.problem]
    if not problems:
        return ""
    more = len(problems) - MOST_NAMED
    return "; ".join(problems[:MOST_NAMED]) + (f"; and {more:,} more of {len(states):,} series" if more > 0 else "")
