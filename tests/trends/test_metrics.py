"""Every metric on histograms of every kind, compared with what ROOT computes."""

from __future__ import annotations

import math
from typing import Any

import pytest

from app.trends.expressions import parse_metric
from app.trends.histogram import Histogram
from app.trends.metrics.metric import Inputs, MetricValue, NoPoint, compute_point
from app.trends.metrics.registry import METRICS
from tests.trends.cases import CASES, Case

pytestmark = pytest.mark.slow

CLOSED_FORM = 1e-9
FLAT_LINE = 1e-6
FIT = 0.02
"""Tolerances: of closed forms and levels relative to the value, of fits relative to its error."""
ROUNDING = 1e-13
"""Largest difference of two sums that should both be 0."""

Histograms = dict[str, Histogram]


def point(case: Case, histograms: Histograms) -> MetricValue | str:
    """The point of a case, or the reason why there is none."""
    inputs = Inputs(histograms[case.main], *(histograms[name] if name else None for name in case[2:]))
    try:
        return compute_point(parse_metric(case.metric), inputs)
    except NoPoint as reason:
        return str(reason)


def tolerance(case: Case, value: float, error: float) -> float:
    if case.metric.startswith("fits.FlatLine"):
        return FLAT_LINE * abs(value)
    return FIT * error if case.metric.startswith("fits.") else CLOSED_FORM * abs(value) + ROUNDING


def difference(case: Case, histograms: Histograms, wanted: Any) -> str:
    """How the point of a case differs from that of ROOT; "" if it does not."""
    found = point(case, histograms)
    if isinstance(wanted, str):
        return "" if isinstance(found, str) else f"{case.name}: ROOT has no value: {wanted}"
    value, error = wanted
    is_equal = (
        isinstance(found, MetricValue)
        and found.value == pytest.approx(value, rel=0, abs=tolerance(case, value, error))
        and found.error == pytest.approx(error, rel=0, abs=tolerance(case, error, error))
    )
    return "" if is_equal else f"{case.name}: {found} in place of {wanted}"


@pytest.mark.parametrize("metric", sorted(METRICS))
def test_points_equal_those_of_root(metric: str, histograms: Histograms, expected: dict[str, Any]) -> None:
    cases = [case for case in CASES if case.metric.partition("(")[0] == metric]
    differences = [difference(case, histograms, expected["cases"][case.name]) for case in cases]
    assert not [text for text in differences if text]


def test_every_metric_has_cases() -> None:
    assert {case.metric.partition("(")[0] for case in CASES} == set(METRICS)
    assert len({case.name for case in CASES}) == len(CASES)


@pytest.fixture(scope="session")
def points(histograms: Histograms) -> dict[str, MetricValue | str]:
    """The points of all cases by name, computed one after the other."""
    return {case.name: point(case, histograms) for case in CASES}


def test_point_is_the_same_whatever_was_computed_before(histograms: Histograms, points: dict[str, MetricValue | str]) -> None:
    before = {name: (histogram.contents.tobytes(), histogram.errors.tobytes()) for name, histogram in histograms.items()}
    assert {case.name: point(case, histograms) for case in reversed(CASES)} == points
    assert {name: (histogram.contents.tobytes(), histogram.errors.tobytes()) for name, histogram in histograms.items()} == before


@pytest.mark.parametrize(
    ("metric", "main"),
    [
        ("fits.Landau(0, 250., 420., (310., 30.))", "empty"),
        ("fits.LandauAroundMax(0, 0.8, 1.4, 60000)", "empty"),
        ("fits.LandauAroundMax(1, 0.8, 1.4, 60000)", "contents_without_entries"),
        ("fits.FlatLineXcut(0, -9, 9, 3)", "empty"),
        ("fits.FlatLine(0, -9, -7, 5)", "squares"),
        ("fits.FlatLine(0, 0, 8, 5)", "nan"),
        ("fits.Gaussian(0, -2, 2, (0, 1, 100))", "infinite"),
    ],
)
def test_fit_without_bins_or_with_contents_that_are_no_numbers_has_no_point(metric: str, main: str, histograms: Histograms) -> None:
    assert isinstance(point(Case(metric, main), histograms), str)


def test_no_point_has_a_reason_in_a_sentence(points: dict[str, MetricValue | str]) -> None:
    reasons = {found for found in points.values() if isinstance(found, str)}
    assert reasons
    for reason in reasons:
        assert reason[0].isupper(), reason
        assert len(reason.split()) >= 4, reason


def test_point_is_finite(points: dict[str, MetricValue | str]) -> None:
    for name, found in points.items():
        assert isinstance(found, str) or all(map(math.isfinite, found)), name


@pytest.mark.parametrize(
    ("metric", "main"),
    [
        ("basic.BinsCount(-1000000000000000000)", "gauss_F"),
        ("basic.SummaryMapPartition(1, 1000000000000000000)", "map_F"),
        ("basic.MeanXRange(-1000000000000000000, 1000000000000000000)", "map_F"),
        ("basic.MeanYRange(0, 1e18)", "map_F"),
    ],
)
def test_range_far_outside_the_axes_is_refused_before_it_is_read(metric: str, main: str, histograms: Histograms) -> None:
    reason = point(Case(metric, main), histograms)
    assert isinstance(reason, str)
    assert "than any map has" in reason or "no histogram has so many bins" in reason
