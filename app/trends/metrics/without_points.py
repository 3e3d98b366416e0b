"""Metrics that never give a point, because they always fail in the original. Their configurations load, and say why."""

from __future__ import annotations

from dataclasses import dataclass

from app.trends.metrics.metric import Inputs, MetricValue, NoPoint


@dataclass(frozen=True)
class NormBinCount:
    """The content of a bin by a number, or by the sum of the contents: its error is a pair."""

    bin: int | str
    norm: float | None = None

    def compute(self, inputs: Inputs) -> MetricValue:
        """Nothing. Raises `NoPoint`."""
        raise NoPoint("NormBinCount has a lower and an upper error, and a point holds one: use FractionInBin or RecoFraction")


@dataclass(frozen=True)
class Quantile:
    """A quantile: its code was never published."""

    fraction: float = 0.95

    def compute(self, inputs: Inputs) -> MetricValue:
        """Nothing. Raises `NoPoint`."""
        raise NoPoint("Quantile needs a file that the original never had: use Mean or StdDev")
