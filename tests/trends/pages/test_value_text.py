"""Values as people write them: the error has two digits, and the value the same decimals."""

from __future__ import annotations

import math

import pytest

from app.trends.pages.value_text import value_text

CASES = {
    (19992.594328, 29.788711): "19,993 ± 30",
    (36.13, 0.73): "36.13 ± 0.73",
    (0.0000363, 0.0000017): "(3.63 ± 0.17) × 10⁻⁵",
    (-1234567.8, 10.0): "-1,234,568 ± 10",
    (174.6, 0.0999): "174.60 ± 0.10",
    (0.0, 0.1): "0.00 ± 0.10",
    (-0.001, 0.1): "0.00 ± 0.10",
    (-1e-11, 2.7e-8): "(0.0 ± 2.7) × 10⁻⁸",
    (2.5e12, 1.2e10): "(2.500 ± 0.012) × 10¹²",
    (5.0, 1e-20): "5 ± 1e-20",
    (1e308, 1e308): "(1.0 ± 1.0) × 10³⁰⁸",
    (0.25, 0.0): "0.25",
    (123456789.0, None): "123,456,789",
    (3.14159265, None): "3.14159",
    (0.000012345678, None): "1.23457 × 10⁻⁵",
    (0.0, None): "0",
    (3.0, math.inf): "3",
}
TINY = {
    (5e-324, None): "4.94066 × 10⁻³²⁴",
    (-1e-310, None): "-1 × 10⁻³¹⁰",
    (2.5e-310, 1.2e-311): "(2.50 ± 0.12) × 10⁻³¹⁰",
    (0.0, 1e-309): "(0.0 ± 1.0) × 10⁻³⁰⁹",
}
ROUNDED_UP = {
    (9.999999e9, None): "1 × 10¹⁰",
    (9.9999996e-5, None): "0.0001",
    (999999999.9, None): "1 × 10⁹",
    (9.9996e9, 5e7): "(1.0000 ± 0.0050) × 10¹⁰",
    (9.9996e-5, 5e-7): "0.00010000 ± 0.00000050",
    (0.0, 9.96e-5): "0.00000 ± 0.00010",
}


@pytest.mark.parametrize(("value", "error"), CASES)
def test_a_value_has_the_digits_that_its_error_allows(value: float, error: float | None) -> None:
    assert value_text(value, error) == CASES[value, error]


@pytest.mark.parametrize(("value", "error"), TINY)
def test_a_value_below_the_smallest_normal_number_has_its_digits(value: float, error: float | None) -> None:
    assert value_text(value, error) == TINY[value, error]


@pytest.mark.parametrize(("value", "error"), ROUNDED_UP)
def test_the_power_of_ten_is_that_of_the_rounded_value(value: float, error: float | None) -> None:
    assert value_text(value, error) == ROUNDED_UP[value, error]
