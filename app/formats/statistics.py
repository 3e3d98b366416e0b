"""Entries, mean and RMS of a histogram, from the sums in its bytes, without ROOT.

Every class and every member of a class type is preceded by its size in bytes, so that the reader can skip it. The order is that
of ROOT's own streamers: the base class first, then the members.
"""

from __future__ import annotations

import math
import struct

from app.formats.entry_buffer import BufferedEntry, buffered_entries, end_of_object, within_axes
from app.formats.errors import FormatError
from app.formats.listing import Payload

_HEADER = 6
"""Bytes of the size and the version of a class."""
_CLASS_NAME = 8
"""Index of the class name in a framed object."""
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
    start = top + _HEADER * (1 + two) + _HEADER * profile + _HEADER * name.startswith("TH3")
    at = start + _HEADER
    for _ in ("TNamed", "TAttLine", "TAttFill", "TAttMarker"):
        at = end_of_object(data, at)
    at += 4  # the number of cells
    axes = []
    for _ in "xyz":
        axes.append(at)
        at = end_of_object(data, at)
    _, _, entries, weight, _, x, x2 = _SUMS.unpack_from(data, at)
    dimension = 3 if name.startswith("TH3") else 2 if two else 1
    if new := buffered_entries(data, at + _SUMS.size, end_of_object(data, start), dimension + profile):
        filled = within_axes(new, data, axes[:dimension])
        return {"Entries": float(len(new))} | _moments_of(filled, [("", -1)] if profile else [(" x", 0), (" y", 1)] if two else [("", 0)])
    found = {"Entries": entries}
    if profile:
        at = end_of_object(data, top + _HEADER)
        bins = int.from_bytes(data[at : at + 4], "big")
        _, _, _, y, y2 = _SUMS_OF_PROFILE.unpack_from(data, at + 4 + 8 * bins)
        return found | _moments("", weight, y, y2)
    if two:
        _, y, y2 = _SUMS_OF_Y.unpack_from(data, end_of_object(data, top + 2 * _HEADER))
        return found | _moments(" x", weight, x, x2) | _moments(" y", weight, y, y2)
    return found | _moments("", weight, x, x2)


def _moments_of(entries: list[BufferedEntry], quantities: list[tuple[str, int]]) -> dict[str, float]:
    """Mean and RMS of single entries; each quantity is its name and its index among their values."""
    found: dict[str, float] = {}
    for axis, index in quantities:
        sums = [sum(entry.weight * entry.values[index] ** power for entry in entries) for power in range(3)]
        found |= _moments(axis, *sums)
    return found


def _moments(axis: str, weight: float, first: float, second: float) -> dict[str, float]:
    if not weight:
        return {}
    mean = first / weight
    return {f"Mean{axis}": mean, f"RMS{axis}": math.sqrt(abs(second / weight - mean * mean))}
