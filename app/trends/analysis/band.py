"""The band of values that reference runs allow."""

from __future__ import annotations

import math
from dataclasses import dataclass

from numpy.typing import ArrayLike

from app.trends.analysis.values import finite, mad_sigma, mean_and_rms, median, quiet

LEAST_POINTS = 5
"""Fewest reference points of a band, unless a caller wants more: sigma of n points has an error of sigma/sqrt(2n - 2)."""


@dataclass(frozen=True, slots=True)
class Band:
    """A band, in the unit of the values.

    Attributes:
        mean: Center: the mean of the reference points, or their median if `is_robust`.
        sigma: Their standard deviation (divided by n - 1), or 1.4826 times their median distance from the median.
        low, high: Limits: mean ± `sigmas` · sigma. A value at a limit is inside.
        sigmas: Half the width in sigma.
        count: Reference points.
        is_robust: Whether outliers among the reference points do not matter.
    """

    mean: float
    sigma: float
    low: float
    high: float
    sigmas: float
    count: int
    is_robust: bool


@quiet
def band(reference: ArrayLike, sigmas: float = 3.0, least_points: int = LEAST_POINTS, is_robust: bool = False) -> Band | None:
    """The band of reference points; None if there are fewer than `least_points`, or if it overflows.

    Args:
        reference: Values of the series in the reference runs, shape (n). NaN: no point.
        sigmas: Half the width, above 0.
        least_points: At least 2.
        is_robust: See `Band`.
    """
    points = finite(reference)
    if len(points) < max(least_points, 2):
        return None
    center, sigma = mean_and_rms(points)
    sigma *= math.sqrt(len(points) / (len(points) - 1))
    if is_robust:
        center = median(points)
        sigma = mad_sigma(points, center)
    low, high = center - sigmas * sigma, center + sigmas * sigma
    if not (math.isfinite(low) and math.isfinite(high)):
        return None
    return Band(center, sigma, low, high, sigmas, len(points), is_robust)
