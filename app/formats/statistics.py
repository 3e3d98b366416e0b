"""Entries, mean and RMS of a histogram, from the sums in its bytes, without ROOT.

Every class and every member of a class type is preceded by its size in bytes, so that the reader can skip it. The order is that
of ROOT's own streamers: the base class first, then the members.
"""

from __future__ import annotations

import math
import struct

from app.formats.errors import FormatError
from app.formats.listing import Payload

_HEADER = 6
"""Bytes of the size and the version of a class."""
_CLASS_NAME = 8
"""Index of the class name in a framed object."""
_HAS_SIZE = 0x40000000
# offset and width of bars, entries, then the sums of w, w2, wx and wx2
_SUMS = struct.Struct(">hh5d")
_SUMS_OF_Y = struct.Struct(">d2d")
"""Members of TH2: a scale, then the sums of wy and wy2."""
_SUMS_OF_PROFILE = struct.Struct(">i4d")
"""Members of TProfile after the entries of its bins: the kind of error, the limits, the sums of wy and wy2 (wz and wz2)."""


def statistics(payload: Payload) -> dict[str, float]:
    """Entries, and Mean and RMS, of both axes for a two-dimensional histogram, by name.

    Mean and RMS are those of the filled quantity (for a profile: the averaged quantity) within the axes, as `TH1::GetMean`; they
    are missing if ROOT did not store their sums. Raises `FormatError`.
    """
    try:
        return {name: value for name, value in _read(payload.data).items() if math.isfinite(value)}
    except (struct.error, ValueError) as error:
        raise FormatError(f"has no sums of a histogram ({error})", "a histogram", "the layout of ROOT 5.18 or newer") from error


def _read(data: bytes) -> dict[str, float]:
    end = data.index(b"\0", _CLASS_NAME)
    name = data[_CLASS_NAME:end].decode("ascii")
    profile = name.startswith("TProfile")
    two = name.startswith("TH2") or name == "TProfile2D"
    top = end + 1
    at = top + _HEADER * (3 if two else 2) + _HEADER * profile + _HEADER * name.startswith("TH3")
    for _ in ("TNamed", "TAttLine", "TAttFill", "TAttMarker"):
        at = _end_of_object(data, at)
    at += 4  # the number of cells
    for _ in "xyz":
        at = _end_of_object(data, at)
    _, _, entries, weight, _, x, x2 = _SUMS.unpack_from(data, at)
    found = {"Entries": entries}
    if profile:
        at = _end_of_object(data, top + _HEADER)
        bins = int.from_bytes(data[at : at + 4], "big")
        _, _, _, y, y2 = _SUMS_OF_PROFILE.unpack_from(data, at + 4 + 8 * bins)
        return found | _moments("", weight, y, y2)
    if two:
        _, y, y2 = _SUMS_OF_Y.unpack_from(data, _end_of_object(data, top + 2 * _HEADER))
        return found | _moments(" x", weight, x, x2) | _moments(" y", weight, y, y2)
    return found | _moments("", weight, x, x2)


def _end_of_object(data: bytes, at: int) -> int:
    """Index of the end of the object whose size is at byte `at`."""
    (size,) = struct.unpack_from(">I", data, at)
    if not size & _HAS_SIZE:
        raise ValueError(f"no size at byte {at}")
    return int(at + 4 + (size & ~_HAS_SIZE))


def _moments(axis: str, weight: float, first: float, second: float) -> dict[str, float]:
    if not weight:
        return {}
    mean = first / weight
    return {f"Mean{axis}": mean, f"RMS{axis}": math.sqrt(abs(second / weight - mean * mean))}
