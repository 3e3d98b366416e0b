"""Values from fits: the peak of a charge, of a signal over noise, a level.

The unit is that of the fitted parameter. A histogram without filled bins in the range of the fit has no point, where the original
gives the start value.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from app.trends.metrics.fitting import FitPoints, Reals, fit, fit_points
from app.trends.metrics.landau import landau
from app.trends.metrics.maps import last_filled_bin
from app.trends.metrics.metric import Inputs, MetricValue, NoPoint


def landau_peak(x: Reals, parameters: Reals) -> Reals:
    """p2 Landau((x - p0) / p1): location, width and height, as `TMath::Landau` without norm."""
    return parameters[2] * landau((x - parameters[0]) / parameters[1]) if parameters[1] > 0 else np.zeros(x.shape)


def gaussian_peak(x: Reals, parameters: Reals) -> Reals:
    """p2 exp(-((x - p0) / p1)^2 / 2): mean, width and height."""
    result: Reals = parameters[2] * np.exp(-0.5 * ((x - parameters[0]) / parameters[1]) ** 2)
    return result


def landau_and_gaussian(x: Reals, parameters: Reals) -> Reals:
    """p2 Landau((x - p0) / p1) + p4 exp(-((x - p0) / p3)^2 / 2): two peaks at one place."""
    return landau_peak(x, parameters) + gaussian_peak(x, parameters[[0, 3, 4]])


@dataclass(frozen=True)
class FittedParameter:
    """A metric whose first argument is the number of a fitted parameter. Raises `ValueError` for a number that it lacks."""

    parameter: int

    known: ClassVar[tuple[int, ...]] = (0, 1, 2)

    def __post_init__(self) -> None:
        if self.parameter not in self.known:
            raise ValueError(f"The fitted parameter is {self.parameter}; right would be {' or '.join(map(str, self.known))}")


@dataclass(frozen=True)
class LandauAroundMax(FittedParameter):
    """A parameter of a Landau fit (0 location, 1 width, 2 height) around the largest bin, from m `low` to m `high`.

    m is the middle of the largest bin and the larger one of its neighbours. 0 unless the parameter is between 0 and `cut`.
    """

    low: float
    high: float
    cut: float

    def compute(self, inputs: Inputs) -> MetricValue:
        """The parameter."""
        main = inputs.main
        top = main.maximum_bin
        neighbour = top - 1 if main.content(top - 1) > main.content(top + 1) else top + 1
        middle = (main.x.center(top) + main.x.center(neighbour)) / 2
        points = fit_points(main, middle * self.low, middle * self.high)
        found = fit(points, landau_peak, (middle, middle / 10, main.highest))[self.parameter]
        return found if 0 < found.value < self.cut else MetricValue(0.0)


@dataclass(frozen=True)
class Landau(FittedParameter):
    """A parameter of a Landau fit (0 location, 1 width, 2 height) from `low` to `high`; 0 unless it is above 0."""

    low: float
    high: float
    start: Sequence[float]

    def compute(self, inputs: Inputs) -> MetricValue:
        """The parameter."""
        found = fit(fit_points(inputs.main, self.low, self.high), landau_peak, padded(self.start, 3))[self.parameter]
        return found if found.value > 0 else MetricValue(0.0)


@dataclass(frozen=True)
class LandauTest(FittedParameter):
    """A parameter of a Landau fit (0 location, 1 width, 2 height) in one of two ranges; 0 unless it is between 0 and 60,000.

    The original takes the second range from a run on, but never learns the run: it is 0. In the first range the fit starts from 1.58
    times location and width.
    """

    low: float
    high: float
    later_low: float
    later_high: float
    first_later_run: int
    start: Sequence[float]

    def compute(self, inputs: Inputs) -> MetricValue:
        """The parameter."""
        location, width, height = padded(self.start, 3)
        limits, scale = ((self.low, self.high), 1.58) if self.first_later_run > 0 else ((self.later_low, self.later_high), 1.0)
        start = (scale * location, scale * width, height)
        found = fit(fit_points(inputs.main, *limits), landau_peak, start)[self.parameter]
        return found if 0 < found.value < 60_000 else MetricValue(0.0)


@dataclass(frozen=True)
class LandauAroundMaxBin(FittedParameter):
    """A parameter of a Landau fit (0 height, 1 location, 2 width) within a distance of the largest bin.

    The parameters have the order of ROOT's own `landau`, whatever else was fitted before.
    """

    distance: float

    def compute(self, inputs: Inputs) -> MetricValue:
        """The parameter."""
        main = inputs.main
        top = main.x.center(main.maximum_bin)
        points = fit_points(main, top - self.distance, top + self.distance)
        start = _start_of_landau(points)
        return fit(points, _landau_of_root, start, limits={2: (0, 10 * start[2])})[self.parameter]


@dataclass(frozen=True)
class GauLand(FittedParameter):
    """A parameter of the fit of a Landau and a Gaussian at one place, from `low` to `high`.

    0 location, 1 width and 2 height of the Landau, 3 width and 4 height of the Gaussian.
    """

    low: float
    high: float
    start: Sequence[float]

    def compute(self, inputs: Inputs) -> MetricValue:
        """The parameter."""
        location, width, _, gaussian_width = padded(self.start, 4)
        half = inputs.main.highest / 2
        start = (location, width, half, gaussian_width, half)
        return fit(fit_points(inputs.main, self.low, self.high), landau_and_gaussian, start)[self.parameter]


@dataclass(frozen=True)
class Gaussian(FittedParameter):
    """A parameter of a Gaussian fit (0 mean, 1 width, 2 height) from `low` to `high`."""

    low: float
    high: float
    start: Sequence[float]

    def compute(self, inputs: Inputs) -> MetricValue:
        """The parameter."""
        return fit(fit_points(inputs.main, self.low, self.high), gaussian_peak, padded(self.start, 3), repeats=1)[self.parameter]


@dataclass(frozen=True)
class FlatLine(FittedParameter):
    """The level of the contents from `low` to `high`: their mean weighted by 1 / error^2, error 1 / sqrt(sum of weights)."""

    known = (0,)
    low: float
    high: float
    start: float

    def compute(self, inputs: Inputs) -> MetricValue:
        """The level."""
        return _level(fit_points(inputs.main, self.low, self.high))


@dataclass(frozen=True)
class FlatLineXcut(FlatLine):
    """As `FlatLine`, from 1 to the center of the third bin before the last filled one; the limits do nothing."""

    def compute(self, inputs: Inputs) -> MetricValue:
        """The level."""
        last = last_filled_bin(inputs.main)
        if last is None:
            raise NoPoint("No bin is filled")
        return _level(fit_points(inputs.main, 1, inputs.main.x.center(last - 3)))


def _level(points: FitPoints) -> MetricValue:
    weights = 1 / points.error**2
    return MetricValue(float((points.y * weights).sum() / weights.sum()), 1 / math.sqrt(float(weights.sum())))


def padded(start: Sequence[float], count: int) -> list[float]:
    """The first start values; those that the configuration does not give are 0."""
    return [*start, *[0.0] * count][:count]


def _landau_of_root(x: Reals, parameters: Reals) -> Reals:
    """`landau_peak` with the parameters in the order of ROOT's own `landau`."""
    return landau_peak(x, parameters[[1, 2, 0]])


def _start_of_landau(points: FitPoints) -> tuple[float, float, float]:
    """Height, location and width from which ROOT starts a fit of its own `landau`."""
    total = float(points.y.sum())
    if total <= 0:
        raise NoPoint("The contents add up to nothing")
    location = float((points.x * points.y).sum()) / total
    variance = float((points.x**2 * points.y).sum()) / total - location**2
    bin_width = float(np.diff(points.x).min(initial=points.x[-1] - points.x[0])) or 1.0
    width = math.sqrt(variance) if variance > 0 else bin_width * points.x.size / 4
    height = (float(points.y.max()) + bin_width * total / (2.506628 * width)) / 2
    return height, location, width
