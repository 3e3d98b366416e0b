"""What ROOT's streamers write: numbers, texts, and objects with their size and version before them."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

WORD = struct.Struct(">I")
_BYTE_COUNT = 0x40000000
_NEW_CLASS = 0xFFFFFFFF
# A class that was named before is told by its place in the buffer, which counts from 2.
_FIRST_PLACE = 2
_HEADER = struct.Struct(">IH")
# TObject: version, unique id, bits; two bytes more when something refers to it
_OBJECT = struct.Struct(">HII")
_REFERENCED = 1 << 4
# of an array of objects: how many, and the number of the first
_COUNTS = struct.Struct(">ii")


class Damaged(Exception):
    """The bytes are not what they should be; the caller knows where they stand."""


DAMAGE = (Damaged, LookupError, ValueError, struct.error)
"""What reading from damaged bytes raises."""


class Reader:
    """Reads from a place that moves on; `keylen` bytes stood before the data where ROOT wrote them. Raises what is in `DAMAGE`."""

    def __init__(self, data: bytes, keylen: int) -> None:
        self._data = data
        self.at = 0
        self._shift = keylen + _FIRST_PLACE
        self._classes: dict[int, bytes] = {}

    def fields(self, format: struct.Struct) -> tuple[Any, ...]:
        values = format.unpack_from(self._data, self.at)
        self.at += format.size
        return values

    def array(self, letter: str, count: int) -> tuple[int, ...]:
        """An array, which has a byte before it."""
        if count > len(self._data):
            raise Damaged
        return self.fields(struct.Struct(f">x{count}{letter}"))

    def take(self, size: int) -> bytes:
        if not 0 <= size <= len(self._data) - self.at:
            raise Damaged
        self.at += size
        return self._data[self.at - size : self.at]

    def text(self) -> bytes:
        (length,) = self.take(1)
        return self.take(self.fields(WORD)[0] if length == 255 else length)

    def header(self) -> tuple[int, int]:
        """The version of the object that starts here, and where it ends."""
        start = self.at
        count, version = self.fields(_HEADER)
        return version, self._end(start, count)

    def _end(self, start: int, count: int) -> int:
        end = start + WORD.size + (count & ~_BYTE_COUNT)
        if not count & _BYTE_COUNT or end > len(self._data):
            raise Damaged
        return end

    def skip(self, objects: int) -> None:
        for _ in range(objects):
            _, self.at = self.header()

    def object(self) -> None:
        """The part that all of ROOT's objects begin with."""
        _, _, bits = self.fields(_OBJECT)
        self.take(2 if bits & _REFERENCED else 0)

    def members(self) -> Iterator[tuple[int, bytes]]:
        """Number and class of each object in an array, read up to where the object itself begins."""
        _, end = self.header()
        self.object()
        self.text()
        count, _ = self.fields(_COUNTS)
        for number in range(count):
            start = self.at
            (size,) = self.fields(WORD)
            if size:
                member_end = self._end(start, size)
                yield number, self._class()
                self.at = member_end
        self.at = end

    def _class(self) -> bytes:
        place = self.at + self._shift
        (tag,) = self.fields(WORD)
        if tag != _NEW_CLASS:
            return self._classes[tag & 0x7FFFFFFF]
        end = self._data.index(b"\0", self.at)
        self._classes[place] = self.take(end - self.at)
        self.at += 1
        return self._classes[place]
