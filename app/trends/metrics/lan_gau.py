"""The fit of a Landau density convoluted with a Gaussian: a charge with the noise of its measurement."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from app.trends.axis import BinnedAxis
from app.trends.histogram import Cells, Histogram
from app.trends.metrics.fits import FittedParameter, padded
from app.trends.metrics.fitting import Reals, fit, fit_points
from app.trends.metrics.landau import landau
from app.trends.metrics.metric import Inputs, MetricValue

STEPS = 100
WIDEST = 5.0
"""Range of the convolution on each side, in widths of the Gaussian."""
MODE = -0.22278298
"""The most probable value of the Landau density."""
FEW_ENTRIES = 150
"""Below this number of entries two bins are taken for one."""
REFITS = 5
GRIDS = 6
"""Grids of `STEPS` by which the largest value is found, each 50 times finer."""


def lan_gau(x: Reals, parameters: Reals) -> Reals:
    """Area times the convolution at x; width of the Landau, most probable value, area, width of the Gaussian."""
    width, peak, area, sigma = parameters
    if width <= 0 or sigma == 0:
        return np.zeros(x.shape)
    offsets = (np.arange(STEPS) + 0.5) * (2 * WIDEST / STEPS) - WIDEST
    gaussian = np.exp(-0.5 * offsets * offsets) / np.sqrt(2 * np.pi)
    places = x[:, np.newaxis] + offsets * abs(sigma)
    density = landau((places - (peak - MODE * width)) / width) / width
    result: Reals = area * (density @ gaussian) * (2 * WIDEST / STEPS)
    return result


@dataclass(frozen=True)
class LanGau(FittedParameter):
    """The x of the largest value of the fitted convolution; error: that of one parameter (0 width, 1 most probable value, 2 area).

    The fit is done again, up to five times, while the width is below `least_width` or the most probable value below `low`. The
    original lost its function and always fails; this is the fit that it means.
    """

    low: float
    high: float
    least_width: float
    start: Sequence[float]

    def compute(self, inputs: Inputs) -> MetricValue:
        """The most probable value."""
        main = inputs.main if inputs.main.entries >= FEW_ENTRIES else _merged(inputs.main)
        found = self._fit(main, self.low, 1.0, 1)
        for turn in range(REFITS):
            if found[0].value >= self.least_width and found[1].value >= self.low:
                break
            found = self._fit(main, self.low - 2, (5 + turn) / 5, turn + 1)
        parameters = np.array([value for value, _ in found])
        return MetricValue(_top(parameters, self.low, self.high), found[self.parameter].error)

    def _fit(self, histogram: Histogram, low: float, area: float, smearing: int) -> list[MetricValue]:
        width, peak, _, sigma = padded(self.start, 4)
        top = histogram.center(histogram.maximum_bin)
        start = (width, top if top > self.low else peak, histogram.integral() * area, sigma * smearing)
        return fit(fit_points(histogram, low, self.high), lan_gau, start)


def _top(parameters: Reals, low: float, high: float) -> float:
    """The x of the largest value between two limits, on a grid that gets finer around it."""
    for _ in range(GRIDS):
        x = np.linspace(low, high, STEPS + 1)
        top = int(np.argmax(lan_gau(x, parameters)))
        low, high = float(x[max(top - 1, 0)]), float(x[min(top + 1, STEPS)])
    return (low + high) / 2 if 0 < top < STEPS else float(x[top])


def _merged(histogram: Histogram) -> Histogram:
    """Two bins taken for one, as `TH1::Rebin`; an odd last bin is left out."""
    count = histogram.x.count // 2
    pairs = slice(1, 2 * count + 1)

    def summed(cells: Cells) -> Cells:
        return np.pad(cells[pairs].reshape(-1, 2).sum(axis=1), 1)

    edges = None if histogram.x.edges is None else histogram.x.edges[: 2 * count + 1 : 2]
    width = (histogram.x.high - histogram.x.low) / histogram.x.count
    high = histogram.x.low + 2 * count * width if edges is None else float(edges[-1])
    axis = BinnedAxis(histogram.x.low, high, count, edges)
    return replace(histogram, axes=(axis,), contents=summed(histogram.contents), errors=np.sqrt(summed(histogram.errors**2)))
