"""Statistics, lines and bands have the values that textbook formulas and numpy give, whatever the points are."""

from __future__ import annotations

import math
import statistics as textbook

import numpy as np
import pytest

from app.trends.analysis.band import band
from app.trends.analysis.regression import correlation, regression
from app.trends.analysis.statistics import statistics

NAN = math.nan
VALUES = [19_700.0, 19_650.0, NAN, 19_800.0, 19_720.0, 0.0, 19_690.0, 40_000.0]
POINTS = [value for value in VALUES if not math.isnan(value)]


def test_mean_and_rms_are_those_of_all_points_and_without_zeros_those_of_the_original() -> None:
    found = statistics(VALUES)
    assert found.count == 7
    assert found.mean == pytest.approx(textbook.fmean(POINTS))
    assert found.rms == pytest.approx(textbook.pstdev(POINTS))
    nonzero = [value for value in POINTS if value]
    assert found.zeros == 1
    assert (found.nonzero_mean, found.nonzero_rms) == pytest.approx((textbook.fmean(nonzero), textbook.pstdev(nonzero)))


def test_robust_statistics_ignore_outliers() -> None:
    found = statistics(VALUES)
    distances = [abs(value - 19_700) for value in POINTS]
    assert found.median == textbook.median(POINTS) == 19_700
    assert found.mad_sigma == pytest.approx(textbook.median(distances) / textbook.NormalDist().inv_cdf(0.75))
    near = [19_700, 19_650, 19_800, 19_720, 19_690]
    assert found.outliers == 2
    assert (found.truncated_mean, found.truncated_rms) == pytest.approx((textbook.fmean(near), textbook.pstdev(near)))


@pytest.mark.parametrize("count", [1, 2, 3, 10, 11])
def test_the_median_of_few_points_is_that_of_a_sorted_list(count: int) -> None:
    values = np.random.default_rng(count).normal(size=count)
    assert statistics(values).median == textbook.median(values.tolist())


def test_the_weighted_mean_uses_the_points_that_have_errors() -> None:
    """By hand: weights 1, 1/4 and 1/4 of 10, 14 and 12."""
    found = statistics([10, 14, 99, 12, 77], [1, 2, 0, 2, NAN])
    assert found.weighted_count == 3
    assert found.weighted_mean == pytest.approx((10 + 14 / 4 + 12 / 4) / 1.5)
    assert found.weighted_error == pytest.approx(1 / math.sqrt(1.5))
    assert found.chi2 == pytest.approx((10 - 11) ** 2 + (14 - 11) ** 2 / 4 + (12 - 11) ** 2 / 4)
    assert found.ndf == 2


def test_a_series_without_points_or_errors_has_no_mean() -> None:
    assert statistics([NAN, math.inf]).count == 0
    assert statistics([]).mean is None
    assert statistics([1, 2], [0, NAN]).weighted_mean is None
    single = statistics([5.0])
    assert (single.mean, single.rms, single.median, single.mad_sigma, single.outliers) == (5, 0, 5, 0, 0)


@pytest.mark.parametrize("unit", [1e-300, 1e300])
def test_tiny_and_huge_values_neither_overflow_nor_vanish(unit: float) -> None:
    found = statistics([1 * unit, 2 * unit, 6 * unit], [unit, unit, unit])
    assert found.rms == pytest.approx(textbook.pstdev([1, 2, 6]) * unit)
    assert found.weighted_mean == pytest.approx(3 * unit)
    assert found.mean == pytest.approx(3 * unit)


RUNS = np.array([355_000, 355_010, 355_100, 355_130, 355_400, 355_999], dtype=float)
LEVELS = np.array([3.1, 2.9, 4.2, 4.0, 6.3, 11.8])
ERRORS = np.array([0.1, 0.2, 0.1, 0.4, 0.3, 0.5])


def test_a_line_and_its_errors_are_those_of_numpy() -> None:
    found = regression(RUNS, LEVELS)
    (slope, intercept), covariance = np.polyfit(RUNS, LEVELS, 1, cov=True)
    assert found is not None
    assert (found.slope, found.intercept) == pytest.approx((slope, intercept))
    assert found.slope_error == pytest.approx(math.sqrt(covariance[0, 0]))
    assert found.intercept_error == pytest.approx(math.sqrt(covariance[1, 1]))
    assert (found.chi2, found.ndf, found.count) == (None, 4, 6)


def test_a_weighted_line_and_its_errors_are_those_of_numpy() -> None:
    found = regression(RUNS, LEVELS, ERRORS)
    (slope, intercept), covariance = np.polyfit(RUNS, LEVELS, 1, w=1 / ERRORS, cov="unscaled")
    assert found is not None
    assert (found.slope, found.intercept) == pytest.approx((slope, intercept))
    assert found.slope_error == pytest.approx(math.sqrt(covariance[0, 0]))
    assert found.intercept_error == pytest.approx(math.sqrt(covariance[1, 1]))
    rest = (LEVELS - slope * RUNS - intercept) / ERRORS
    assert (found.chi2, found.ndf) == (pytest.approx(float(rest @ rest)), 4)


def test_the_correlation_coefficient_is_that_of_numpy() -> None:
    found = correlation([*RUNS, NAN, 1], [*LEVELS, 1, NAN])
    assert found == pytest.approx(np.corrcoef(RUNS, LEVELS)[0, 1])
    line = regression([*RUNS, NAN], [*LEVELS, 1])
    assert line is not None
    assert line.correlation == found


def test_two_points_have_a_line_without_errors_and_fewer_none() -> None:
    line = regression([1, 3], [2, 6])
    assert line is not None
    assert (line.slope, line.intercept, line.correlation) == pytest.approx((2, 0, 1))
    assert (line.slope_error, line.intercept_error) == (None, None)
    assert regression([1], [2]) is None
    assert regression([4, 4, 4], [1, 2, 3]) is None
    assert regression([1, 2, 3], [1, 2, 3], [0, NAN, 1]) is None
    flat = regression([1, 2, 3], [5, 5, 5])
    assert flat is not None
    assert (flat.slope, flat.intercept, flat.correlation) == (0, 5, None)
    assert correlation([1, 2], [NAN, 3]) is None


def test_a_band_is_the_mean_of_the_reference_points_and_their_sample_deviation() -> None:
    reference = [10.0, 12.0, NAN, 11.0, 13.0, 9.0]
    found = band(reference, sigmas=2)
    mean, sigma = 11, textbook.stdev([10, 12, 11, 13, 9])
    assert found is not None
    assert (found.mean, found.sigma, found.count) == (pytest.approx(mean), pytest.approx(sigma), 5)
    assert (found.low, found.high) == pytest.approx((mean - 2 * sigma, mean + 2 * sigma))


def test_a_robust_band_ignores_an_outlier_among_the_reference_points() -> None:
    found = band([10, 12, 11, 13, 9_000], is_robust=True)
    assert found is not None
    assert (found.mean, found.sigma) == (12, pytest.approx(1 / textbook.NormalDist().inv_cdf(0.75)))


@pytest.mark.parametrize(("reference", "least"), [([], 5), ([1, 2, 3, 4, NAN], 5), ([1], 0), ([1] * 9, 10)])
def test_too_few_reference_points_have_no_band(reference: list[float], least: int) -> None:
    assert band(reference, least_points=least) is None


def test_equal_reference_points_have_a_band_of_their_value() -> None:
    found = band([4.0] * 6)
    assert found is not None
    assert (found.low, found.high) == (4, 4)
