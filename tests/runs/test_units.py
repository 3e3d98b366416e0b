"""Units: numbers stay numbers, known units are converted, unknown ones are kept with their text."""

from __future__ import annotations

from typing import Any

import pytest

from app.runs.units import INSTANTANEOUS, INTEGRATED, quantity


@pytest.mark.parametrize(
    ("unit", "value", "expected"),
    [
        ("pb^{-1}", 183.33, 183.33),
        ("nb^{-1}", 183330.0, 183.33),
        ("fb^{-1}", 0.18333, 183.33),
        ("\\mub^{-1}", 1.8333e8, 183.33),
        ("ub^{-1}", 1.8333e8, 183.33),
        ("b^{-1}", 1.8333e14, 183.33),
        ("$pb^{-1}$", 183.33, 183.33),
        ("/pb", 183.33, 183.33),
        ("/nb", 183330, 183.33),
        ("", 183.33, 183.33),
    ],
)
def test_integrated_luminosity_is_in_inverse_picobarns(unit: str, value: float, expected: float) -> None:
    found = quantity("recorded_lumi", value, unit)
    assert found.value == pytest.approx(expected, rel=1e-12)
    assert found.unit == INTEGRATED


@pytest.mark.parametrize(
    ("unit", "value", "expected"),
    [
        ("10^{30}cm^{-2}s^{-1}", 18194.96, 1.819496),
        ("10^{34}cm^{-2}s^{-1}", 1.819496, 1.819496),
        ("10^{34} \\mathrm{cm}^{-2} \\mathrm{s}^{-1}", 1.819496, 1.819496),
        ("cm^{-2}s^{-1}", 1.819496e34, 1.819496),
        ("Hz/ub", 18194.96, 1.819496),
        ("Hz/\\mub", 18194.96, 1.819496),
        ("Hz/nb", 18.19496, 1.819496),
        ("", 1.819496, 1.819496),
    ],
)
def test_instantaneous_luminosity_is_in_1e34(unit: str, value: float, expected: float) -> None:
    found = quantity("end_lumi", value, unit)
    assert found.value == pytest.approx(expected, rel=1e-12)
    assert found.unit == INSTANTANEOUS


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("recorded_lumi", "furlongs"),
        ("recorded_lumi", "10^{30}cm^{-2}s^{-1}"),
        ("energy", "TeV"),
        ("end_lumi", f"10^{'9' * 5000}cm^-2s^-1"[:100]),
    ],
)
def test_an_unknown_unit_is_kept_with_its_text(name: str, unit: str) -> None:
    assert quantity(name, 12.5, unit) == (12.5, unit)


@pytest.mark.parametrize("value", [None, "183.33 x pb^{-1}", True, [1], float("nan"), float("inf"), 10**400])
def test_a_value_that_is_no_number_is_none(value: Any) -> None:
    assert quantity("recorded_lumi", value, "pb^{-1}") == (None, INTEGRATED)
