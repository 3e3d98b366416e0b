"""What is computed from the points of charts: statistics, the band of reference runs, steps and slopes, regression lines."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

import numpy as np

from app.core.settings import Settings
from app.trends.analysis.band import LEAST_POINTS, Band, band
from app.trends.analysis.drift import Drift, find_drift
from app.trends.analysis.numbers import number_text
from app.trends.analysis.plane import plane
from app.trends.analysis.regression import regression
from app.trends.analysis.statistics import Statistics, statistics
from app.trends.pages.chart_options import ChartOptions
from app.trends.query.columns import SeriesColumn, TrendTable, read_table


@dataclass(frozen=True)
class ReferenceBand:
    """A band with the runs that it is from.

    Attributes:
        band: None if there are too few points in the reference runs.
        runs: The reference runs with a point, as text: `355001-355400` of a range or list, first and last.
        count: Points in the reference runs.
    """

    band: Band | None
    runs: str
    count: int


@dataclass(frozen=True)
class SeriesAnalysis:
    """What the points of a series in the shown runs say.

    Attributes:
        column: The series.
        reference: The band; None unless the view has reference runs.
        drift: Steps and slopes, with indexes of the shown runs; None unless the view asks for them.
    """

    column: SeriesColumn
    reference: ReferenceBand | None
    drift: Drift | None

    @cached_property
    def statistics(self) -> Statistics:
        """Of the shown points; pages that have them elsewhere do not ask for them."""
        return statistics(self.column.values, self.column.errors)

    @property
    def outside(self) -> int:
        """Number of the shown points outside the band."""
        found = self.reference.band if self.reference else None
        if not found:
            return 0
        values = self.column.values
        return int(np.count_nonzero((values < found.low) | (values > found.high)))


def analyse(table: TrendTable, options: ChartOptions, settings: Settings) -> list[SeriesAnalysis]:
    """The analysis of each series of a table. The conditions on runs hold for reference runs, too."""
    references: Sequence[ReferenceBand | None] = [None] * len(table.series)
    if options.band is not None:
        same = options.band == options.runs
        keys = [column.key for column in table.series]
        other = table if same else read_table(keys, options.band, options.conditions, settings)
        references = [_reference(column, other.runs.run, options) for column in other.series]
    return [
        SeriesAnalysis(column, reference, find_drift(column.values) if options.drift else None)
        for column, reference in zip(table.series, references, strict=True)
    ]


def _reference(column: SeriesColumn, runs: Any, options: ChartOptions) -> ReferenceBand:
    there = runs[np.isfinite(column.values)]
    text = f"{there[0]}-{there[-1]}" if len(there) > 1 else "".join(map(str, there))
    return ReferenceBand(band(column.values, options.sigma, is_robust=options.robust), text, len(there))


def header_of(found: SeriesAnalysis, runs: Any) -> dict[str, Any]:
    """The parts `statistics`, `band`, `drift` and `slopes` of a series in the packed answer. runs: numbers of the shown runs."""
    drift = found.drift or Drift([], [])
    return {
        "statistics": _known(found.statistics),
        "band": _band(found.reference) if found.reference else None,
        "drift": [asdict(step) | {"run": int(runs[step.index])} for step in drift.steps],
        "slopes": [slope._asdict() | {"first_run": int(runs[slope.first]), "last_run": int(runs[slope.last])} for slope in drift.slopes],
    }


def _band(reference: ReferenceBand) -> dict[str, Any] | None:
    found = reference.band
    if found is None or not math.isfinite(found.low) or not math.isfinite(found.high):
        return None
    return asdict(found) | {"runs": reference.runs}


def regression_of(columns: Sequence[SeriesColumn]) -> dict[str, Any] | None:
    """The line or plane through the points of two or three series that are drawn against each other; None for another number."""
    values = [column.values for column in columns]
    found = regression(*values) if len(values) == 2 else plane(*values) if len(values) == 3 else None
    return None if found is None else _known(found)


def _known(found: Any) -> dict[str, Any]:
    """The fields that are finite numbers: JSON has no others."""
    return {name: value for name, value in asdict(found).items() if value is not None and math.isfinite(value)}


def band_text(reference: ReferenceBand) -> str:
    """The band in words: `mean 19,700 ± 150 from 40 runs 355001-355400, 3 sigma`."""
    found = reference.band
    if found is None:
        runs = f"{reference.count} of the reference runs have" if reference.count != 1 else "1 of the reference runs has"
        return f"no band: {runs} a point, at least {LEAST_POINTS} are needed"
    mean, sigma = number_text(found.mean, found.sigma), number_text(found.sigma, found.sigma)
    return f"{'median' if found.is_robust else 'mean'} {mean} ± {sigma} from {found.count:,} runs {reference.runs}, {found.sigmas:g} sigma"
