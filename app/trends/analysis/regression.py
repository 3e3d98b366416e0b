"""The straight line through points, with the errors of its parameters."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from app.trends.analysis.values import Floats, as_floats, finite_or_none, quiet


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


@quiet
def regression(x: ArrayLike, y: ArrayLike, errors: ArrayLike | None = None) -> Regression | None:
    """The line with the least squares; None for fewer than two points, or if all have the same x.

    Args:
        x, y: Shape (n). A pair with a value that is not finite is no point.
        errors: Errors of y, shape (n): weights are 1/error². Points without an error above 0 are left out. None: equal weights.
    """
    xs, ys = as_floats(x), as_floats(y)
    good = np.isfinite(xs) & np.isfinite(ys)
    if errors is None:
        return _line(xs[good], ys[good], None)
    sigmas = as_floats(errors)
    good &= np.isfinite(sigmas) & (sigmas > 0)
    return _line(xs[good], ys[good], sigmas[good])


@quiet
def correlation(x: ArrayLike, y: ArrayLike) -> float | None:
    """Correlation coefficient of the pairs of finite values; None for fewer than two pairs, or if all x or all y are equal."""
    xs, ys = as_floats(x), as_floats(y)
    good = np.isfinite(xs) & np.isfinite(ys)
    return _correlation(xs[good], ys[good])


def _line(x: Floats, y: Floats, sigmas: Floats | None) -> Regression | None:
    count = len(x)
    if count < 2 or x.min() == x.max():
        return None
    unit = 1.0 if sigmas is None else float(sigmas.min())
    weights = np.ones(count) if sigmas is None else (unit / sigmas) ** 2  # at most 1: the squares of tiny errors would overflow
    total = float(weights.sum())
    x_mean, y_mean = float(weights @ x) / total, float(weights @ y) / total
    dx, dy = x - x_mean, y - y_mean  # run numbers are large and close together: their squares would lose digits
    sxx = float(weights @ (dx * dx))
    slope = float(weights @ (dx * dy)) / sxx if sxx else math.nan
    intercept = y_mean - slope * x_mean
    if not (math.isfinite(slope) and math.isfinite(intercept)):
        return None
    rest, ndf = dy - slope * dx, count - 2
    chi2 = None if sigmas is None else float(np.sum((rest / sigmas) ** 2))
    sigma = unit if sigmas is not None else math.sqrt(float(rest @ rest) / ndf) if ndf else None  # of a point with weight 1
    slope_error = None if sigma is None else sigma / math.sqrt(sxx)
    intercept_error = None if sigma is None else sigma * math.sqrt(1 / total + x_mean * x_mean / sxx)
    errors = finite_or_none(slope_error), finite_or_none(intercept_error)
    return Regression(slope, intercept, *errors, _correlation(x, y), finite_or_none(chi2), ndf, count)


def _correlation(x: Floats, y: Floats) -> float | None:
    if len(x) < 2:
        return None
    dx, dy = x - x.mean(), y - y.mean()
    squares = math.sqrt(float(dx @ dx)) * math.sqrt(float(dy @ dy))
    found = float(dx @ dy) / squares if squares else math.nan
    if x.min() == x.max() or y.min() == y.max() or not math.isfinite(found):
        return None
    return max(-1.0, min(1.0, found))
