"""Search of the best step in a part of a series, given in units of the noise of one point; app.trends.analysis.drift says how."""

from __future__ import annotations

import math
from functools import lru_cache
from statistics import NormalDist
from typing import NamedTuple

import numpy as np

from app.trends.analysis.values import Floats, mad_sigma, median

CLIP = 3.0
"""Points count as if they were at most so many sigma from the median."""

LEAST_POINTS = 5
"""Fewest points on each side of a step."""

FALSE_STEPS = 0.01
"""Highest probability of a step in a series of independent points that has none."""

LEAST_PART = 1 / 3
"""Least ratio of a step between the middle halves of both sides to that between their means: else outliers make it."""

BLOCK = 10
LEAST_BLOCKS = 8
"""Points of a block, and fewest blocks, for the noise of points that depend on the ones before."""

TRIMMED = 0.4377
"""The variance of a standard normal distribution between the quantiles of 10 % and 90 %."""


class Candidate(NamedTuple):
    """The best step of a part of the series.

    Attributes:
        first, end: The part: its first point, and the first after it.
        significance: T of the step; 0 for none.
        at: The first point after the step, -1 for none.
        shift: The step, in the unit of the points.
        change: Change over the part by a straight line, if a line describes it better than a step; else 0.
    """

    first: int
    end: int
    significance: float
    at: int
    shift: float
    change: float


@lru_cache(maxsize=4096)
def threshold(count: int, widths: int = 1) -> float:
    """The T that `count` independent points exceed, at any place and for any of so many widths, with a probability of at most
    half of `FALSE_STEPS`: the quantile of a normal distribution, corrected for sigma being an estimate from as many points."""
    places = widths * max(count - 2 * LEAST_POINTS + 1, 1)
    normal = NormalDist().inv_cdf(1 - FALSE_STEPS / 4 / places)
    freedom = 2 * (count - 1) / 3  # the variance by differences of neighbours has a relative variance of 3/n instead of 2/n
    return normal * (1 + (normal**2 + 1) / (4 * freedom))  # the quantile of Student's distribution, to first order


def search(points: Floats, first: int, end: int) -> Candidate:
    """The best step of the points from `first` to before `end`; a short excursion within them if there is no other."""
    nothing = Candidate(first, end, 0.0, -1, 0.0, 0.0)
    if end - first < 2 * LEAST_POINTS:
        return nothing
    part = _Part.of(points[first:end])
    found = _single_step(part, nothing)
    if found.at >= 0 or end - first < 4 * LEAST_POINTS:
        return found
    if found.change:
        part = _Part.of(part.points - found.change * (np.arange(end - first) / (end - first - 1)))
    return _excursion(part, found)


class _Part(NamedTuple):
    """Points of a part of the series."""

    points: Floats
    clipped: Floats  # with mean 0
    sigma: float  # of one clipped point
    sums: Floats  # of the clipped points before each place, from before the second one

    @classmethod
    def of(cls, points: Floats) -> _Part:
        """The part with these points, at least two."""
        center = median(points)
        reach = CLIP * max(1.0, mad_sigma(points, center))  # a slow drift is wider than the noise, and no outlier
        clipped = np.clip(points, center - reach, center + reach)
        clipped -= clipped.mean()
        return cls(points, clipped, _sigma(clipped), np.cumsum(clipped)[:-1])


def _single_step(part: _Part, nothing: Candidate) -> Candidate:
    """The best step between two levels, or between two parallel lines; `nothing` with a change for a line alone."""
    count, sigma = len(part.points), part.sigma
    if sigma == 0:
        return nothing
    weights, limit = _weights(count), threshold(count)
    at, significance = _largest(part.sums, weights, sigma)
    if not significance > limit:  # nor if it is not a number
        return nothing
    line = _Line.of(part.clipped, part.sums, weights)
    beside, significance_beside = _largest(line.sums, line.weights, sigma)
    by_step, by_line = significance**2, (line.explained / sigma) ** 2  # of the sum of squares, in sigma squared
    if significance_beside > limit and by_line + significance_beside**2 - by_step > limit**2:
        ramp = line.ramp_beside_step(beside)
        return _confirmed(nothing, part.points - ramp, part.clipped - ramp, beside, significance_beside)
    if by_step >= by_line:
        return _confirmed(nothing, part.points, part.clipped, at, significance)
    return nothing._replace(change=line.slope * (count - 1))


