"""The Landau density of energy loss, the function of `ROOT::Math::landau_pdf`.

It is the inverse Laplace transform of s**s. Below `END` it is interpolated in a table, made once: from an integral along a line in
the complex plane, and from `TAIL` on, as above the table, from a sum of Gauss and Laguerre.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

Reals = NDArray[np.float64]

LOWEST = -6.5
"""Below this the density is less than 1e-100."""
TAIL = 5.0
END = 25.0
STEP = 0.01
_NODES = 250
_LAGUERRE_NODES = 48


def landau(x: Reals) -> Reals:
    """The density at x, float64 of the same shape; its most probable value is at -0.22278."""
    if x.size and x.min() > LOWEST and x.max() < END:
        return _interpolated(x)
    density = np.zeros(x.shape)
    middle = (x > LOWEST) & (x < END)
    density[middle] = _interpolated(x[middle])
    tail = x >= END
    density[tail] = _tail(x[tail])[0]
    return density


@cache
def _table() -> Reals:
    """Coefficients of Hermite's cubic between two steps from `LOWEST` to `END`, float64 (4, steps)."""
    x = LOWEST + STEP * np.arange(round((END - LOWEST) / STEP) + 1, dtype=np.float64)
    is_tail = x >= TAIL
    parts = np.concatenate([_transform(x[~is_tail]), _tail(x[is_tail])], axis=1)
    (low, high), (low_slope, high_slope) = ((values[:-1], values[1:]) for values in parts * [[1.0], [STEP]])
    second = 3 * (high - low) - 2 * low_slope - high_slope
    return np.array([low, low_slope, second, low_slope + high_slope - 2 * (high - low)])


def _transform(x: Reals) -> Reals:
    """Density and slope, float64 (2, len(x)), below `TAIL`."""
    # The line of the integral goes through the saddle point where this keeps the relative accuracy of a small density.
    real = np.where(x < -1, np.exp(-x - 1), 1.0)[:, np.newaxis]
    step = 0.1 * np.sqrt(real)
    s = real + 1j * step * np.arange(_NODES)
    terms = np.exp(s * np.log(s) + x[:, np.newaxis] * s)
    terms[:, 0] /= 2
    found: Reals = np.array([terms.sum(axis=1), (terms * s).sum(axis=1)]).real * step[:, 0] / np.pi
    return found


def _interpolated(x: Reals) -> Reals:
    place = (x - LOWEST) / STEP
    index = place.astype(np.intp)
    t = place - index
    value, slope, second, third = _table()[:, index]
    result: Reals = value + t * (slope + t * (second + t * third))
    return result


@cache
def _laguerre() -> tuple[Reals, Reals]:
    nodes, weights = np.polynomial.laguerre.laggauss(_LAGUERRE_NODES)
    return nodes, weights


def _tail(x: Reals) -> Reals:
    """Density and slope, float64 (2, len(x)): the integral of exp(-x t) t**-t sin(pi t) / pi over t > 0, and of -t times that."""
    nodes, weights = _laguerre()
    t = nodes / x[..., np.newaxis]
    terms = np.exp(-t * np.log(t)) * np.sin(np.pi * t)
    return np.array([terms @ weights, -(terms * t) @ weights]) / (np.pi * x)
