"""Distinguishes random words, such as tokens, from names, such as those of modules and monitor elements."""

from __future__ import annotations

import base64
import re

MIN_LENGTH = 20
"""Shorter words are never random."""

_LONG, _MIN_LONGEST = 10, 14
"""Minimum length of the pieces that count, and of the longest of them."""

_VERY_LONG = 32
"""Length of a piece from which the share of name pairs alone decides."""

_MIN_SHARE, _MIN_SHARE_VERY_LONG = 0.55, 0.62
"""Share of name pairs below which a word looks random."""

_NAME_PAIR = re.compile(r"(?=[A-Za-z][a-z]|[0-9]{2})")
"""A letter before a lower-case letter, or two digits: most pairs in `siStripDigis2022`, a third of those in random words."""

_MIN_DIGIT_GROUPS, _MAX_PLAIN_LENGTH = 3, 40
"""A word of only upper or lower case letters looks random with at least this number of digit groups, or at least this length."""

_PIECE = re.compile(r"[A-Za-z0-9]+")
_DIGITS = re.compile(r"\d+")
_MANGLED = re.compile(r"_{1,3}Z[NKSTL0-9]")
"""The start of a mangled name of C++."""


def looks_random(word: str) -> bool:
    """Whether a word is random, or a text in base64. Names have separators between short pieces, or few digits."""
    if _is_base64_text(word):
        return True
    pieces = [piece for piece in _PIECE.findall(word) if len(piece) >= _LONG]
    longest = max(pieces, key=len, default="")
    if len(word) < MIN_LENGTH or len(longest) < _MIN_LONGEST or _MANGLED.match(word):
        return False
    digit_groups = sum(len(_DIGITS.findall(piece)) for piece in pieces)
    if longest.islower() or longest.isupper() or longest.isdigit():
        return digit_groups >= _MIN_DIGIT_GROUPS or len(longest) >= _MAX_PLAIN_LENGTH
    name_pairs = sum(len(_NAME_PAIR.findall(piece)) for piece in pieces)
    pairs = sum(len(piece) - 1 for piece in pieces)
    if len(longest) >= _VERY_LONG:
        return name_pairs < _MIN_SHARE_VERY_LONG * pairs
    return digit_groups > 0 and name_pairs < _MIN_SHARE * pairs


def _is_base64_text(word: str) -> bool:
    """Whether a word is printable text in base64, which one of 100,000 other words of this length is by chance."""
    plain = word.rstrip("=").translate(str.maketrans("-_", "+/"))
    try:
        text = base64.b64decode(plain[: len(plain) // 4 * 4], validate=True) if len(word) >= MIN_LENGTH else b""
    except ValueError:
        return False
    return bool(text) and all(32 <= byte < 127 for byte in text)
