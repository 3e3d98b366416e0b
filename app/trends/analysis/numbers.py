"""Numbers as text, with as many digits as they have a meaning for."""

from __future__ import annotations

import math


def digits_of(spread: float) -> int:
    """Digits behind the point at which two digits of a spread are seen; below 0 for large ones."""
    return 0 if not (math.isfinite(spread) and spread > 0) else 1 - math.floor(math.log10(spread))


def number_text(value: float, spread: float) -> str:
    """A value with as many digits as its spread has a meaning for, such as 19,700 for a spread of 150."""
    digits = digits_of(spread)
    if spread == 0 or abs(digits) > 8 or abs(value) >= 1e9:
        return f"{value:.5g}"
    return f"{round(value, digits):,.{max(digits, 0)}f}"
