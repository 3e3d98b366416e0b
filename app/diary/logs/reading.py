"""The text of a log of any size and encoding, plain or gzip, within limits of bytes."""

from __future__ import annotations

import os
import zlib
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from app.formats.gzip_members import MAGIC

HEAD_BYTES = 1 << 19
TAIL_BYTES = 2 << 20
"""Of a larger log the first and the last so many bytes are shown, as DQM^2 stores start and end; to find levels in 1 MB takes 0.05 s."""
HEAD_LINES = 10_000
TAIL_LINES = 40_000
"""Of these parts the first and the last so many lines are shown: each line costs, however short it is."""
MAX_UNPACKED = 64 << 20
"""Bytes of a gzip file that are read, and that are unpacked, at most."""
MAX_MEMBERS = 10_000
"""Parts of a gzip file that are unpacked, at most: empty ones have next to no bytes, but each takes time."""
CHUNK = 1 << 18
_GZIP = 16 + zlib.MAX_WBITS
_ENCODINGS = {BOM_UTF8: "utf-8", BOM_UTF16_LE: "utf-16-le", BOM_UTF16_BE: "utf-16-be"}


class LogText(NamedTuple):
    """The lines of a log that are shown."""

    lines: list[str]
    gap: int | None  # number of lines before the part that is left out; None if there is none
    problem: str = ""  # why the end is missing, a sentence


def read_log(file: BinaryIO) -> LogText:
    """The lines of a log, of a large one those of its first and last part. Raises OSError."""
    if file.read(len(MAGIC)) == MAGIC:
        return _unpacked(file)
    size = os.fstat(file.fileno()).st_size
    if size <= HEAD_BYTES + TAIL_BYTES:
        return _joined(_read_at(file, 0, size), b"")
    begin = (size - TAIL_BYTES) & ~1  # even, so that no character of UTF-16 is cut
    return _joined(_read_at(file, 0, HEAD_BYTES), _read_at(file, begin, size - begin))


def raw_bytes(file: BinaryIO) -> Iterator[bytes]:
    """All bytes that a log has now, unchanged; not those that are added meanwhile. Closes the file at the end."""
    with file:
        left, _ = os.fstat(file.fileno()).st_size, file.seek(0)
        while left > 0 and (part := file.read(min(left, CHUNK))):
            left -= len(part)
            yield part


def _read_at(file: BinaryIO, begin: int, size: int) -> bytes:
    """So many bytes from a position, fewer if the file has become shorter."""
    file.seek(begin)
    parts = []
    while size > 0 and (part := file.read(size)):
        size -= len(part)
        parts.append(part)
    return b"".join(parts)


def _unpacked(file: BinaryIO) -> LogText:
    """The lines of a gzip file. Its end can only be reached by unpacking all before it."""
    head, tail, total, problem = bytearray(), bytearray(), 0, ""
    file.seek(0)
    for part in _members(file):
        if isinstance(part, str):
            problem = part
            break
        total += len(part)
        room = HEAD_BYTES + TAIL_BYTES - len(head)
        head += part[:room]
        tail += part[room:]
        if len(tail) > 2 * TAIL_BYTES:
            del tail[:-TAIL_BYTES]
    if not tail:
        return _joined(bytes(head), b"")._replace(problem=problem)
    end = bytes(head[HEAD_BYTES:] + tail)[-TAIL_BYTES + total % 2 :]
    return _joined(bytes(head[:HEAD_BYTES]), end)._replace(problem=problem)


def _members(file: BinaryIO) -> Iterator[bytes | str]:
    """The bytes of all members of a gzip file; after them a sentence if there would be more."""
    left, unread, members, inflate, packed = MAX_UNPACKED, MAX_UNPACKED, 1, zlib.decompressobj(_GZIP), b""
    while left > 0 and (packed or unread) and members <= MAX_MEMBERS:
        if not packed:
            packed = file.read(min(CHUNK, unread))
            unread -= len(packed)
        if not packed:
            if not inflate.eof:
                yield "The rest of the packed log is missing: it is cut off, or still being written."
            return
        if inflate.eof:  # another member follows
            inflate, members = zlib.decompressobj(_GZIP), members + 1
        try:
            part = inflate.decompress(packed, min(left, CHUNK))
        except zlib.error:
            yield "The rest of the packed log is damaged."
            return
        packed = inflate.unused_data if inflate.eof else inflate.unconsumed_tail
        left -= len(part)
        yield part
    is_large = left <= 0 or not unread
    yield f"Only the first {f'{MAX_UNPACKED >> 20} MB' if is_large else f'{MAX_MEMBERS:,} parts'} of the packed log are shown."


def _joined(head: bytes, tail: bytes) -> LogText:
    """The lines of start and end as one log; "" for an end: the start is the whole log."""
    bom = next((bom for bom in _ENCODINGS if head.startswith(bom)), b"")
    first = _lines(head[len(bom) :], _ENCODINGS.get(bom, ""))
    if not tail:
        is_long = len(first) > HEAD_LINES + TAIL_LINES
        return LogText([*first[:HEAD_LINES], *first[-TAIL_LINES:]], HEAD_LINES) if is_long else LogText(first, None)
    last = _lines(tail, _ENCODINGS.get(bom, ""))
    if len(first) > 1:
        first.pop()  # incomplete
    first = first[:HEAD_LINES]
    return LogText([*first, *(last[1:] or last)[-TAIL_LINES:]], len(first))


def _lines(text: bytes, encoding: str) -> list[str]:
    """Bytes as lines. encoding: "" for UTF-8 with lines in Latin-1, which old programs write."""
    try:
        lines = text.decode(encoding or "utf-8", "replace" if encoding else "strict").split("\n")
    except UnicodeDecodeError:
        lines = [_decoded(line) for line in text.split(b"\n")]
    if not lines[-1]:
        lines.pop()
    return [line.removesuffix("\r") for line in lines]


def _decoded(line: bytes) -> str:
    try:
        return line.decode()
    except UnicodeDecodeError:
        return line.decode("latin-1")
