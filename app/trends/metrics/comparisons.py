"""Tests of a histogram against the reference of its configuration, as ROOT's."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from app.trends.histogram import Cells, Histogram
from app.trends.metrics.metric import Inputs, NoPoint, Value

EDGE_TOLERANCE = 1e-5
"""Difference of the ends of two axes that ROOT takes for equal."""


@dataclass(frozen=True)
class MeanDiff:
    """The mean of x minus that of the reference; the error is that of the difference; unit of x."""

    def compute(self, inputs: Inputs) -> Value:
        """The shift of the mean."""
        main, reference = inputs.main, inputs.need("reference")
        return Value(main.mean() - reference.mean(), math.hypot(main.mean_error(), reference.mean_error()))


@dataclass(frozen=True)
class Kolmogorov:
    """The probability that both have the same distribution, as `TH1::KolmogorovTest`; 0 to 1, without error."""

    def compute(self, inputs: Inputs) -> Value:
        """The probability."""
        return Value(kolmogorov_probability(inputs.main, inputs.need("reference")))


@dataclass(frozen=True)
class Chi2:
    """The chi-square of both, scaled to their effective entries, as `TH1::Chi2Test` with `UU NORM CHI2`; without error."""

    def compute(self, inputs: Inputs) -> Value:
        """The chi-square."""
        return Value(chi2_test(inputs.main, inputs.need("reference")).chi2)


@dataclass(frozen=True)
class NormChi2:
    """As `Chi2`, by the degrees of freedom; 0 without any."""

    def compute(self, inputs: Inputs) -> Value:
        """The chi-square for each degree of freedom."""
        found = chi2_test(inputs.main, inputs.need("reference"))
        return Value(found.chi2 / found.degrees if found.degrees else 0.0)


class Chi2Result(NamedTuple):
    """The outcome of a chi-square test."""

    chi2: float
    degrees: int


def kolmogorov_probability(one: Histogram, other: Histogram) -> float:
    """As `TH1::KolmogorovTest` without options. Raises `NoPoint` where ROOT prints an error and returns 0."""
    if one.dimensions != 1 or other.dimensions != 1:
        raise NoPoint("The Kolmogorov test needs histograms of one dimension")
    ends = ((one.x.low, other.x.low), (one.x.high, other.x.high))
    if one.x.count != other.x.count or any(abs(a - b) > EDGE_TOLERANCE for a, b in ends):
        raise NoPoint("The reference has other bins")
    sums = [float(each.inside.sum()) for each in (one, other)]
    if 0 in sums:
        raise NoPoint("The histogram or its reference is empty")
    squares = [float((each.errors[1:-1] ** 2).sum()) for each in (one, other)]
    counts = [total * total / square for total, square in zip(sums, squares, strict=True) if square > 0]
    if not counts:
        raise NoPoint("Neither the histogram nor its reference has errors")
    distance = float(np.abs(np.cumsum(one.inside) / sums[0] - np.cumsum(other.inside) / sums[1]).max())
    return kolmogorov_tail(distance / math.sqrt(sum(1 / count for count in counts)))


def kolmogorov_tail(z: float) -> float:
    """The probability of a Kolmogorov distance above z = distance * sqrt(entries).

    Two series of the same function, each where it converges fast; the limits are those of `TMath::KolmogorovProb`.
    """
    z = abs(z)
    if z < 0.2:
        return 1.0
    if z < 0.755:
        terms = (math.exp(-((2 * j - 1) ** 2) * math.pi**2 / (8 * z * z)) for j in (1, 2, 3))
        return 1 - math.sqrt(2 * math.pi) / z * sum(terms)
    if z < 6.8116:
        return 2 * math.fsum(math.copysign(1, j % 2 - 0.5) * math.exp(-2 * (j * z) ** 2) for j in range(1, max(1, round(3 / z)) + 1))
    return 0.0


def chi2_test(one: Histogram, other: Histogram) -> Chi2Result:
    """As `TH1::Chi2Test` with `UU NORM`: contents count as effective entries. Raises `NoPoint` where ROOT has no result."""
    if one.contents.shape != other.contents.shape:
        raise NoPoint("The reference has other bins")
    counts = [_effective_counts(each) for each in (one, other)]
    totals = [float(count.sum()) for count in counts]
    if 0 in totals:
        raise NoPoint("The histogram or its reference is empty")
    filled = (counts[0].astype(np.int64) != 0) | (counts[1].astype(np.int64) != 0)
    first, second = counts[0][filled], counts[1][filled]
    difference = totals[1] * first - totals[0] * second
    chi2 = float((difference * difference / (first + second)).sum()) / (totals[0] * totals[1])
    return Chi2Result(chi2, int(filled.sum()) - 1)


def _effective_counts(histogram: Histogram) -> Cells:
    contents, squares = histogram.contents[histogram.in_range], histogram.errors[histogram.in_range] ** 2
    counts = np.divide(contents * contents, squares, out=np.zeros(contents.shape), where=squares > 0)
    return np.floor(counts + 0.5)
