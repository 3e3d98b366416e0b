"""The line and the plane of a correlation are written below the chart, with errors and with the names of the axes."""

from __future__ import annotations

import re
from html import unescape

import numpy as np
import pytest
from flask.testing import FlaskClient

from tests.trends.query.points_of_tests import TrendStore

RUNS = range(355001, 355041)
RNG = np.random.default_rng(41)
X, Y = RNG.uniform(1e4, 2e4, 40), RNG.uniform(0.002, 0.004, 40)
Z = 3e-8 * X + 2e-3 * Y + 1e-5 + RNG.normal(0, 1e-6, 40)


def chart(*names: str) -> str:
    series = "&".join(f"series=DT/{name}/StreamExpress/Express" for name in names)
    return f"/trends/chart?{series}&correlate=1&significant=all"


def numbers(text: str) -> list[tuple[float, float]]:
    """The values with their errors."""
    powers = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")
    found = re.findall(r"\((-?[\d.]+) ± ([\d.]+)\)(?: × 10([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+))?", text)
    return [
        (float(value) * 10.0 ** int(power.translate(powers) or 0), float(error) * 10.0 ** int(power.translate(powers) or 0))
        for value, error, power in found
    ]


@pytest.fixture
def three(client: FlaskClient, store: TrendStore) -> FlaskClient:
    """Trends x, y and z of DT, of which z is about a plane of the others."""
    store.configure("DT", **{name: f"basic.Mean() DT/{name}" for name in "xyz"})
    for run, x, y, z in zip(RUNS, X, Y, Z, strict=True):
        store.add(run, {"x": (float(x), 1.0), "y": (float(y), 1.0), "z": (float(z), 1.0)})
    return client


def test_the_plane_has_the_parameters_and_errors_of_lstsq(three: FlaskClient) -> None:
    text = unescape(three.get(chart("x", "y", "z")).text)
    line = next(line for line in text.splitlines() if "RMS about the plane" in line)
    matrix = np.column_stack([X, Y, np.ones(40)])
    parameters, squares, _, _ = np.linalg.lstsq(matrix, Z, rcond=None)
    errors = np.sqrt(np.diag(np.linalg.inv(matrix.T @ matrix)) * squares[0] / 37)
    for (value, error), expected, expected_error in zip(numbers(line), parameters, errors, strict=True):
        assert value == pytest.approx(expected, abs=0.06 * expected_error)
        assert error == pytest.approx(expected_error, rel=0.06)
    assert "x: x, y: y, z: z" in line


def test_series_on_one_line_have_no_plane(three: FlaskClient, store: TrendStore) -> None:
    store.configure("DT", **{name: f"basic.Mean() DT/{name}" for name in "xyzw"})
    for run, x in zip(RUNS, X, strict=True):
        store.add(run, {"w": (2 * float(x), 1.0)})
    text = three.get(chart("x", "w", "z")).text
    assert "No plane: there are fewer than three runs with all points, or x and y are on one line." in text
