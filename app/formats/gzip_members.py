"""Protobuf snapshots as streams of bytes, decompressed when the whole file is a gzip file."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

from app.formats.file_source import ReadAhead

if TYPE_CHECKING:
    from collections.abc import Iterator

    from app.formats.file_source import FileSource

MAGIC = b"\x1f\x8b"
"""The first bytes of a gzip file."""
MAX_UNPACKED = 1 << 29
"""Bytes that a packed file may yield; the rest counts as damaged."""
_CHUNK = 1 << 20
_FIRST_PIECE = 1 << 14
"""Packed bytes of a member that are unpacked first; pieces grow, so that many small members share one chunk."""
_GZIP = 16 + zlib.MAX_WBITS


class PlainStream:
    """The unchanged bytes of a file.

    Attributes:
        is_damaged: Always False.
    """

    is_damaged = False

    def __init__(self, source: FileSource) -> None:
        self._source = source
        self._at = 0

    def read(self, size: int) -> bytes:
        """The next `size` bytes, fewer at the end."""
        data = self._source.read(self._at, size)
        self._at += len(data)
        return data

    def position(self, at: int, nbytes: int) -> tuple[int, int, int]:
        """`seek`, `nbytes` and `entry` of a row for bytes of the stream."""
        return at, nbytes, 0


class GzipMember:
    """One member of a gzip file, unpacked; a file of concatenated gzip files has several.

    A byte can only be reached by unpacking all bytes before it.

    Attributes:
        left: Bytes that it may still yield.
        is_damaged: The member is truncated or damaged, or yields more than `left`.
    """

    def __init__(self, source: FileSource, seek: int, left: int = MAX_UNPACKED, file: ReadAhead | None = None) -> None:
        """The member that begins at byte `seek`. `file` is shared by members of a file that are read consecutively."""
        self.left = left
        self.is_damaged = False
        self._budget = source.budget
        self._file = file or ReadAhead(source, _CHUNK)
        self._seek = self._next = seek
        self._inflate = zlib.decompressobj(_GZIP)
        self._packed = b""
        self._piece = _FIRST_PIECE

    def read(self, size: int) -> bytes:
        """The next `size` bytes unpacked, fewer where the member ends or is damaged."""
        parts = []
        while size > 0 and not self._inflate.eof and not self.is_damaged:
            part = self._part(min(size, self.left))
            parts.append(part)
            size -= len(part)
            self.left -= len(part)
            self._budget.unpack(len(part))
        return b"".join(parts)

    def _part(self, size: int) -> bytes:
        packed = self._packed or self._next_piece()
        try:
            part = self._inflate.decompress(packed, size) if size else b""
        except zlib.error:
            part, size = b"", 0
        self._packed = self._inflate.unconsumed_tail
        self.is_damaged = not self._inflate.eof and not part and not (packed and size)
        return part

    def _next_piece(self) -> bytes:
        packed = self._file.read(self._next, self._piece)
        self._next += len(packed)
        self._piece = min(2 * self._piece, _CHUNK)
        return packed

    def skip(self, size: int) -> None:
        """Advance over `size` unpacked bytes."""
        while size > 0 and (passed := len(self.read(min(size, _CHUNK)))):
            size -= passed

    def position(self, at: int, nbytes: int) -> tuple[int, int, int]:
        """`seek`, `nbytes` and `entry` of a row for unpacked bytes that were read."""
        return self._seek, self._next - self._seek, at

    @property
    def end(self) -> int:
        """The first byte after the member, once it is read to its end."""
        return self._next - len(self._inflate.unused_data)


def streams(source: FileSource) -> Iterator[PlainStream | GzipMember]:
    """The streams of a file: the file itself, or each member of a gzip file."""
    if source.read(0, len(MAGIC)) != MAGIC:
        yield PlainStream(source)
        return
    seek, left = 0, MAX_UNPACKED
    file = ReadAhead(source, _CHUNK)
    while seek < source.size:
        member = GzipMember(source, seek, left, file)
        yield member
        member.skip(member.left)
        if member.is_damaged:
            return
        seek, left = member.end, member.left
