"""The Landau density of energy loss, the function of `ROOT::Math::landau_pdf`.

It is the inverse Laplace transform of s**s. Below `TAIL` it is interpolated in a table, made once by integrating along a line in
the complex plane; above, it is a sum of Gauss and Laguerre.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

Reals = NDArray[np.float64]

LOWEST = -6.5
"""Below this the density is less than 1e-100."""
TAIL = 5.0
STEP = 0.01
_NODES = 250
_LAGUERRE_NODES = 48


def landau(x: Reals) -> Reals:
    """The density at x, float64 of the same shape; its most probable value is at -0.22278."""
    density = np.zeros(x.shape)
    middle = (x > LOWEST) & (x < TAIL)
    density[middle] = _interpolated(x[middle])
    tail = x >= TAIL
    density[tail] = _tail(x[tail])
    return density


@cache
def _table() -> tuple[Reals, Reals]:
    """Density and derivative at each step from `LOWEST` to `TAIL`."""
    x = np.arange(round((TAIL - LOWEST) / STEP) + 1) * STEP + LOWEST
    # The line of the integral goes through the saddle point where this keeps the relative accuracy of a small density.
    real = np.where(x < -1, np.exp(-x - 1), 1.0)[:, np.newaxis]
    step = 0.1 * np.sqrt(real)
    s = real + 1j * step * np.arange(_NODES)
    terms = np.exp(s * np.log(s) + x[:, np.newaxis] * s)
    terms[:, 0] /= 2
    return (terms.sum(axis=1) * step[:, 0]).real / np.pi, ((terms * s).sum(axis=1) * step[:, 0]).real / np.pi


def _interpolated(x: Reals) -> Reals:
    """Hermite's cubic between two steps of the table."""
    density, slope = _table()
    place = (x - LOWEST) / STEP
    index = np.minimum(place.astype(np.int64), density.size - 2)
    t = place - index
    rest = 1 - t
    low = density[index] * (1 + 2 * t) + STEP * slope[index] * t
    high = density[index + 1] * (1 + 2 * rest) - STEP * slope[index + 1] * rest
    result: Reals = rest * rest * low + t * t * high
    return result


@cache
def _laguerre() -> tuple[Reals, Reals]:
    nodes, weights = np.polynomial.laguerre.laggauss(_LAGUERRE_NODES)
    return nodes, weights


def _tail(x: Reals) -> Reals:
    """The integral of exp(-x t) t**-t sin(pi t) / pi over t > 0."""
    nodes, weights = _laguerre()
    t = nodes / x[..., np.newaxis]
    result: Reals = (np.exp(-t * np.log(t)) * np.sin(np.pi * t)) @ weights / (np.pi * x)
    return result
