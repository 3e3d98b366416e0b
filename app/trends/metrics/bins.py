"""Contents of single bins, and of ranges of bins, of a histogram of one dimension.

A bin is a number or a label. As in the original, a label that the axis lacks reads the underflow, or where ROOT would add it
a bin of its own: years of trends have these values.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from app.trends.histogram import Histogram
from app.trends.metrics.metric import MOST_CELLS, Inputs, MetricValue, NoPoint


@dataclass(frozen=True)
class BinCount:
    """The content of a bin; the error is its square root, or 0 on request."""

    bin: int | str
    no_error: bool = False

    def compute(self, inputs: Inputs) -> MetricValue:
        """The content."""
        count = inputs.main.content_of(self.bin)
        return MetricValue(count, 0.0 if self.no_error else math.sqrt(count))


@dataclass(frozen=True)
class ROCfraction:
    """The content of a bin as part of all readout chips, in percent; the error is 100 sqrt(content) / total, or 0 on request."""

    bin: int | str
    total: float
    no_error: bool = False

    def compute(self, inputs: Inputs) -> MetricValue:
        """The part in percent."""
        count = inputs.main.content_of(self.bin)
        return MetricValue(100 * count / self.total, 0.0 if self.no_error else 100 * math.sqrt(count) / self.total)


@dataclass(frozen=True)
class RecoFraction:
    """The content of a bin for each entry of `histo1`; the error is sqrt(content) / entries, or 0 on request; 0 without entries."""

    bin: int | str
    no_error: bool = False

    def compute(self, inputs: Inputs) -> MetricValue:
        """The fraction."""
        count, entries = inputs.main.content_of(self.bin), inputs.need("histo1").entries
        if entries == 0:
            return MetricValue(0.0)
        return MetricValue(count / entries, 0.0 if self.no_error else math.sqrt(count) / entries)


@dataclass(frozen=True)
class BinsCount:
    """The sum of the contents from a bin to the last one; the error is its square root."""

    first: int

    def compute(self, inputs: Inputs) -> MetricValue:
        """The sum."""
        total = _sum_from(inputs.main, self.first)
        return MetricValue(total, math.sqrt(total))


@dataclass(frozen=True)
class EntriesCount:
    """The sum of the contents from the bin of a value of x to the last bin; the error is its square root."""

    low: float

    def compute(self, inputs: Inputs) -> MetricValue:
        """The sum."""
        total = _sum_from(inputs.main, inputs.main.find_bin(self.low))
        return MetricValue(total, math.sqrt(total))


LUMISECTION_S = 23
"""Length of a lumisection as the original rounds it, s."""


@dataclass(frozen=True)
class EntriesRate:
    """The sum of the contents from the bin of a value of x, by the time of the filled lumisections in `histo1`; 1/s.

    The error is the square root of the sum, by the same time. 0 without lumisections.
    """

    low: float

    def compute(self, inputs: Inputs) -> MetricValue:
        """The rate."""
        total = _sum_from(inputs.main, inputs.main.find_bin(self.low))
        lumisections = inputs.need("histo1")
        seconds = LUMISECTION_S * int((lumisections.contents_of(np.arange(1, lumisections.x.count + 1)) > 0).sum())
        return MetricValue(total / seconds, math.sqrt(total) / seconds) if seconds else MetricValue(0.0)


@dataclass(frozen=True)
class FractionInBin:
    """The content of a bin by the number of entries; its error is that of a ratio of two counts; 0 without entries."""

    bin: int | str

    def compute(self, inputs: Inputs) -> MetricValue:
        """The fraction."""
        entries = inputs.main.entries
        return _ratio_of_counts(inputs.main.content_of(self.bin), entries) if entries else MetricValue(0.0)


@dataclass(frozen=True)
class FractionInBinArray:
    """The sum of some bins by that of others; its error is that of a ratio of two counts; 0 if a sum is 0."""

    numerator: Sequence[int | str]
    denominator: Sequence[int | str]

    def compute(self, inputs: Inputs) -> MetricValue:
        """The ratio."""
        over, under = (sum(map(inputs.main.content_of, bins)) for bins in (self.numerator, self.denominator))
        return _ratio_of_counts(over, under) if over and under else MetricValue(0.0)


@dataclass(frozen=True)
class NOutsideRange:
    """The sum of the contents outside an interval of x, within the axis; without error."""

    low: float
    high: float

    def compute(self, inputs: Inputs) -> MetricValue:
        """The sum."""
        return MetricValue(inputs.main.integral() - integral_between(inputs.main, self.low, self.high))


def integral_between(histogram: Histogram, low: float, high: float) -> float:
    """The sum of the contents from the bin of one x to that of another."""
    if histogram.dimensions != 1:
        raise NoPoint(f"An interval of x needs a histogram of one dimension, and this is a {histogram.class_name}")
    return histogram.integral(histogram.x.bin_of(low), histogram.x.bin_of(high))


def _sum_from(histogram: Histogram, first: int) -> float:
    """The sum of the contents of cells `first` to the number of bins along x."""
    numbers = range(first, histogram.x.count + 1)
    if len(numbers) > MOST_CELLS:
        raise NoPoint(f"The first bin is {first:,}, and no histogram has so many bins")
    return float(histogram.contents_of(np.arange(numbers.start, numbers.stop)).sum())


def _ratio_of_counts(over: float, under: float) -> MetricValue:
    """A ratio of two independent counts. Raises `ZeroDivisionError` if one is 0."""
    ratio = over / under
    return MetricValue(ratio, math.sqrt(1 / over + 1 / under) * ratio)
