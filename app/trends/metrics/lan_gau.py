"""The fit of a Landau density convoluted with a Gaussian: a charge with the noise of its measurement."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from app.trends.histogram import Histogram
from app.trends.metrics.fits import FittedParameter
from app.trends.metrics.fitting import FitPoints, Reals, fit, fit_points
from app.trends.metrics.landau import landau
from app.trends.metrics.metric import Inputs, Value

STEPS = 100
WIDEST = 5.0
"""Range of the convolution on each side, in widths of the Gaussian."""
MODE = -0.22278298
"""The most probable value of the Landau density."""
FEW_ENTRIES = 150
"""Below this number of entries two bins are taken for one."""
REFITS = 5


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

    def compute(self, inputs: Inputs) -> Value:
        """The most probable value."""
        main = inputs.main
        low, found = self.low, self._fit(main, self.low, 1.0, 1)
        for turn in range(REFITS):
            if found[0].value >= self.least_width and found[1].value >= self.low:
                break
            low = self.low - 2
            found = self._fit(main, low, (5 + turn) / 5, turn + 1)
        x = np.linspace(low, self.high, 10_001)
        top = x[np.argmax(lan_gau(x, np.array([value for value, _ in found])))]
        return Value(float(top), found[self.parameter].error)

    def _fit(self, histogram: Histogram, low: float, area: float, smearing: int) -> list[Value]:
        points = fit_points(histogram, low, self.high)
        if histogram.entries < FEW_ENTRIES:
            points = _merged(points)
        width, peak, _, sigma = (*self.start, 0.0, 0.0, 0.0, 0.0)[:4]
        top = histogram.x.center(histogram.maximum_bin)
        start = (width, top if top > self.low else peak, histogram.integral() * area, sigma * smearing)
        return fit(points, lan_gau, start)


def _merged(points: FitPoints) -> FitPoints:
    """Two bins taken for one."""
    x, y, error = (values[: len(values) // 2 * 2].reshape(-1, 2) for values in points)
    return FitPoints(x.mean(axis=1), y.sum(axis=1), np.sqrt((error * error).sum(axis=1)))