def _excursion(part: _Part, nothing: Candidate) -> Candidate:
    """The best step of one of the short windows that has one, the narrowest first."""
    count, sums = len(part.points), np.concatenate(([0.0], part.sums, [0.0]))  # the sum of all is 0
    widths = _widths(count)
    limit = threshold(count, len(widths)) * part.sigma
    for width in widths if part.sigma else ():
        differences = sums[2 * width :] - 2 * sums[width:-width] + sums[: -2 * width]  # of the sums after and before each place
        np.abs(differences, out=differences)
        best = int(differences.argmax())
        if differences[best] > limit * math.sqrt(2 * width):
            window = Candidate(best, best + 2 * width, 0.0, -1, 0.0, 0.0)
            near = _single_step(_Part.of(part.points[window.first : window.end]), window)
            if near.at >= 0:
                return nothing._replace(significance=near.significance, at=nothing.first + near.at, shift=near.shift)
    return nothing


def _widths(count: int) -> list[int]:
    """Points on each side of the places where short excursions are searched: each twice the one before."""
    return [LEAST_POINTS * 2**power for power in range(count.bit_length()) if 4 * LEAST_POINTS * 2**power <= count]


class _Line(NamedTuple):
    """A straight line through n points, and what it leaves for a step."""

    time: Floats  # -(n - 1)/2 ... (n - 1)/2
    slope: float
    spread: float  # the sum of squares of `time`
    sums: Floats  # of the points minus the line, before each place
    weights: Floats  # the part of the square of a step of 1 that no line explains

    @classmethod
    def of(cls, points: Floats, sums: Floats, weights: Floats) -> _Line:
        """The line through points with mean 0. sums, weights: those of a step without a line."""
        count = len(points)
        time = np.arange(count, dtype=np.float64) - (count - 1) / 2
        spread = count * (count**2 - 1) / 12
        slope = float(time @ points) / spread
        rest = weights * (1 - 3 * weights * count / (count**2 - 1))
        return cls(time, slope, spread, sums - slope * np.cumsum(time)[:-1], rest)

    @property
    def explained(self) -> float:
        """Root of what the line explains of the sum of squares."""
        return abs(self.slope) * math.sqrt(self.spread)

    def ramp_beside_step(self, at: int) -> Floats:
        """The line of a fit of a line and of a step before point `at`."""
        step = -float(self.sums[at - 1] / self.weights[at - 1])
        return self.time * (self.slope - step * at * (len(self.time) - at) / 2 / self.spread)


@lru_cache(maxsize=16)
def _weights(count: int) -> Floats:
    """The sum of squares of a step of 1 before each place, from before the second of so many points, minus its mean."""
    before = np.arange(1, count, dtype=np.float64)
    return before * (count - before) / count


def _sigma(points: Floats) -> float:
    """Standard deviation of a point by differences of neighbours, or of means of blocks if it is larger, as of points that depend on
    the ones before."""
    sigma = _of_differences(points)
    blocks = len(points) // BLOCK
    if blocks < LEAST_BLOCKS:
        return sigma
    means = points[: blocks * BLOCK].reshape(blocks, BLOCK).mean(axis=1)
    squares = np.sort(np.diff(means) ** 2)
    squares = squares[: round(0.8 * len(squares))]  # without those over a step
    return max(sigma, math.sqrt(float(squares.mean()) / TRIMMED * BLOCK / 2))


def _of_differences(points: Floats) -> float:
    differences = np.diff(points)
    return math.sqrt(float(differences @ differences) / (2 * len(differences)))


def _largest(sums: Floats, weights: Floats, sigma: float) -> tuple[int, float]:
    """Where T is largest, as the first point after a step, and this T. sums: of the points before each place, mean subtracted."""
    edge = LEAST_POINTS - 1
    inner = slice(edge, len(sums) - edge)
    squares = sums[inner] * sums[inner]
    squares /= weights[inner]
    best = int(squares.argmax())
    return best + LEAST_POINTS, math.sqrt(float(squares[best])) / sigma


def _confirmed(part: Candidate, points: Floats, clipped: Floats, at: int, significance: float) -> Candidate:
    """The candidate with a step, unless the middle halves of both sides hardly differ."""
    of_means = float(clipped[at:].mean() - clipped[:at].mean())
    shift = _middle_mean(points[at:]) - _middle_mean(points[:at])
    if shift * of_means <= 0 or abs(shift) < LEAST_PART * abs(of_means):
        return part
    return part._replace(significance=significance, at=part.first + at, shift=shift)


def _middle_mean(points: Floats) -> float:
    """The mean of the middle half."""
    cut = len(points) // 4
    return float(np.sort(points)[cut : len(points) - cut].mean())
