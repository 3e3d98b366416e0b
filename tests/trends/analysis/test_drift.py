"""Steps in a series are found where they are, and neither noise, outliers, gaps nor slow changes make any."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from app.trends.analysis.drift import MOST_STEPS, find_drift
from app.trends.analysis.step_search import FALSE_STEPS

Points = NDArray[np.float64]
SEEDS = range(200)


def gauss(seed: int, count: int, sigma: float = 1.0) -> Points:
    return np.random.default_rng(seed).normal(scale=sigma, size=count)


def with_steps(points: Points, *steps: tuple[int, float]) -> Points:
    """Points whose level changes by so much from each index on."""
    return points + sum(shift * (np.arange(len(points)) >= at) for at, shift in steps)


def indexes(points: Points) -> list[int]:
    return [step.index for step in find_drift(points).steps]


def binomial_limit(probability: float) -> int:
    """A count that as many tries as there are seeds exceed with a probability below 0.1 %."""
    tail, limit = 1.0, -1
    while tail > 1e-3:
        limit += 1
        tail -= math.comb(len(SEEDS), limit) * probability**limit * (1 - probability) ** (len(SEEDS) - limit)
    return limit


@pytest.mark.parametrize("count", [20, 100, 1000])
def test_a_flat_series_has_at_most_one_marker_and_rarely_one(count: int) -> None:
    """The bound on the probability of a marker is that of Bonferroni."""
    found = [len(indexes(gauss(seed, count))) for seed in SEEDS]
    assert max(found) <= 1
    assert sum(found) <= binomial_limit(FALSE_STEPS)


@pytest.mark.parametrize(("count", "at"), [(300, 150), (400, 100), (1000, 500)])
def test_a_step_of_one_sigma_is_found_within_30_points(count: int, at: int) -> None:
    """The place of the largest T is more than 30 points off with a probability of 0.2 %, by the distribution of Yao (1987); T is
    8.7 at the least, far above its threshold. Clipping and the estimate of sigma may cost as much as ten times that."""
    hits = sum(any(abs(index - at) <= 30 for index in indexes(with_steps(gauss(seed, count), (at, 1.0)))) for seed in SEEDS)
    assert len(SEEDS) - hits <= binomial_limit(0.02)


def test_large_steps_are_found_at_their_very_place_with_their_size() -> None:
    points = with_steps(gauss(1, 300, sigma=10), (100, 200.0), (220, -100.0))
    first, second = find_drift(points).steps
    assert (first.index, second.index) == (100, 220)
    assert (first.shift, second.shift) == (pytest.approx(200, abs=5), pytest.approx(-100, abs=5))
    assert first.sigmas == pytest.approx(20, rel=0.2)


def test_a_short_excursion_is_two_steps() -> None:
    for seed in range(20):
        begin, end = indexes(with_steps(gauss(seed, 300), (150, 7.0), (162, -7.0)))
        assert abs(begin - 150) <= 1
        assert abs(end - 162) <= 1


def test_a_step_beside_a_slow_drift_is_found_and_the_drift_is_no_step() -> None:
    """As the charge of a pixel layer: irradiation lowers it by 12 sigma, a calibration raises it by 5."""
    for seed in range(20):
        drift = np.linspace(0, -12, 300)
        assert any(abs(index - 210) <= 3 for index in indexes(with_steps(gauss(seed, 300) + drift, (210, 5.0))))


def test_a_slow_drift_alone_is_one_slope_without_a_step() -> None:
    for seed in range(20):
        found = find_drift(gauss(seed, 300, sigma=2.0) + np.linspace(100, 120, 300))
        (slope,) = found.slopes
        assert not found.steps
        assert (slope.first, slope.last) == (0, 299)
        assert slope.change == pytest.approx(20, abs=2)


DISTRIBUTIONS: dict[str, Callable[[np.random.Generator], Points]] = {
    "outliers": lambda dice: dice.normal(size=500) + 50.0 * (dice.random(500) < 0.03),
    "Cauchy": lambda dice: dice.standard_cauchy(size=500),
    "exponential": lambda dice: dice.exponential(size=500),
    "counts of rare things": lambda dice: dice.poisson(0.3, size=500).astype(float),
    "a counter with outliers": lambda dice: 5 + 30.0 * (dice.random(500) < 0.03),
}


@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_outliers_and_heavy_tails_make_no_steps(name: str) -> None:
    found = [len(indexes(DISTRIBUTIONS[name](np.random.default_rng(seed)))) for seed in SEEDS]
    assert sum(count > 0 for count in found) <= binomial_limit(0.02)


def test_points_that_depend_on_the_ones_before_make_few_steps() -> None:
    """Each has half of the deviation of the one before: without care, two of three such series have steps."""

    def series(seed: int) -> Points:
        return np.convolve(gauss(seed, 330), 0.5 ** np.arange(30), "valid")

    assert sum(bool(indexes(series(seed))) for seed in SEEDS) <= binomial_limit(0.05)


def test_gaps_do_not_matter_and_indexes_are_those_of_the_runs() -> None:
    points = with_steps(gauss(3, 300), (100, 8.0))
    runs = np.full(600, math.nan)
    places = np.sort(np.random.default_rng(3).choice(600, 300, replace=False))
    runs[places] = points
    assert indexes(runs) == [places[100]]


@pytest.mark.parametrize(
    "points", [[], [1.0], [1.0, 2.0], [math.nan] * 50, [math.inf, 1.0] * 20, [7.0] * 500, [7.0] * 5 + [7.1] + [7.0] * 500, [0.0, 1.0] * 100]
)
def test_a_series_with_nothing_in_it_has_no_steps(points: list[float]) -> None:
    assert find_drift(points).steps == []


def test_a_step_without_noise_is_found() -> None:
    assert indexes(np.array([12.0] * 40 + [13.0] * 40)) == [40]


def test_a_restless_series_has_a_limited_number_of_markers() -> None:
    for restless in (np.sin(np.arange(300) / 20), *(np.cumsum(gauss(seed, 500)) for seed in range(20))):
        found = indexes(restless)
        assert 0 < len(found) <= MOST_STEPS
        assert found == sorted(set(found))


@pytest.mark.parametrize("unit", [1e-30, 1e30])
def test_the_unit_of_the_values_does_not_matter(unit: float) -> None:
    points = with_steps(gauss(5, 300), (100, 3.0))
    assert indexes(points * unit + 7 * unit) == indexes(points)
