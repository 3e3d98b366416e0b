"""The sums that a histogram keeps of what was filled into it, read out of its bytes without ROOT.

Every class and every member that is a class stands behind its size in bytes, so all that is not wanted can be passed
over. The order is that of ROOT's own streamers: the base class first, then the members.
"""

from __future__ import annotations

import math
import struct

from app.formats.model import FormatError, Payload

_HEADER = 6
"""Bytes of the size and the version of a class."""
_CLASS_NAME = 8
"""Where the name of the class stands in a framed object."""
_HAS_SIZE = 0x40000000
# entries, then the sums of w, w2, wx and wx2, behind offset and width of bars
_SUMS = struct.Struct(">hh5d")
_SUMS_OF_Y = struct.Struct(">d2d")
"""TH2's own: a scale, then the sums of wy and wy2."""
_SUMS_OF_PROFILE = struct.Struct(">i4d")
"""TProfile's own behind the entries of its bins: the kind of error, the limits, the sums of wy and wy2 (wz and wz2)."""


def statistics(payload: Payload) -> dict[str, float]:
    """What one looks at over many histograms of a kind, by its name: Entries; Mean and RMS, of two axes where there are two.

    Mean and RMS are of the quantity that was filled (of a profile: of that which it averages), of what is within the
    axes, as TH1::GetMean; they are left out where ROOT did not keep their sums. Raises `FormatError`.
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
        at = _behind(data, at)
    at += 4  # the number of cells
    for _ in "xyz":
        at = _behind(data, at)
    _, _, entries, weight, _, x, x2 = _SUMS.unpack_from(data, at)
    found = {"Entries": entries}
    if profile:
        at = _behind(data, top + _HEADER)
        bins = int.from_bytes(data[at : at + 4], "big")
        _, _, _, y, y2 = _SUMS_OF_PROFILE.unpack_from(data, at + 4 + 8 * bins)
        return found | _moments("", weight, y, y2)
    if two:
        _, y, y2 = _SUMS_OF_Y.unpack_from(data, _behind(data, top + 2 * _HEADER))
        return found | _moments(" x", weight, x, x2) | _moments(" y", weight, y, y2)
    return found | _moments("", weight, x, x2)


def _behind(data: bytes, at: int) -> int:
    """Where what starts at byte `at` with its size ends."""
    (size,) = struct.unpack_from(">I", data, at)
    if not size & _HAS_SIZE:
        raise ValueError(f"no size at byte {at}")
    return int(at + 4 + (size & ~_HAS_SIZE))


def _moments(axis: str, weight: float, first: float, second: float) -> dict[str, float]:
    if not weight:
        return {}
    mean = first / weight
    return {f"Mean{axis}": mean, f"RMS{axis}": math.sqrt(abs(second / weight - mean * mean))}
