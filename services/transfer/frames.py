"""The outer framing of snapshots (PB files): where each entry begins, and its name; no ME is decoded.

A snapshot is a sequence of entries `0A varint(length) [0A varint(length of the name) name, other fields]`. Those of older clients
are packed by gzip as a whole.
"""

from __future__ import annotations

import gzip
import os
import stat
import tempfile
import zlib
from array import array
from contextlib import ExitStack
from pathlib import Path
from typing import IO

MAX_NAME = 4096
"""Bytes of the longest name that the hub reads."""
MAX_ENTRIES = 1_000_000
"""Entries of a file: the hub reads no more."""
MAX_UNPACKED = 1 << 29
"""Bytes that a packed snapshot may have."""
_WINDOW = 1 << 16
_HEAD = 24 + MAX_NAME
_GZIP = b"\x1f\x8b"


class DamagedInput(ValueError):
    """A damaged snapshot; the message is the reason to leave it out."""


def open_snapshot(path: Path, folder: Path, stack: ExitStack) -> IO[bytes]:
    """Open a snapshot; a packed one is unpacked into a nameless file in `folder`. The stack closes them.

    Raises `OSError`, and DamagedInput if it is not a file or is a damaged packed file.
    """
    if not stat.S_ISREG(path.stat().st_mode):
        raise DamagedInput("it is not a file")
    file: IO[bytes] = stack.enter_context(path.open("rb", buffering=0))
    return stack.enter_context(_unpacked(file, folder)) if os.pread(file.fileno(), 2, 0) == _GZIP else file


def _unpacked(packed: IO[bytes], folder: Path) -> IO[bytes]:
    """The content of a gzip file, as a nameless file in this folder. Raises DamagedInput."""
    file = tempfile.TemporaryFile(dir=folder, buffering=0)  # noqa: SIM115  the caller closes it
    try:
        size = 0
        with gzip.GzipFile(fileobj=packed) as content:
            while part := content.read(1 << 20):
                size += len(part)
                if size > MAX_UNPACKED:
                    raise DamagedInput(f"unpacked it has more than {MAX_UNPACKED >> 20} MB")
                _write_all(file, part)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        file.close()
        raise DamagedInput(f"its gzip stream is damaged: {error}") from None
    except BaseException:
        file.close()
        raise
    return file


def _write_all(file: IO[bytes], data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[file.write(rest) :]


def read_frames(source: int) -> tuple[list[bytes], array[int]]:
    """The names of all entries of an open snapshot, and where each begins, with the end of the file as the last number.

    Raises DamagedInput when its content is not a sequence of entries.
    """
    size = os.fstat(source).st_size
    names: list[bytes] = []
    begins = array("q")
    data, base, at = b"", 0, 0
    while base + at < size:
        if at + _HEAD > len(data) and base + len(data) < size:
            base, at = base + at, 0
            data = os.pread(source, _WINDOW, base)
        begin = base + at
        try:
            name, at = _read_head(data, at, size - base)
            name.decode()
        except IndexError:
            raise DamagedInput(f"it ends within the entry at byte {begin}") from None
        except UnicodeDecodeError:
            raise DamagedInput(f"the name of the entry at byte {begin} is not UTF-8") from None
        except ValueError as error:
            raise DamagedInput(f"{error} at byte {begin}") from None
        names.append(name)
        begins.append(begin)
        if len(names) > MAX_ENTRIES:
            raise DamagedInput(f"it has more than {MAX_ENTRIES} entries")
    begins.append(size)
    return names, begins


def _read_head(data: bytes, at: int, limit: int) -> tuple[bytes, int]:
    """The name of the entry at this index, and the index after the entry; `limit` is the index of the end of the file.

    Raises `IndexError` when the file ends before, `ValueError` for bytes that are no entry.
    """
    if data[at] != 0x0A:
        raise ValueError("there is no entry")
    length, body = _varint(data, at + 1)
    end = body + length
    if end > limit:
        raise ValueError(f"an entry of {length} bytes is longer than the rest of the file")
    if body == end or data[body] != 0x0A:
        raise ValueError("an entry has no name")
    length, start = _varint(data, body + 1)
    stop = start + length
    if not 0 < length <= MAX_NAME or stop > end:
        raise ValueError(f"an entry has a name of {length} bytes")
    return data[start:stop], end


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """A number in base 128, and the index after it. Raises `IndexError` and `ValueError`."""
    value = data[at]
    at += 1
    if value < 0x80:
        return value, at
    value &= 0x7F
    for shift in range(7, 70, 7):
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
    raise ValueError("a number has more than 64 bits")
