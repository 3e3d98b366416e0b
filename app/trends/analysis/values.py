"""Arrays of points, in which NaN is a run without a point."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

quiet = np.errstate(over="ignore", under="ignore", invalid="ignore", divide="ignore")
"""Of functions whose results that overflow are taken for missing."""

SIGMA_PER_MAD = 1.482602218505602
"""Standard deviation of a normal distribution in units of its median absolute deviation."""


def as_floats(values: ArrayLike) -> Floats:
    """An array of float64; values that are not finite stay."""
    return np.asarray(values, dtype=np.float64)


def finite(values: ArrayLike) -> Floats:
    """The values that are finite: a run without a point has none, and infinity has no mean."""
    floats = as_floats(values)
    return floats[np.isfinite(floats)]


def median(values: Floats) -> float:
    """The median of at least one finite value; takes half the time of numpy's."""
    middle = len(values) // 2
    if len(values) % 2:
        return float(np.partition(values, middle)[middle])
    parts = np.partition(values, (middle - 1, middle))
    return float(parts[middle - 1] / 2 + parts[middle] / 2)  # halves first: the sum of two large values may overflow


def mad_sigma(values: Floats, center: float) -> float:
    """Robust standard deviation: the median distance from the center, times `SIGMA_PER_MAD`."""
    return SIGMA_PER_MAD * median(np.abs(values - center))


def mean_and_rms(values: Floats) -> tuple[float, float]:
    """Mean, and root of the mean square of the distances from it. Values near the largest number do not overflow."""
    scale = float(np.max(np.abs(values)))
    if scale == 0:
        return 0.0, 0.0
    parts = values / scale if scale > 1e100 or scale < 1e-100 else values
    unit = scale if parts is not values else 1.0
    return float(parts.mean()) * unit, float(parts.std()) * unit


def finite_or_none(value: float | None) -> float | None:
    """The value; None if it overflowed."""
    return value if value is not None and math.isfinite(value) else None
