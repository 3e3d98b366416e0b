"""Real numbers in files: legacy files and snapshots store them as texts of 17 digits, such as 0.98765000000000003."""

from __future__ import annotations

import re

_DECIMAL = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)


def shortest_real(text: str) -> str:
    """The shortest decimal text of the same double; other texts, such as `nan`, as they are.

    >>> shortest_real("0.98765000000000003")
    '0.98765'
    """
    if not _DECIMAL.fullmatch(text):
        return text
    shortest = repr(float(text)).removesuffix(".0")
    return shortest if len(shortest) < len(text) and shortest != "inf" else text
