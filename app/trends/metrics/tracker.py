"""Metrics of the pixel and strip trackers, and of their readout."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from app.trends.histogram import Cells, Histogram
from app.trends.metrics.metric import Inputs, MetricValue

LADDER_COLUMNS = 4
"""Modules of half a ladder of the barrel: columns of a map on each side of its middle."""


@dataclass(frozen=True)
class PixelEfficiency:
    """Found hits by found and missing ones (`histo1`), a number of hits being mean times entries; the error is binomial; 0 without hits."""

    def compute(self, inputs: Inputs) -> MetricValue:
        """The efficiency."""
        main, missing = inputs.main, inputs.need("histo1")
        found = main.mean() * main.entries
        expected = found + missing.mean() * missing.entries
        if expected == 0:
            return MetricValue(0.0)
        efficiency = found / expected
        return MetricValue(efficiency, math.sqrt(efficiency * (1 - efficiency) / expected))


@dataclass(frozen=True)
class PixelDigiPerClusterPix:
    """Digis by clusters (`histo1`) times their size (`histo2`), each a mean; 0 if the denominator is 0 or the mean below 1.

    If the digis are a map, all means are of z: those of the averaged quantity of a TProfile2D. As in the original, the error comes from the errors of the means
    of x of all three, and adds those of clusters and size without their derivatives.
    """

    def compute(self, inputs: Inputs) -> MetricValue:
        """The ratio."""
        main, clusters, size = inputs.main, inputs.need("histo1"), inputs.need("histo2")
        axis = 3 if "2" in main.class_name else 1
        digis, pixels = main.mean(axis), clusters.mean(axis) * size.mean(axis)
        if pixels == 0 or digis < 1:
            return MetricValue(0.0)
        relative = math.hypot(main.mean_error() / digis, math.hypot(clusters.mean_error(), size.mean_error()) / pixels)
        return MetricValue(digis / pixels, digis / pixels * relative)


@dataclass(frozen=True)
class ProfileMean:
    """The mean of the contents that are not 0; the error is their RMS by the square root of their number; 0 without any."""

    def compute(self, inputs: Inputs) -> MetricValue:
        """The mean."""
        return _mean_of_filled(_within_axes(inputs.main))


@dataclass(frozen=True)
class ProfileMeanBPixModules:
    """As `ProfileMean`, of the two columns of a map of the barrel at a distance of 1 to 4 modules from its middle."""

    module: int

    def compute(self, inputs: Inputs) -> MetricValue:
        """The mean."""
        offset = LADDER_COLUMNS - self.module
        columns = (1 + offset, inputs.main.x.count - offset)
        x, y = np.meshgrid(columns, np.arange(1, inputs.main.rows + 1))
        return _mean_of_filled(inputs.main.contents_at(x.ravel(), y.ravel()))


def _within_axes(histogram: Histogram) -> Cells:
    """The contents within the x and y axes, float64 (cells,)."""
    x, y = np.meshgrid(np.arange(1, histogram.x.count + 1), np.arange(1, histogram.rows + 1))
    return histogram.contents_at(x.ravel(), y.ravel())


def _mean_of_filled(contents: Cells) -> MetricValue:
    filled = contents[contents != 0]
    number = filled.size
    if not number:
        return MetricValue(0.0)
    mean = float(filled.sum()) / number
    spread = math.sqrt(float((filled * filled).sum()) / number - mean * mean)
    return MetricValue(mean, spread / math.sqrt(number))


@dataclass(frozen=True)
class FED25ErrorFraction:
    """Cells with more than a part of the largest content, by a number, in percent; the error is binomial with all cells, or 0."""

    threshold: float
    norm: float
    norm_err: bool = True

    def compute(self, inputs: Inputs) -> MetricValue:
        """The part of readout chips with errors."""
        contents = _within_axes(inputs.main)
        part = int((contents > self.threshold * inputs.main.highest).sum()) / self.norm
        return MetricValue(100 * part, 100 * math.sqrt(part * (1 - part) / contents.size) if self.norm_err else 0.0)


STRIP_FIRST_FED = 50
"""Number of the first FED of the strip tracker."""


@dataclass(frozen=True)
class StripFEDErrorFraction:
    """The errors of one type of one FED by the largest content of `histo1`, in percent; the error is binomial; 0 if that is 0."""

    fed: int
    type: int

    def compute(self, inputs: Inputs) -> MetricValue:
        """The part of events with errors."""
        events = inputs.need("histo1").highest
        if events == 0:
            return MetricValue(0.0)
        part = inputs.main.content_at(self.fed + 1 - STRIP_FIRST_FED, self.type) / events
        return MetricValue(100 * part, 100 * math.sqrt(part * (1 - part) / events))


@dataclass(frozen=True)
class StripBadComponent:
    """The contents of some cells of one row by a number, in percent, without error."""

    columns: Sequence[int]
    row: int
    norm: float

    def compute(self, inputs: Inputs) -> MetricValue:
        """The part of bad components."""
        return MetricValue(100 * math.fsum(inputs.main.content_at(x, self.row) for x in self.columns) / self.norm)
