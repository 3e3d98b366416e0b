"""Bytes of a file from its start on, piece by piece: as they are, or unpacked when the file is packed as a whole by gzip."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from app.formats.source import Source

MAGIC = b"\x1f\x8b"
MAX_UNPACKED = 1 << 29
"""Bytes that a packed file may yield; what comes behind is as good as damaged."""
_CHUNK = 1 << 20
_FIRST = 1 << 14
"""Bytes that are read of a part first: a file of many small ones is not read once for each."""
_GZIP = 16 + zlib.MAX_WBITS


class Plain:
    """The bytes of a file as they are."""

    damaged = False

    def __init__(self, source: Source) -> None:
        self._source = source
        self._at = 0

    def read(self, size: int) -> bytes:
        """The next `size` bytes, fewer at the end."""
        data = self._source.read(self._at, size)
        self._at += len(data)
        return data

    def place(self, at: int, nbytes: int) -> tuple[int, int, int]:
        """`seek`, `nbytes` and `entry` of a row for what is at this place."""
        return at, nbytes, 0


class Member:
    """One part of a file that gzip packed, unpacked; files put one behind the other have several.

    Nothing in it can be reached but by unpacking all before it. `left` is how much it may yield; `damaged` tells that it
    does not come to its end.
    """

    def __init__(self, source: Source, seek: int, left: int = MAX_UNPACKED) -> None:
        self.left = left
        self._source = source
        self._seek = self._next = seek
        self._inflate = zlib.decompressobj(_GZIP)
        self._packed = b""
        self.damaged = False

    def read(self, size: int) -> bytes:
        """The next `size` bytes unpacked, fewer where this part ends or is damaged."""
        parts = []
        while size > 0 and not self._inflate.eof and not self.damaged:
            part = self._part(min(size, self.left))
            parts.append(part)
            size -= len(part)
            self.left -= len(part)
        return b"".join(parts)

    def _part(self, size: int) -> bytes:
        packed = self._packed or self._source.read(self._next, _FIRST if self._next == self._seek else _CHUNK)
        self._next += 0 if self._packed else len(packed)
        try:
            part = self._inflate.decompress(packed, size) if size else b""
        except zlib.error:
            part, size = b"", 0
        self._packed = self._inflate.unconsumed_tail
        self.damaged = not self._inflate.eof and not part and not (packed and size)
        return part

    def skip(self, size: int) -> None:
        """Pass over bytes without keeping them."""
        while size > 0 and (passed := len(self.read(min(size, _CHUNK)))):
            size -= passed

    def place(self, at: int, nbytes: int) -> tuple[int, int, int]:
        """`seek`, `nbytes` and `entry` of a row for what is at this place of the unpacked bytes, which have been read."""
        return self._seek, self._next - self._seek, at

    @property
    def end(self) -> int:
        """Where the next part begins, once this one has been read to its end."""
        return self._next - len(self._inflate.unused_data)


def streams(source: Source) -> Iterator[Plain | Member]:
    """The file itself, or each part of a packed one."""
    if source.read(0, len(MAGIC)) != MAGIC:
        yield Plain(source)
        return
    seek, left = 0, MAX_UNPACKED
    while seek < source.size:
        member = Member(source, seek, left)
        yield member
        member.skip(member.left)  # what nobody wanted to read of it
        if member.damaged:
            return
        seek, left = member.end, member.left
