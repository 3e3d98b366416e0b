"""Values of scalar monitor elements as people write them: four digits, and dates in place of Unix times."""

from __future__ import annotations

import re

from app.core.zones import time_text

_REAL = re.compile(r"[+-]?(\d+\.\d*|\.\d+|\d+(?=[eE]))([eE][+-]?\d+)?", re.ASCII)

_TIME_NAME = re.compile(r"timestamp$", re.IGNORECASE)
"""Names of MEs with Unix times in s: `runStartTimeStamp`, `processTimeStamp` and others of the online system."""

_TIMES = (1e9, 2**32)
"""Values that are Unix times, from 2001 to 2106; -1 means none."""

WHOLE = (1e4, 1e9)
"""Reals that are rounded to whole numbers, since more than four of their digits stand before the point."""


def readable_value(name: str, value: str) -> str:
    """The value of the scalar ME with this name for people; texts, whole numbers, `nan` and `inf` as they are.

    >>> readable_value("reportSummary", "0.97619047619047616")
    '0.9762'
    >>> readable_value("runStartTimeStamp", "1666000000.5")
    '2022-10-17 11:46:40 CEST'
    """
    return _date(value) if _TIME_NAME.search(name) else readable_real(value)


def readable_real(value: str) -> str:
    """A real number with four digits, but all of those before the point; other texts as they are."""
    if not _REAL.fullmatch(value):
        return value
    number = float(value)
    short = f"{number:.0f}" if WHOLE[0] <= abs(number) < WHOLE[1] else f"{number:.4g}"
    return short if len(short) < len(value) else value


def _date(value: str) -> str:
    try:
        number = float(value)
    except ValueError:
        return value
    return time_text(number) if _TIMES[0] <= number < _TIMES[1] else readable_real(value)
