"""Tests of a histogram against the reference of its configuration, as ROOT's."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from app.trends.axis import BinnedAxis
from app.trends.histogram import Cells, Histogram
from app.trends.metrics.metric import Inputs, MetricValue, NoPoint

EDGE_TOLERANCE = 1e-5
"""Difference of the edges of two axes that ROOT takes for equal."""

ROOT_OF_2_PI = 2.50662827
"""Square root of 2 pi with the digits that `TMath::KolmogorovProb` has."""


@dataclass(frozen=True)
class MeanDiff:
    """The mean of x minus that of the reference; the error is that of the difference; unit of x."""

    def compute(self, inputs: Inputs) -> MetricValue:
        """The shift of the mean."""
        main, reference = inputs.main, inputs.need("reference")
        return MetricValue(main.mean() - reference.mean(), math.hypot(main.mean_error(), reference.mean_error()))


@dataclass(frozen=True)
class Kolmogorov:
    """The probability that both have the same distribution, as `TH1::KolmogorovTest`; 0 to 1, without error."""

    def compute(self, inputs: Inputs) -> MetricValue:
        """The probability."""
        return MetricValue(kolmogorov_probability(inputs.main, inputs.need("reference")))


@dataclass(frozen=True)
class Chi2:
    """The chi-square of both, scaled to their effective entries, as `TH1::Chi2Test` with `UU NORM CHI2`; without error."""

    def compute(self, inputs: Inputs) -> MetricValue:
        """The chi-square."""
        return MetricValue(chi2_test(inputs.main, inputs.need("reference")).chi2)


@dataclass(frozen=True)
class NormChi2:
    """As `Chi2`, by the degrees of freedom; 0 without any."""

    def compute(self, inputs: Inputs) -> MetricValue:
        """The chi-square for each degree of freedom."""
        found = chi2_test(inputs.main, inputs.need("reference"))
        return MetricValue(found.chi2 / found.degrees if found.degrees else 0.0)


class Chi2Result(NamedTuple):
    """The outcome of a chi-square test."""

    chi2: float
    degrees: int


def kolmogorov_probability(one: Histogram, other: Histogram) -> float:
    """As `TH1::KolmogorovTest` without options, for one and two dimensions; 0 for other bins or an empty histogram, as there.

    For maps the distance is the mean of those of the sums along columns and along rows.
    """
    if one.dimensions != other.dimensions or one.dimensions > 2:
        return 0.0
    if one.contents.shape != other.contents.shape or any(map(_differ, one.axes, other.axes)):
        return 0.0
    sums = [float(each.inside.sum()) for each in (one, other)]
    if 0 in sums:
        return 0.0
    core = (slice(1, -1),) * one.dimensions
    squares = [float((each.errors[core] ** 2).sum()) for each in (one, other)]
    if not any(square > 0 for square in squares):
        return 0.0
    difference = [np.cumsum(each, axis=None) for each in (one.inside / sums[0], other.inside / sums[1])]
    distances = [float(np.abs(difference[0] - difference[1]).max())]
    if one.dimensions == 2:
        columns = [np.cumsum(each.T, axis=None) for each in (one.inside / sums[0], other.inside / sums[1])]
        distances.append(float(np.abs(columns[0] - columns[1]).max()))
    return kolmogorov_tail(sum(distances) / len(distances) * math.sqrt(_kolmogorov_entries(one.dimensions, sums, squares)))


def _differ(one: BinnedAxis, other: BinnedAxis) -> bool:
    return bool((np.abs(one.all_edges - other.all_edges) > EDGE_TOLERANCE).any())


def _kolmogorov_entries(dimensions: int, sums: list[float], squares: list[float]) -> float:
    """The effective entries by which a distance counts; a histogram without errors counts as a function."""
    first, second = (total * total / square if square > 0 else math.inf for total, square in zip(sums, squares, strict=True))
    if math.isinf(first) or math.isinf(second):
        return min(first, second)
    return first * (second if dimensions == 1 else sums[1]) / (first + second)  # so is `TH2::KolmogorovTest`


def kolmogorov_tail(z: float) -> float:
    """The probability of a Kolmogorov distance above z = distance * sqrt(entries).

    Two series of the same function, each where it converges fast; the limits are those of `TMath::KolmogorovProb`.
    """
    z = abs(z)
    if z < 0.2:
        return 1.0
    if z < 0.755:
        terms = (math.exp(-((2 * j - 1) ** 2) * math.pi**2 / (8 * z * z)) for j in (1, 2, 3))
        return 1 - ROOT_OF_2_PI / z * sum(terms)
    if z < 6.8116:
        return 2 * math.fsum(math.copysign(1, j % 2 - 0.5) * math.exp(-2 * (j * z) ** 2) for j in range(1, max(1, round(3 / z)) + 1))
    return 0.0


def chi2_test(one: Histogram, other: Histogram) -> Chi2Result:
    """As `TH1::Chi2Test` with `UU NORM`: contents count as effective entries.

    Two profiles are compared by their contents and errors. 0 for an empty histogram, and for profiles that ROOT does not compare.
    Raises `NoPoint` for other bins, where ROOT returns memory that was never set.
    """
    if one.dimensions != other.dimensions or one.contents.shape != other.contents.shape:
        raise NoPoint("The reference has other bins")
    if one.profile_sums:
        comparable = other.profile_sums and one.has_mean_errors and other.has_mean_errors
        return _chi2_of_profiles(one, other) if comparable else Chi2Result(0.0, 0)
    counts = [_effective_counts(each)[one.in_range] for each in (one, other)]
    totals = [float(count.sum()) for count in counts]
    if 0 in totals:
        return Chi2Result(0.0, 0)
    filled = (np.trunc(counts[0]) != 0) | (np.trunc(counts[1]) != 0)
    first, second = counts[0][filled], counts[1][filled]
    difference = totals[1] * first - totals[0] * second
    chi2 = float((difference * difference / (first + second)).sum()) / (totals[0] * totals[1])
    return Chi2Result(chi2, int(filled.sum()) - 1)


def _chi2_of_profiles(one: Histogram, other: Histogram) -> Chi2Result:
    """As the option `WW`, which ROOT uses for two profiles."""
    first, second = one.contents[one.in_range], other.contents[one.in_range]
    filled = (first != 0) | (second != 0)
    sums = float(first.sum()), float(second.sum())
    squares = (sums[0] * other.errors[one.in_range]) ** 2 + (sums[1] * one.errors[one.in_range]) ** 2
    if 0 in sums or not squares[filled].all():
        return Chi2Result(0.0, 0)
    chi2 = float(((sums[1] * first - sums[0] * second)[filled] ** 2 / squares[filled]).sum())
    return Chi2Result(chi2, int(filled.sum()) - 1)


def _effective_counts(histogram: Histogram) -> Cells:
    """The effective entries of each cell, float64 of the shape of the contents."""
    squares = histogram.errors**2 if histogram.profile_sums else histogram.squared_weights
    counts = np.divide(histogram.contents**2, squares, out=np.zeros(squares.shape), where=squares > 0)
    return np.floor(counts + 0.5)
