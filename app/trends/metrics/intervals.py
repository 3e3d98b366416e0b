"""What lies in an interval of x, compared with the rest: s is the sum of the contents in it, T the total, B = T - s.

The interval reaches from the bin of `low` to the bin of `high`. Each is 0 where its denominator is 0.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from app.trends.metrics.bins import integral_between
from app.trends.metrics.metric import Inputs, MetricValue


@dataclass(frozen=True)
class Ratio:
    """s / B, T within the axis; error sqrt(s + s^2 / B) / B, or 1 / B if s is 0."""

    low: float
    high: float

    def compute(self, inputs: Inputs) -> MetricValue:
        """The ratio."""
        inside = integral_between(inputs.main, self.low, self.high)
        outside = inputs.main.integral() - inside
        return _ratio(inside, outside)


@dataclass(frozen=True)
class Ratio1:
    """B / s, T with underflow and overflow; error sqrt(B + B^2 / s) / s, or 1 / s if B is 0."""

    low: float
    high: float

    def compute(self, inputs: Inputs) -> MetricValue:
        """The ratio."""
        inside = integral_between(inputs.main, self.low, self.high)
        outside = float(inputs.main.contents.sum()) - inside
        return _ratio(outside, inside)


@dataclass(frozen=True)
class Fraction:
    """s / T, T being the number of entries; error sqrt(1 / s + 1 / T) s / T, or 1 / sqrt(T) if s is 0."""

    low: float
    high: float

    def compute(self, inputs: Inputs) -> MetricValue:
        """The fraction."""
        inside, total = integral_between(inputs.main, self.low, self.high), inputs.main.entries
        if total == 0:
            return MetricValue(0.0)
        fraction = inside / total
        return MetricValue(fraction, math.sqrt(1 / inside + 1 / total) * fraction if inside else 1 / math.sqrt(total))


@dataclass(frozen=True)
class Fraction1:
    """B / T, T with underflow and overflow; error sqrt(s^2 B + B^2 s) / T^2, or 1 / T if s or B is 0."""

    low: float
    high: float

    def compute(self, inputs: Inputs) -> MetricValue:
        """The fraction."""
        inside, total = integral_between(inputs.main, self.low, self.high), float(inputs.main.contents.sum())
        if total == 0:
            return MetricValue(0.0)
        outside = total - inside
        error = math.sqrt(inside**2 * outside + outside**2 * inside) / total**2 if inside * outside else 1 / total
        return MetricValue(outside / total, error)


def _ratio(over: float, under: float) -> MetricValue:
    if under == 0:
        return MetricValue(0.0)
    return MetricValue(over / under, math.sqrt(over + over**2 / under) / under if over else 1 / under)
