"""Values of trends as people write them: with as many digits as their errors allow."""

from __future__ import annotations

import math
from decimal import Decimal

DIGITS = 2
"""Digits of an error."""
DIGITS_ALONE = 6
"""Digits of a value without an error."""
MOST_DIGITS = 17
"""Digits that a float has behind the first one."""
PLAIN_POWERS = range(-4, 9)
"""Powers of ten of numbers that are written without one."""

_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def value_text(value: float, error: float | None) -> str:
    """A value with its error, which has two digits; a value without an error has six.

    >>> value_text(19992.594328, 29.788711)
    '19,993 ± 30'
    >>> value_text(0.0000363, 0.0000017)
    '(3.63 ± 0.17) × 10⁻⁵'
    >>> value_text(0.25, 0.0)
    '0.25'
    """
    if not error or not (math.isfinite(error) and math.isfinite(value)):
        return _alone(value)
    largest, last = max(abs(value), abs(error)), _power(error, DIGITS - 1) - DIGITS + 1
    power = _power(largest, min(max(_power(largest) - last, 0), MOST_DIGITS))
    scale = 0 if power in PLAIN_POWERS else power
    decimals = max(0, scale - last)
    if decimals > 15:  # the error has no digit that the value could have
        return f"{value:.17g} ± {error:.2g}"
    texts = f"{_scaled(value, scale):z,.{decimals}f} ± {_scaled(abs(error), scale):,.{decimals}f}"
    return f"({texts}) {_times(scale)}" if scale else texts


def _alone(value: float) -> str:
    if not math.isfinite(value):
        return f"{value:g}"
    power = _power(value, DIGITS_ALONE - 1) if value else 0
    if power in PLAIN_POWERS:
        text = f"{value:,.{max(0, DIGITS_ALONE - 1 - power)}f}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    return f"{_scaled(value, power):.{DIGITS_ALONE}g} {_times(power)}"


def _power(value: float, digits: int = MOST_DIGITS) -> int:
    """The power of ten of the first digit of a number that is not 0, rounded to some digits behind it: 0.0996 may become 0.10."""
    return int(f"{abs(value):.{digits}e}".partition("e")[2])


def _scaled(value: float, power: int) -> float:
    return float(Decimal(value).scaleb(-power))  # a power of ten may be no float


def _times(power: int) -> str:
    return f"× 10{str(power).translate(_SUPERSCRIPTS)}"
