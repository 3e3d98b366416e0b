"""Chi-square fits as ROOT's `TH1::Fit` with the options `Q` and `R`, with Minuit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from iminuit import Minuit
from numpy.typing import NDArray

from app.trends.histogram import Histogram
from app.trends.metrics.metric import NoPoint, Value

Reals = NDArray[np.float64]
Model = Callable[[Reals, Reals], Reals]
"""Values of a function at x for an array of parameters."""

REPEATS = 3
"""Fits in a row, each from the result of the one before."""


class FitPoints(NamedTuple):
    """The bins that a fit uses: float64 of one length."""

    x: Reals
    y: Reals
    error: Reals


def fit_points(histogram: Histogram, low: float, high: float) -> FitPoints:
    """The bins with an error above 0 whose center is between `low` and `high`. Raises `NoPoint` without any."""
    if histogram.dimensions != 1:
        raise NoPoint(f"A fit needs a histogram of one dimension, and this is a {histogram.class_name}")
    x = histogram.x.centers(np.arange(1, histogram.x.count + 1))
    used = (x >= low) & (x <= high) & (histogram.errors[1:-1] > 0)
    if not used.any():
        raise NoPoint(f"No filled bin between {low:g} and {high:g} to fit")
    return FitPoints(x[used], histogram.contents[1:-1][used], histogram.errors[1:-1][used])


def fit(points: FitPoints, model: Model, start: Sequence[float], repeats: int = REPEATS) -> list[Value]:
    """The parameters and their errors. Raises `NoPoint` for fewer bins than parameters."""
    if len(points.x) < len(start):
        raise NoPoint(f"{len(points.x)} filled bins are too few for a fit of {len(start)} parameters")

    def chi2(parameters: Reals) -> float:
        return float((((points.y - model(points.x, parameters)) / points.error) ** 2).sum())

    minuit = Minuit(chi2, np.array(start, np.float64))
    minuit.errordef = Minuit.LEAST_SQUARES
    minuit.errors = [abs(value) * 0.3 or 0.1 for value in start]  # the first steps of ROOT
    with np.errstate(all="ignore"):
        for _ in range(repeats):
            minuit.migrad()
        if minuit.covariance is None or not minuit.accurate:
            minuit.hesse()
    return [Value(float(value), float(error)) for value, error in zip(minuit.values, minuit.errors, strict=True)]
