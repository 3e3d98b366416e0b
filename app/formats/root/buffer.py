"""Bytes that ROOT's streamers wrote: numbers, texts, and objects preceded by their size and version."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

from app.formats.root.framing import BYTE_COUNT, NEW_CLASS

if TYPE_CHECKING:
    from collections.abc import Iterator

WORD = struct.Struct(">I")
# The reference to a class that was named before is a position in the buffer, counted from 2.
_FIRST_POSITION = 2
_HEADER = struct.Struct(">IH")
# TObject: version, unique id, bits; two bytes more for a referenced object
_OBJECT = struct.Struct(">HII")
_REFERENCED = 1 << 4
# array of objects: count, number of the first
_COUNTS = struct.Struct(">ii")


class DamagedBuffer(Exception):
    """The bytes are not those of a streamer; the caller adds their position."""


DAMAGE = (DamagedBuffer, LookupError, ValueError, struct.error)
"""The exceptions of reading damaged bytes."""


class BufferReader:
    """A reader that advances over the bytes of one object. Raises the exceptions in `DAMAGE`.

    Attributes:
        at: Index of the next byte.
    """

    def __init__(self, data: bytes, keylen: int) -> None:
        """`keylen`: bytes before the data in the buffer that ROOT wrote; references to classes count them."""
        self._data = data
        self.at = 0
        self._shift = keylen + _FIRST_POSITION
        self._classes: dict[int, bytes] = {}

    def fields(self, format: struct.Struct) -> tuple[Any, ...]:
        """The numbers of a `struct`."""
        values = format.unpack_from(self._data, self.at)
        self.at += format.size
        return values

    def array(self, letter: str, count: int) -> tuple[int, ...]:
        """An array of `count` numbers of one type, as in `struct`, preceded by one byte."""
        if count > len(self._data):
            raise DamagedBuffer
        return self.fields(struct.Struct(f">x{count}{letter}"))

    def take(self, size: int) -> bytes:
        """The next `size` bytes."""
        if not 0 <= size <= len(self._data) - self.at:
            raise DamagedBuffer
        self.at += size
        return self._data[self.at - size : self.at]

    def text(self) -> bytes:
        """A text preceded by its length."""
        (length,) = self.take(1)
        return self.take(self.fields(WORD)[0] if length == 255 else length)

    def header(self) -> tuple[int, int]:
        """The version of the object that starts here, and the index of its end."""
        start = self.at
        count, version = self.fields(_HEADER)
        return version, self._end(start, count)

    def _end(self, start: int, count: int) -> int:
        end = start + WORD.size + (count & ~BYTE_COUNT)
        if not count & BYTE_COUNT or end > len(self._data):
            raise DamagedBuffer
        return end

    def skip(self, objects: int) -> None:
        """Advance over whole objects."""
        for _ in range(objects):
            _, self.at = self.header()

    def skip_base(self) -> None:
        """Advance over the base class TObject."""
        _, _, bits = self.fields(_OBJECT)
        self.take(2 if bits & _REFERENCED else 0)

    def members(self) -> Iterator[tuple[int, bytes]]:
        """Number and class of each object in an array of objects; `at` is then the start of the object."""
        _, end = self.header()
        self.skip_base()
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
        position = self.at + self._shift
        (tag,) = self.fields(WORD)
        if tag != NEW_CLASS:
            return self._classes[tag & 0x7FFFFFFF]
        end = self._data.index(b"\0", self.at)
        self._classes[position] = self.take(end - self.at)
        self.at += 1
        return self._classes[position]
