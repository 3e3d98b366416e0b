"""Mean and spread of the points of a series, plain and robust."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from app.trends.analysis.values import Floats, as_floats, finite_or_none, mad_sigma, mean_and_rms, median, quiet

TRUNCATION = 3.0
"""Points farther from the median than this many robust sigmas are left out of the truncated mean and RMS."""


@dataclass(frozen=True, slots=True)
class Statistics:
    """Statistics of the points of a series. All are in the unit of the values; None where points are missing for it.

    The original leaves zeros out of mean and RMS, because its trends are 0 where a computation failed. Here such a run has no
    point, and a zero is a value like any other, so mean and RMS are those of all points; `nonzero_mean` and `nonzero_rms` are those of the original.

    Attributes:
        count: Points.
        mean, rms: Mean, and population standard deviation (divided by `count`), of all points.
        zeros: Points that are exactly 0.
        nonzero_mean, nonzero_rms: The same without zeros.
        median: Median.
        mad_sigma: 1.4826 times the median distance from the median: the standard deviation if the points are normally
            distributed; half of the points can be outliers.
        truncated_mean, truncated_rms: Mean and RMS of the points within `TRUNCATION` `mad_sigma` of the median.
        outliers: Points that these leave out.
        weighted_mean, weighted_error: Mean with the weights 1/error², and its error, of the points with an error above 0.
        weighted_count: Points with an error above 0.
        chi2: Sum of squares of (value - weighted mean) / error. ndf: `weighted_count` - 1.
    """

    count: int = 0
    mean: float | None = None
    rms: float | None = None
    zeros: int = 0
    nonzero_mean: float | None = None
    nonzero_rms: float | None = None
    median: float | None = None
    mad_sigma: float | None = None
    truncated_mean: float | None = None
    truncated_rms: float | None = None
    outliers: int = 0
    weighted_mean: float | None = None
    weighted_error: float | None = None
    weighted_count: int = 0
    chi2: float | None = None
    ndf: int | None = None


@quiet
def statistics(values: ArrayLike, errors: ArrayLike | None = None) -> Statistics:
    """The statistics of a series.

    Args:
        values: Shape (n). NaN: no point.
        errors: Shape (n), or None. NaN and 0: the point has no error.
    """
    everything = as_floats(values)
    is_point = np.isfinite(everything)
    points = everything[is_point]
    if not len(points):
        return Statistics()
    mean, rms = mean_and_rms(points)
    nonzero = points[points != 0]
    nonzero_mean, nonzero_rms = (mean, rms) if len(nonzero) == len(points) else mean_and_rms(nonzero) if len(nonzero) else (None, None)
    center = median(points)
    sigma = mad_sigma(points, center)
    near = points[np.abs(points - center) <= TRUNCATION * sigma]
    truncated_mean, truncated_rms = (mean, rms) if len(near) in (0, len(points)) else mean_and_rms(near)
    found = Statistics(
        count=len(points),
        mean=finite_or_none(mean),
        rms=finite_or_none(rms),
        zeros=len(points) - len(nonzero),
        nonzero_mean=finite_or_none(nonzero_mean),
        nonzero_rms=finite_or_none(nonzero_rms),
        median=finite_or_none(center),
        mad_sigma=finite_or_none(sigma),
        truncated_mean=finite_or_none(truncated_mean),
        truncated_rms=finite_or_none(truncated_rms),
        outliers=len(points) - len(near),
    )
    return found if errors is None else _with_weights(found, points, as_floats(errors)[is_point])


def _with_weights(found: Statistics, points: Floats, errors: Floats) -> Statistics:
    good = np.isfinite(errors) & (errors > 0)
    if not good.any():
        return found
    values, sigmas = points[good], errors[good]
    unit = float(sigmas.min())  # so that the squares of tiny errors do not overflow
    weights = (unit / sigmas) ** 2
    total = float(weights.sum())
    mean = float((weights * values).sum()) / total
    chi2 = float((((values - mean) / sigmas) ** 2).sum())
    return replace(
        found,
        weighted_mean=finite_or_none(mean),
        weighted_error=finite_or_none(unit / math.sqrt(total)),
        weighted_count=len(values),
        chi2=finite_or_none(chi2),
        ndf=len(values) - 1,
    )
