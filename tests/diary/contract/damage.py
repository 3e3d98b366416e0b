"""More than a hundred kinds of damage to a record of a source, whatever its format is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TypeVar

T = TypeVar("T")

_BYTES = [b"\xff", b"\0", b"\xc3\x28", b"\xed\xa0\x80", b"\r", b"\n", b"\x1b[31m", "\u202e".encode(), b'"', b"\\"]
_NUMBERS = [b"-1", b"9" * 400, b"1e309", b"NaN", b"", b"0x7f", b"18446744073709551616", b"1.5"]
_WORDS = [b"NOBODY_KNOWS_THIS", b"x" * 100_000, b"", "Größe".encode("latin-1")]
_TIMES = [
    *(b"2026-11-28T16:25:14", b"Sat Nov 28 16:26:25 2026", b"11/28 16:26:25"),  # without a zone
    *(b"4102444800", b"2100-01-01T00:00:00Z"),  # a clock that is ahead
    *(b"0001-01-01T00:00:00", b"9999-12-31T23:59:59", b"2026-02-30T24:61:61", b"Unknown", b"now"),
]
_TIME = rb"\d{4}-\d\d-\d\d[T_ ]+\d\d:\d\d:\d\d(?:\.\d+)?|[A-Z][a-z]{2} +\d+ \d\d:\d\d(?::\d\d)?(?: \d{4})?|\b\d{10}(?:\.\d+)?\b"


def damages(record: bytes) -> list[bytes]:
    """Damaged forms of a good record, at least a hundred."""
    return list(dict.fromkeys(each for each in _damages(record) if each != record))


def _damages(record: bytes) -> Iterator[bytes]:
    size = len(record)
    yield from (record[: size * part // 20] for part in range(20))
    yield from (record[size * part // 8 :] for part in range(1, 8))
    for odd in _BYTES:
        yield from (record[:at] + odd + record[at + 1 :] for at in (0, size // 3, size * 2 // 3, size - 1))
    for pattern, others, most in ((rb"\d+", _NUMBERS, 5), (rb"[A-Za-z_]{3,}", _WORDS, 5), (_TIME, _TIMES, 2)):
        for found in spread(list(re.finditer(pattern, record)), most):
            yield from (record[: found.start()] + other + record[found.end() :] for other in others)
    for mark in b"|:,={}()[] .-\n\t":
        yield record.replace(bytes([mark]), b"")
        yield record.replace(bytes([mark]), bytes([mark]) * 2)
    yield record + record
    yield record[::-1]
    yield record.upper()
    yield record.lower()
    yield b"[" * 100_000
    yield b"{" * 100_000
    yield record[: size // 2] + b'{"a":' * 10_000 + record[size // 2 :]


def spread(found: list[T], most: int) -> list[T]:
    """So many of them, from everywhere."""
    return found if len(found) <= most else [found[number * (len(found) - 1) // (most - 1)] for number in range(most)]
