"""Chi-square fits as ROOT's `TH1::Fit` with the options `Q` and `R`, with Minuit."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
from iminuit import Minuit
from numpy.typing import NDArray

from app.trends.axis import BinnedAxis
from app.trends.histogram import Histogram
from app.trends.metrics.metric import MetricValue, NoPoint

Reals = NDArray[np.float64]
Model = Callable[[Reals, Reals], Reals]
"""Values of a function at x for an array of parameters."""

REPEATS = 3
"""Fits in a row, each from the result of the one before."""
TOLERANCE = 0.01
"""As ROOT's: a fit ends at an estimated distance of 0.002 times this above the minimum."""


class FitPoints(NamedTuple):
    """The bins that a fit uses: float64 of one length."""

    x: Reals
    y: Reals
    error: Reals


def fit_points(histogram: Histogram, low: float, high: float) -> FitPoints:
    """The bins from `low` to `high` with an error above 0, as ROOT chooses them. Raises `NoPoint` without any.

    A bin counts if its center is in the range, or if the range is within it. Equal limits stand for no limits, and limits may be
    in any order.
    """
    if histogram.dimensions != 1:
        raise NoPoint(f"A fit needs a histogram of one dimension, and this is a {histogram.class_name}")
    first, last = _bins_of_range(histogram.x, min(low, high), max(low, high))
    used = np.arange(first, last + 1)
    used = used[~(histogram.errors[used] <= 0)]  # with those that are no number
    if not used.size:
        raise NoPoint(f"No filled bin between {low:g} and {high:g} to fit")
    points = FitPoints(histogram.x.centers(used), histogram.contents[used], histogram.errors[used])
    if not np.isfinite(points).all():
        raise NoPoint(f"A content between {low:g} and {high:g} is not finite")
    return points


def _bins_of_range(axis: BinnedAxis, low: float, high: float) -> tuple[int, int]:
    first, last = max(axis.first, 1), min(axis.last, axis.count)
    if low == high:
        return first, last
    first, last = min(max(axis.bin_of(low), first), last + 1), max(min(axis.bin_of(high), last), first - 1)
    if first < last:
        first += axis.center(first) < low
        last -= axis.center(last) > high
    return first, last


def fit(
    points: FitPoints,
    model: Model,
    start: Sequence[float],
    repeats: int = REPEATS,
    limits: Mapping[int, tuple[float, float]] = MappingProxyType({}),
) -> list[MetricValue]:
    """The parameters and their errors; `limits` has those of some parameters. Raises `NoPoint` for fewer bins than parameters."""
    if len(points.x) < len(start):
        raise NoPoint(f"{len(points.x)} filled bins are too few for a fit of {len(start)} parameters")

    inverse_errors = 1 / points.error

    def chi2(parameters: Reals) -> float:
        distances = (points.y - model(points.x, parameters)) * inverse_errors
        return float(distances @ distances)

    values = np.array(start, np.float64)
    steps = np.where(values != 0, np.abs(values) * 0.3, 0.3)  # as ROOT's
    for number, (low, high) in limits.items():
        steps[number] = min((high - low) / 10, (values[number] - low) / 2)
    for _ in range(repeats):
        minuit = Minuit(chi2, values)
        minuit.errordef = Minuit.LEAST_SQUARES
        minuit.tol = TOLERANCE
        minuit.errors = steps
        for number, interval in limits.items():
            minuit.limits[number] = interval
        minuit.migrad()
        values, errors = np.array(minuit.values), np.array(minuit.errors)
        steps = np.where(errors > 0, errors, steps)
    return [MetricValue(float(value), float(error)) for value, error in zip(values, errors, strict=True)]
