"""The plane through points of three series is that of numpy.linalg.lstsq, with the errors of its covariance matrix."""

from __future__ import annotations

import math
from dataclasses import astuple

import numpy as np
import pytest

from app.trends.analysis.plane import plane

RNG = np.random.default_rng(355100)


def points(count: int, x_scale: float = 1.0, x_offset: float = 0.0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    x, y = x_offset + x_scale * RNG.normal(size=count), RNG.normal(size=count) * 3 + 10
    return x, y, 0.5 * x / x_scale - 2 * y + 7 + RNG.normal(size=count) * 0.1


@pytest.mark.parametrize(
    ("count", "x_scale", "x_offset"),
    [(4, 1.0, 0.0), (50, 1.0, 0.0), (1000, 1e-5, 0.0), (300, 1.0, 355_000.0), (300, 1e6, 0.0), (9, 1.0, -1e4)],
)
def test_parameters_and_errors_are_those_of_lstsq(count: int, x_scale: float, x_offset: float) -> None:
    x, y, z = points(count, x_scale, x_offset)
    found = plane(x, y, z)
    assert found is not None
    centred = np.column_stack([x - x.mean(), y - y.mean(), np.ones(count)])
    (a, b, c), squares, _, _ = np.linalg.lstsq(centred, z, rcond=None)
    covariance = np.linalg.inv(centred.T @ centred) * squares[0] / (count - 3)
    lever = np.array([-x.mean(), -y.mean(), 1.0])
    expected = [a, b, c - a * x.mean() - b * y.mean(), *np.sqrt(np.diag(covariance))[:2], np.sqrt(lever @ covariance @ lever)]
    values = [found.x_slope, found.y_slope, found.intercept, found.x_slope_error, found.y_slope_error, found.intercept_error]
    assert values == pytest.approx(expected, rel=1e-6)
    assert found.rms == pytest.approx(np.sqrt(squares[0] / count), rel=1e-6)
    assert found.count == count


def test_points_of_a_plane_are_on_it() -> None:
    x, y = np.array([0.0, 1, 0, 1, 2]), np.array([0.0, 0, 1, 1, 5])
    found = plane(x, y, 3 * x - 2 * y + 1)
    assert found is not None
    assert (found.x_slope, found.y_slope, found.intercept) == pytest.approx((3, -2, 1))
    assert found.rms == pytest.approx(0, abs=1e-12)


def test_three_points_have_a_plane_without_errors() -> None:
    found = plane([0, 1, 0], [0, 0, 1], [5, 6, 7])
    assert found is not None
    assert (found.x_slope, found.y_slope, found.intercept) == pytest.approx((1, 2, 5))
    assert (found.x_slope_error, found.y_slope_error, found.intercept_error) == (None, None, None)


def test_what_is_not_finite_is_no_point() -> None:
    x, y, z = points(20)
    holes = [np.append(array, [np.nan if index == hole else 1e9 for hole in range(3)]) for index, array in enumerate((x, y, z))]
    assert plane(*holes) == plane(x, y, z)


@pytest.mark.parametrize(
    ("x", "y"),
    [([], []), ([1, 2], [3, 4]), ([1, 1, 1, 1], [1, 2, 3, 4]), ([1, 2, 3, 4], [2, 4, 6, 8]), ([0.1, 0.2, 0.3, 0.7], [0.3, 0.6, 0.9, 2.1])],
)
def test_points_on_a_line_have_no_plane(x: list[float], y: list[float]) -> None:
    assert plane(x, y, np.arange(len(x))) is None


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("scale", [1e308, 1.7e308, 1e200, 1e-310])
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_values_near_the_ends_of_the_numbers_have_finite_parameters_or_none(scale: float, axis: int) -> None:
    values = [np.array([0.0, 1.0, 0.0, 1.0, -1.0]), np.array([0.0, 0.0, 1.0, 1.0, 0.5]), np.array([0.3, 1.0, -1.0, 0.7, -0.9])]
    values[axis] = scale * values[axis]
    found = plane(*values)
    if found is not None:
        numbers = [number for number in astuple(found) if number is not None]
        assert all(map(math.isfinite, numbers))


@pytest.mark.filterwarnings("error")
def test_points_whose_spread_about_a_plane_overflows_have_no_plane() -> None:
    """Squares of 1e200 are no numbers."""
    assert plane([0.0, 1.0, 0.0, 1.0], [0.0, 0.0, 1.0, 1.0], [1e200, 3e200, 0.0, 4e200]) is None
