"""Turn-on curves of the level-1 trigger: efficiency against a threshold."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from app.trends.histogram import Cells, Histogram
from app.trends.metrics.metric import Inputs, MetricValue, NoPoint

WIDEST_ERROR = 0.2
"""Relative error of a bin above which its curve has no point."""


@dataclass(frozen=True)
class EffMean:
    """The mean of the contents that are not 0, weighted by (content / error)^2; error mean / sqrt(sum of weights)."""

    def compute(self, inputs: Inputs) -> MetricValue:
        """The mean efficiency."""
        return _weighted_mean(inputs.main, 1)


@dataclass(frozen=True)
class EffVariance:
    """The spread s of the contents around their weighted mean m; error m * (error of m) / (sqrt(number of bins) s)."""

    def compute(self, inputs: Inputs) -> MetricValue:
        """The spread of the efficiency."""
        contents, weights = _weighted(inputs.main, 1)
        total = float(weights.sum())
        if total == 0:
            return MetricValue(0.0)
        mean, error = _weighted_mean(inputs.main, 1)
        spread = math.sqrt(float((weights * contents * contents).sum()) / total - mean * mean)
        return MetricValue(spread, mean * error / (math.sqrt(inputs.main.x.count) * spread))


@dataclass(frozen=True)
class TurnOnCurveEffPoint:
    """The x at which the curve reaches an efficiency, between the centers of two bins, with two decimals; unit of x."""

    efficiency: float

    def compute(self, inputs: Inputs) -> MetricValue:
        """The threshold."""
        return _crossing(inputs.main, self.efficiency)


@dataclass(frozen=True)
class TurnOnCurveHalfWidth:
    """The x at an efficiency of 0.8 minus that at 0.2; the errors add in quadrature; 0 without either, or if one is at 0; unit of x."""

    def compute(self, inputs: Inputs) -> MetricValue:
        """The half width."""
        return _half_width(inputs.main)


@dataclass(frozen=True)
class TurnOnCurveRange:
    """The middle of the rising part of the curve, with half its length as the error; unit of x.

    It rises from the center of the first empty bin before a filled one to that of the last bin with a content other than 0 and 1.
    """

    def compute(self, inputs: Inputs) -> MetricValue:
        """The middle of the rise."""
        cells, count = inputs.main.cells, inputs.main.x.count
        numbers = range(1, count - 1)
        start = next((number for number in numbers if cells[number] == 0 < cells[number + 1]), 0)
        end = next((number for number in reversed(numbers) if cells[number] not in (0, 1)), 0)
        if not end:
            return MetricValue(0.0)
        low, high = inputs.main.center(start), inputs.main.center(end)
        return MetricValue((high + low) / 2, (high - low) / 2)


@dataclass(frozen=True)
class TurnOnPlateauEff:
    """As `EffMean`, of the bins from the first one whose center is at least x(0.5) + 2 half widths; 0 without a plateau."""

    def compute(self, inputs: Inputs) -> MetricValue:
        """The efficiency on the plateau."""
        main = inputs.main
        middle, half_width = _crossing(main, 0.5).value, _half_width(main).value
        if middle == 0 or half_width == 0:
            return MetricValue(0.0)
        centers = main.x.centers(np.arange(1, main.x.count + 1))
        edge = middle + 2 * half_width
        first = int(np.searchsorted(centers, edge)) + 1
        return _weighted_mean(main, first) if 1 < first <= main.x.count else MetricValue(0.0)


@dataclass(frozen=True)
class TauSavePlots:
    """0, without error: the original's saves a picture, which pages of this product have of every monitor element."""

    def compute(self, inputs: Inputs) -> MetricValue:
        """Zero."""
        return MetricValue(0.0)


def _crossing(curve: Histogram, efficiency: float) -> MetricValue:
    """The x at which a curve reaches an efficiency; 0 if it does not, or is too uncertain there."""
    lower = _crossing_bin(curve, efficiency) if 0 <= efficiency <= 1 else 0
    if not lower:
        return MetricValue(0.0)
    low, high = curve.content(lower), curve.content(lower + 1)
    if low == 0:
        raise NoPoint("The bin below the efficiency is empty, so that its relative error is unknown")
    errors = [_content_error(curve, number) for number in (lower, lower + 1)]
    if errors[0] / low > WIDEST_ERROR or errors[1] / high > WIDEST_ERROR:
        return MetricValue(0.0)
    return _interpolated(curve, lower, efficiency, errors)


def _crossing_bin(curve: Histogram, efficiency: float) -> int:
    """The number of the first bin that is not above an efficiency while the next one is; 0 without any."""
    cells, numbers = curve.cells, range(1, curve.x.count - 1)
    return next((number for number in numbers if cells[number] <= efficiency < cells[number + 1]), 0)


def _content_error(curve: Histogram, number: int) -> float:
    """The error of a bin; for one that is not below its content, that of a count with the mean number of entries of two bins."""
    error, content = curve.error(number), curve.content(number)
    if error < content:
        return error
    return content / math.sqrt(content * curve.entries / (2 * curve.x.count))


def _interpolated(curve: Histogram, lower: int, efficiency: float, errors: list[float]) -> MetricValue:
    """The x on the line between the centers of two bins, and its error, both with two decimals."""
    low, high = curve.content(lower), curve.content(lower + 1)
    x_low, x_high = curve.center(lower), curve.center(lower + 1)
    inverse_slope = (x_high - x_low) / (high - low)
    weights = ((high - efficiency) / (high - low), (efficiency - low) / (high - low))
    widths = [_width(curve, number) / math.sqrt(12) for number in (lower, lower + 1)]
    x = x_low * weights[0] + x_high * weights[1]
    parts = [weight * width for weight, width in zip(weights, widths, strict=True)]
    parts += [inverse_slope * weight * error for weight, error in zip(weights, errors, strict=True)]
    return MetricValue(round(x, 2), round(math.hypot(*parts), 2))


def _width(curve: Histogram, number: int) -> float:
    edges = curve.x.edges
    return (curve.x.high - curve.x.low) / curve.x.count if edges is None else float(edges[number] - edges[number - 1])


def _half_width(curve: Histogram) -> MetricValue:
    if not 0 < _crossing_bin(curve, 0.2) < _crossing_bin(curve, 0.8):
        return MetricValue(0.0)
    low, high = _crossing(curve, 0.2), _crossing(curve, 0.8)
    return MetricValue(high.value - low.value, math.hypot(high.error, low.error)) if low.value and high.value else MetricValue(0.0)


def _weighted(curve: Histogram, first: int) -> tuple[Cells, Cells]:
    """Contents from bin `first` on that are not 0, and their weights. Raises `NoPoint` if one has no error."""
    used = slice(first, curve.x.count + 1)
    contents, errors = curve.cells[used], curve.errors.reshape(-1)[used]
    filled = contents != 0
    if not errors[filled].all():
        raise NoPoint("A bin has a content without error, and would have an infinite weight")
    return contents[filled], (contents[filled] / errors[filled]) ** 2


def _weighted_mean(curve: Histogram, first: int) -> MetricValue:
    contents, weights = _weighted(curve, first)
    total = float(weights.sum())
    if total == 0:
        return MetricValue(0.0)
    mean = float((weights * contents).sum()) / total
    return MetricValue(mean, mean / math.sqrt(total))
