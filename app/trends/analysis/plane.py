"""The plane through points of three series, with the errors of its parameters."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from app.trends.analysis.values import Floats, as_floats, finite_or_none, quiet

COLLINEAR = 1e-12
"""x and y are on one line where 1 - correlation² is below this: rounding leaves no more."""


@dataclass(frozen=True, slots=True)
class Plane:
    """The plane z = x_slope · x + y_slope · y + intercept.

    Attributes:
        x_slope, y_slope, intercept: Parameters.
        x_slope_error, y_slope_error, intercept_error: Standard errors from the spread of the points about the plane; None for
            three points, which are all on it.
        rms: Root of the mean square of the distances in z.
        count: Points.
    """

    x_slope: float
    y_slope: float
    intercept: float
    x_slope_error: float | None
    y_slope_error: float | None
    intercept_error: float | None
    rms: float
    count: int


@quiet
def plane(x: ArrayLike, y: ArrayLike, z: ArrayLike) -> Plane | None:
    """The plane with the least squares in z; None for fewer than three points, if all (x, y) are on one line, or if numbers overflow.

    Args:
        x, y, z: Shape (n). A triple with a value that is not finite is no point.
    """
    xs, ys, zs = as_floats(x), as_floats(y), as_floats(z)
    good = np.isfinite(xs) & np.isfinite(ys) & np.isfinite(zs)
    return _fitted(xs[good], ys[good], zs[good])


def _fitted(x: Floats, y: Floats, z: Floats) -> Plane | None:
    count = len(x)
    if count < 3 or x.min() == x.max() or y.min() == y.max():
        return None
    x_mean, y_mean, z_mean = float(x.mean()), float(y.mean()), float(z.mean())
    x_scale, y_scale = float(np.abs(x - x_mean).max()), float(np.abs(y - y_mean).max())  # squares of small values would vanish
    dx, dy, dz = (x - x_mean) / x_scale, (y - y_mean) / y_scale, z - z_mean
    xx, xy, yy, xz, yz = (float(a @ b) for a, b in ((dx, dx), (dx, dy), (dy, dy), (dx, dz), (dy, dz)))
    determinant = xx * yy - xy * xy
    if not determinant > COLLINEAR * xx * yy:  # nor NaN, where a mean overflows
        return None
    slopes = (xz * yy - yz * xy) / determinant, (yz * xx - xz * xy) / determinant
    rest = dz - slopes[0] * dx - slopes[1] * dy
    squares = float(rest @ rest)
    spread = math.sqrt(squares / (count - 3)) if count > 3 else None
    origin = x_mean / x_scale, y_mean / y_scale
    leverage = 1 / count + (origin[0] ** 2 * yy - 2 * origin[0] * origin[1] * xy + origin[1] ** 2 * xx) / determinant
    factors = math.sqrt(yy / determinant) / x_scale, math.sqrt(xx / determinant) / y_scale, math.sqrt(leverage)
    errors = [None if spread is None else finite_or_none(spread * factor) for factor in factors]
    intercept = z_mean - slopes[0] * origin[0] - slopes[1] * origin[1]
    parameters, rms = (slopes[0] / x_scale, slopes[1] / y_scale, intercept), math.sqrt(squares / count)
    if not all(map(math.isfinite, (*parameters, rms))):
        return None
    return Plane(*parameters, errors[0], errors[1], errors[2], rms, count)
