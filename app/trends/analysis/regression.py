"""The straight line through points, with the errors of its parameters."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from app.trends.analysis.values import Floats, as_floats


@dataclass(frozen=True, slots=True)
class Regression:
    """The line y = slope · x + intercept.

    Attributes:
        slope, intercept: Parameters.
        slope_error, intercept_error: Standard errors. Of an ordinary regression from the spread of the points about the line
            (None for two points), of a weighted one from their errors alone.
        correlation: Correlation coefficient of x and y, of all points with equal weights; None if all y are equal.
        chi2: Sum of squares of (y - line) / error; None of an ordinary regression.
        ndf: Points - 2.
        count: Points.
    """

    slope: float
    intercept: float
    slope_error: float | None
    intercept_error: float | None
    correlation: float | None
    chi2: float | None
    ndf: int
    count: int


def regression(x: ArrayLike, y: ArrayLike, errors: ArrayLike | None = None) -> Regression | None:
    """The line with the least squares; None for fewer than two points, or if all have the same x.

    Args:
        x, y: Shape (n). A pair with a value that is not finite is no point.
        errors: Errors of y, shape (n): weights are 1/error². Points without an error above 0 are left out. None: equal weights.
    """
    xs, ys = as_floats(x), as_floats(y)
    good = np.isfinite(xs) & np.isfinite(ys)
    weights = np.ones(len(xs))
    if errors is not None:
        sigmas = as_floats(errors)
        good &= np.isfinite(sigmas) & (sigmas > 0)
        weights = 1 / np.where(good, sigmas, 1.0) ** 2
    return _line(xs[good], ys[good], weights[good], has_errors=errors is not None)


def correlation(x: ArrayLike, y: ArrayLike) -> float | None:
    """Correlation coefficient of the pairs of finite values; None for fewer than two pairs, or if all x or all y are equal."""
    xs, ys = as_floats(x), as_floats(y)
    good = np.isfinite(xs) & np.isfinite(ys)
    return _correlation(xs[good], ys[good])


def _line(x: Floats, y: Floats, weights: Floats, has_errors: bool) -> Regression | None:
    count = len(x)
    if count < 2 or x.min() == x.max():
        return None
    total = float(weights.sum())
    x_mean, y_mean = float(weights @ x) / total, float(weights @ y) / total
    dx, dy = x - x_mean, y - y_mean  # run numbers are large and close together: their squares would lose digits
    sxx = float(weights @ (dx * dx))
    if sxx == 0:
        return None
    slope = float(weights @ (dx * dy)) / sxx
    rest = dy - slope * dx
    squares, ndf = float(weights @ (rest * rest)), count - 2
    variance = 1.0 if has_errors else squares / ndf if ndf else None  # of a point with weight 1
    slope_error = None if variance is None else math.sqrt(variance / sxx)
    intercept_error = None if variance is None else math.sqrt(variance * (1 / total + x_mean**2 / sxx))
    chi2 = squares if has_errors else None
    return Regression(slope, y_mean - slope * x_mean, slope_error, intercept_error, _correlation(x, y), chi2, ndf, count)


def _correlation(x: Floats, y: Floats) -> float | None:
    if len(x) < 2:
        return None
    dx, dy = x - x.mean(), y - y.mean()
    squares = math.sqrt(float(dx @ dx)) * math.sqrt(float(dy @ dy))
    if x.min() == x.max() or y.min() == y.max() or squares == 0:
        return None
    return max(-1.0, min(1.0, float(dx @ dy) / squares))
