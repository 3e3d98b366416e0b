"""Means, widths and counts of a whole histogram.

Mean and RMS are those of ROOT: of the sums kept while the histogram was filled, so without underflow and overflow.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from app.trends.metrics.metric import Inputs, MetricValue


@dataclass(frozen=True)
class Mean:
    """The mean of x, and its error RMS / sqrt(effective entries); unit of x."""

    def compute(self, inputs: Inputs) -> MetricValue:
        """The mean of x."""
        return MetricValue(inputs.main.mean(), inputs.main.mean_error())


@dataclass(frozen=True)
class MeanYAxis:
    """The mean of y, and its error; unit of y."""

    def compute(self, inputs: Inputs) -> MetricValue:
        """The mean of y."""
        return MetricValue(inputs.main.mean(2), inputs.main.mean_error(2))


@dataclass(frozen=True)
class MeanZAxis:
    """The mean of z (of a TProfile2D the averaged quantity), and its error; unit of z. A TH1 or TH2 has none, and gives 0."""

    def compute(self, inputs: Inputs) -> MetricValue:
        """The mean of z."""
        return MetricValue(inputs.main.mean(3), inputs.main.mean_error(3))


@dataclass(frozen=True)
class MeanEntries:
    """Mean of x times the number of entries, with the error of the mean times the entries; unit of x."""

    def compute(self, inputs: Inputs) -> MetricValue:
        """The sum of x."""
        entries = inputs.main.entries
        return MetricValue(inputs.main.mean() * entries, inputs.main.mean_error() * entries)


@dataclass(frozen=True)
class MeanRMS:
    """The mean of x, with the RMS in place of its error; unit of x."""

    def compute(self, inputs: Inputs) -> MetricValue:
        """The mean and the RMS of x."""
        return MetricValue(inputs.main.mean(), inputs.main.rms())


@dataclass(frozen=True)
class RMSXAxis:
    """The RMS of x around the mean, and its error RMS / sqrt(2 effective entries); unit of x. `StdDev` is the same."""

    def compute(self, inputs: Inputs) -> MetricValue:
        """The RMS of x."""
        return MetricValue(inputs.main.rms(), inputs.main.rms_error())


@dataclass(frozen=True)
class RMSYAxis:
    """The RMS of y around the mean, and its error; unit of y."""

    def compute(self, inputs: Inputs) -> MetricValue:
        """The RMS of y."""
        return MetricValue(inputs.main.rms(2), inputs.main.rms_error(2))


@dataclass(frozen=True)
class Count:
    """The number of entries, without error."""

    def compute(self, inputs: Inputs) -> MetricValue:
        """The number of entries."""
        return MetricValue(inputs.main.entries)


@dataclass(frozen=True)
class MeanY:
    """The sum of the contents for each entry, without error; 0 without entries."""

    def compute(self, inputs: Inputs) -> MetricValue:
        """The mean weight of an entry."""
        return MetricValue(inputs.main.sum_of_weights / inputs.main.entries if inputs.main.entries else 0.0)


@dataclass(frozen=True)
class MaxBin:
    """The center of the bin with the largest content, without error; unit of x.

    A map has none, since ROOT knows no center of its cells (`TH1::GetBinCenter` is NaN for it).
    """

    def compute(self, inputs: Inputs) -> MetricValue:
        """The most frequent x."""
        return MetricValue(inputs.main.center(inputs.main.maximum_bin))


@dataclass(frozen=True)
class MaxExcursion:
    """The largest minus the smallest content within the axes; the error is that of the difference."""

    def compute(self, inputs: Inputs) -> MetricValue:
        """The span of the contents."""
        main = inputs.main
        span = main.content(main.maximum_bin) - main.content(main.minimum_bin)
        return MetricValue(span, math.hypot(main.error(main.maximum_bin), main.error(main.minimum_bin)))
