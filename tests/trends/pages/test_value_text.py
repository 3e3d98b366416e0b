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


@pytest.mark.parametrize(("value", "error"), CASES)
def test_a_value_has_the_digits_that_its_error_allows(value: float, error: float | None) -> None:
    assert value_text(value, error) == CASES[value, error]
