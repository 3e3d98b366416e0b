"""What a metric is: a class of the configuration, with arguments, that makes one value and its error from histograms."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np

if TYPE_CHECKING:
    from app.trends.histogram import Histogram


MOST_CELLS = 4_000_000
"""Cells that a metric reads at most: arguments can name ranges far outside the axes."""


class MetricValue(NamedTuple):
    """A value and its error, in the unit of the quantity."""

    value: float
    error: float = 0.0


class NoPoint(Exception):
    """The histograms have no value of the metric; the message is the reason, for people."""


@dataclass(frozen=True)
class Inputs:
    """The histograms that a metric uses.

    Attributes:
        main: That of `relativePath`.
        histo1, histo2: Those of `histo1Path` and `histo2Path`.
        reference: That of `reference`.
    """

    main: Histogram
    histo1: Histogram | None = None
    histo2: Histogram | None = None
    reference: Histogram | None = None

    def need(self, name: str) -> Histogram:
        """The histogram `histo1`, `histo2` or `reference`. Raises `NoPoint` if the configuration names none."""
        found: Histogram | None = getattr(self, name)
        if found is None:
            key = name if name == "reference" else f"{name}Path"
            raise NoPoint(f"The metric needs a second monitor element: the configuration has no {key}")
        return found


class Metric(Protocol):
    """A metric with its arguments."""

    def compute(self, inputs: Inputs) -> MetricValue:
        """The value. Raises `NoPoint`, and `ArithmeticError` or `ValueError` where the formula has no result."""


def compute_point(metric: Metric, inputs: Inputs) -> MetricValue:
    """The value of a metric, finite. Raises `NoPoint` with the reason if there is none."""
    try:
        with np.errstate(all="ignore"):  # of contents that are not finite
            value = metric.compute(inputs)
    except (ArithmeticError, ValueError, IndexError) as error:
        raise NoPoint(f"The formula has no result: {error}") from error
    if not math.isfinite(value.value) or not math.isfinite(value.error):
        raise NoPoint("The value is not finite" if not math.isfinite(value.value) else "The error is not finite")
    return value
