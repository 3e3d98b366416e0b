"""Real numbers of 17 digits in their shortest form."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.formats.reals import shortest_real


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_the_shortest_form_of_17_digits_is_the_same_double_with_the_fewest_digits(number: float) -> None:
    stored = f"{number:.17g}"  # as DQM software writes it
    shown = shortest_real(stored)
    assert float(shown) == number
    assert shown in (repr(number).removesuffix(".0"), stored)
    assert len(shown) <= len(stored)


@pytest.mark.parametrize(
    ("stored", "shown"),
    [
        ("0.98765000000000003", "0.98765"),
        ("-1.0000000000000001e-05", "-1e-05"),
        ("12", "12"),
        ("12.0", "12"),
        ("1e5", "1e5"),
        ("2.2250738585072014e-308", "2.2250738585072014e-308"),
        ("nan", "nan"),
        ("-inf", "-inf"),
        ("1e999", "1e999"),
        ("", ""),
        ("0.98765000000000003 GeV", "0.98765000000000003 GeV"),
        ("1_000.0", "1_000.0"),
    ],
)
def test_only_numbers_are_shortened(stored: str, shown: str) -> None:
    assert shortest_real(stored) == shown
