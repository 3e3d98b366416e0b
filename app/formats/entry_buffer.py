"""The first entries of a histogram, which ROOT keeps in a buffer until there are enough to choose the axes.

An object written before that has empty cells and sums. ROOT fills the entries in when it reads or draws the histogram.
"""

from __future__ import annotations

import math
import struct
from typing import NamedTuple

# fBinStatErrOpt and fStatOverflows come later; maximum, minimum and norm come before
_LIMITS_BYTES = 24
_BINS = struct.Struct(">i2d")
_RANGE = struct.Struct(">iiH")
_CAN_EXTEND = 1 << 1
# numbers in the buffer, whether it is there, and the first number: that of its entries
_BUFFER = struct.Struct(">i?d")
_LONG = 255
_HEADER = 6
_HAS_SIZE = 0x40000000


class BufferedEntry(NamedTuple):
    """One entry: its weight, and its coordinates (for a profile, the averaged quantity is the last)."""

    weight: float
    values: tuple[float, ...]


def end_of_object(data: bytes, at: int) -> int:
    """Index of the end of the object whose size is at byte `at`. Raises `ValueError` and `struct.error`."""
    (size,) = struct.unpack_from(">I", data, at)
    if not size & _HAS_SIZE:
        raise ValueError(f"no size at byte {at}")
    return int(at + 4 + (size & ~_HAS_SIZE))


def buffered_entries(data: bytes, at: int, end: int, width: int) -> list[BufferedEntry]:
    """The entries that are in no cell yet; empty for a histogram without a buffer.

    Args:
        at: Index after the sums of TH1.
        end: Index of the end of TH1.
        width: Values of an entry without its weight.

    Raises `ValueError` and `struct.error`.
    """
    at += _LIMITS_BYTES
    for _ in ("contours", "squares of weights"):
        at += 4 + 8 * _length(data, at)
    (short,) = struct.unpack_from(">B", data, at)
    at += 5 + _length(data, at + 1) if short == _LONG else 1 + short  # the draw option
    at = end_of_object(data, at)  # the functions
    if at + _BUFFER.size >= end:
        return []
    size, is_present, count = _BUFFER.unpack_from(data, at)
    if not is_present:
        return []
    if not abs(count) * (width + 1) + 1 <= size:
        raise ValueError(f"{count} entries in a buffer of {size} numbers")
    entry = struct.Struct(f">{width + 1}d")
    first = at + _BUFFER.size
    stop = first + max(int(count), 0) * entry.size  # a negative number of entries: they are in the cells, too
    return [BufferedEntry(weight, tuple(numbers)) for weight, *numbers in entry.iter_unpack(data[first:stop])]


def within_axes(entries: list[BufferedEntry], data: bytes, axes: list[int]) -> list[BufferedEntry]:
    """The entries that ROOT fills into cells within the axes, whose objects start at these indices.

    ROOT chooses or extends axes to hold all finite entries if one has no range, or all can be extended.
    """
    ranges = [_axis(data, at) for at in axes]
    if all(extends for *_, extends in ranges) or any(high <= low for low, high, _ in ranges):
        return [entry for entry in entries if all(map(math.isfinite, entry.values[: len(axes)]))]
    return [entry for entry in entries if all(low <= value < high for value, (low, high, _) in zip(entry.values, ranges, strict=False))]


def _axis(data: bytes, at: int) -> tuple[float, float, bool]:
    """Limits of an axis, and whether ROOT may extend it."""
    at += _HEADER
    for _ in ("TNamed", "TAttAxis"):
        at = end_of_object(data, at)
    _, low, high = _BINS.unpack_from(data, at)
    at += _BINS.size
    *_, bits = _RANGE.unpack_from(data, at + 4 + 8 * _length(data, at))
    return low, high, bool(bits & _CAN_EXTEND)


def _length(data: bytes, at: int) -> int:
    (number,) = struct.unpack_from(">i", data, at)
    if not 0 <= number <= len(data):
        raise ValueError(f"a length of {number} at byte {at}")
    return int(number)
