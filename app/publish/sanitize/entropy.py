"""Whether a word was made by chance, as tokens are, or by people, as names of modules and of monitor elements are."""

from __future__ import annotations

import base64
import re

SHORTEST = 20
"""Signs below which a word tells too little."""

_LONG, _LONGEST = 10, 14
_PIECE = re.compile(r"[A-Za-z0-9]+")
_DIGITS = re.compile(r"\d+")
_FLOW = re.compile(r"(?=[A-Za-z][a-z]|[0-9]{2})")
"""A letter and a small one after it, or two digits: most pairs in `siStripDigis2022`, a third of those in what was made by chance."""

_LEAST_FLOW, _LONG_FLOW = 0.55, 0.62
_VERY_LONG = 32
"""A piece from which on the share alone tells."""

_MANGLED = re.compile(r"_{1,3}Z[NKSTL0-9]")
"""How C++ names begin in libraries."""


def by_chance(word: str) -> bool:
    """Whether nobody would have thought of a word, or it is a text in base64. People put a sign between short pieces, or write words with few digits."""
    if _is_text(word):
        return True
    long = [piece for piece in _PIECE.findall(word) if len(piece) >= _LONG]
    longest = max(long, key=len, default="")
    if len(word) < SHORTEST or len(longest) < _LONGEST or _MANGLED.match(word):
        return False
    groups = sum(len(_DIGITS.findall(piece)) for piece in long)
    if longest.islower() or longest.isupper() or longest.isdigit():
        return groups >= 3 or len(longest) >= 40
    flowing = sum(len(_FLOW.findall(piece)) for piece in long)
    pairs = sum(len(piece) - 1 for piece in long)
    return flowing < _LONG_FLOW * pairs if len(longest) >= _VERY_LONG else groups > 0 and flowing < _LEAST_FLOW * pairs


def _is_text(word: str) -> bool:
    """Whether a word is printable text in base64, of which one in 100,000 words of this length is by accident."""
    plain = word.rstrip("=").translate(str.maketrans("-_", "+/"))
    try:
        text = base64.b64decode(plain[: len(plain) // 4 * 4], validate=True) if len(word) >= SHORTEST else b""
    except ValueError:
        return False
    return bool(text) and all(32 <= byte < 127 for byte in text)
