"""Numbers for scripts of pages: a JSON header, and arrays as they are in memory."""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

MEDIA_TYPE = "application/vnd.dqmhub.columns"
ALIGNMENT = 8
_TYPES = {"f8": "<f8", "f4": "<f4", "i4": "<i4", "u1": "u1"}


class PackedArray(NamedTuple):
    """An array of a packed answer."""

    type: str  # f8, f4, i4 or u1
    values: NDArray[Any]


STEPS = 4000
"""Parts of the range of a chart that can be told apart: more than it has pixels."""
_FLOAT32 = np.finfo(np.float32)
_EPSILON, _SMALLEST, _LARGEST = float(_FLOAT32.eps), float(_FLOAT32.tiny), float(_FLOAT32.max)


def drawn_numbers(values: NDArray[np.float64]) -> PackedArray:
    """Numbers for drawing, as float32 unless that would be seen: large ones that hardly differ, or ones beyond its range."""
    known = values[np.isfinite(values)]
    largest = _largest(known)
    spread = float(np.ptp(known)) if 0.0 < largest < _LARGEST else 0.0
    hardly_differ = 0.0 < spread < STEPS * _EPSILON * largest
    return PackedArray("f8" if hardly_differ or _is_beyond(largest) else "f4", values)


def drawn_errors(errors: NDArray[np.float64]) -> PackedArray:
    """Errors for drawing, as float32 unless one is beyond its range."""
    return PackedArray("f8" if _is_beyond(_largest(errors[np.isfinite(errors)])) else "f4", errors)


def _largest(known: NDArray[np.float64]) -> float:
    return float(np.abs(known).max(initial=0.0))


def _is_beyond(largest: float) -> bool:
    return largest > _LARGEST or 0.0 < largest < _SMALLEST


class Packer:
    """Collects the arrays of a packed answer; `add` gives what stands for an array in the header."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._size = 0

    def add(self, type_: str, values: NDArray[Any] | Sequence[float]) -> dict[str, Any]:
        """Add an array; not a number stands for an unknown value. Returns {"type", "offset", "length"} for the header."""
        data = np.ascontiguousarray(values, dtype=_TYPES[type_]).tobytes()
        place = {"type": type_, "offset": self._size, "length": len(values)}
        data += bytes(-len(data) % ALIGNMENT)
        self._parts.append(data)
        self._size += len(data)
        return place

    def packed(self, header: dict[str, Any]) -> bytes:
        """The answer: uint32 LE length of the header, the header as JSON, padded with blanks to a multiple of 8, the arrays.

        `offset` of an array counts from the end of the header.
        """
        text = json.dumps(header, separators=(",", ":"), allow_nan=False).encode()
        text += b" " * (-(len(text) + 4) % ALIGNMENT)
        return b"".join([struct.pack("<I", len(text)), text, *self._parts])


def pack(header: dict[str, Any]) -> bytes:
    """The packed answer of a header in which arrays are `PackedArray`s, in objects and lists of any depth."""
    packer = Packer()
    return packer.packed(_placed(header, packer))


def _placed(value: Any, packer: Packer) -> Any:
    if isinstance(value, PackedArray):
        return packer.add(*value)
    if isinstance(value, dict):
        return {name: _placed(each, packer) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_placed(each, packer) for each in value]
    return value


def unpack(data: bytes) -> dict[str, Any]:
    """The header of a packed answer, with numpy arrays in it."""
    (length,) = struct.unpack_from("<I", data)
    begin = 4 + length

    def array(value: dict[str, Any]) -> Any:
        if value.keys() != {"type", "offset", "length"}:
            return value
        return np.frombuffer(data, _TYPES[value["type"]], value["length"], begin + value["offset"])

    header: dict[str, Any] = json.loads(data[4:begin], object_hook=array)
    return header
