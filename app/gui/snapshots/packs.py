"""Packs: files with contents by their hashes, each content once, compressed; a folder of them for each run.

A pack is written to a temporary file and renamed, so that readers see all of it or nothing. It begins with the contents; then
follow the sorted hashes, the places of their contents in the same order, the number of hashes by first byte, and the trailer.
"""

from __future__ import annotations

import os
import struct
from contextlib import suppress
from hashlib import blake2b
from itertools import accumulate
from pathlib import Path
from typing import Self

import zstandard

HASH_BYTES = 16
SUFFIX = ".pack"

_PLACE = struct.Struct("<QI")
_BOUND = struct.Struct("<I")
_TRAILER = struct.Struct("<IQ8s")
_MAGIC = b"DQMPACK1"
_RAW, _ZSTD = b"\0", b"\1"
_TRIES = 3


class NoContent(Exception):
    """A content is in no pack: its snapshot was removed, or its pack is damaged."""


def content_hash(content: bytes) -> bytes:
    """The hash that names a content."""
    return blake2b(content, digest_size=HASH_BYTES).digest()


class PackWriter:
    """A pack that is being written; without `finish` nothing is left of it. It may get a content twice, and keeps it once.

    Only one thread of all processes at a time may write packs in a folder.
    """

    def __init__(self, folder: Path) -> None:
        """Raises OSError."""
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._new = folder / "new"
        self._file = open(self._new, "wb", buffering=1 << 20)  # noqa: SIM115  `__exit__` closes it
        self._places: dict[bytes, tuple[int, int]] = {}
        self._at = 0
        self._compress = zstandard.ZstdCompressor(level=3).compress

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):  # what is still in memory does not fit on a full disk either
            self._file.close()
        self._new.unlink(missing_ok=True)

    def add(self, name: bytes, content: bytes) -> None:
        """Add the content with this hash."""
        if name in self._places:
            return
        packed = self._compress(content)
        self.add_stored(name, _ZSTD + packed if len(packed) < len(content) else _RAW + content)

    def add_stored(self, name: bytes, stored: bytes) -> None:
        """Add a content with this hash in the form of another pack."""
        if name in self._places:
            return
        self._file.write(stored)
        self._places[name] = self._at, len(stored)
        self._at += len(stored)

    def finish(self, name: str) -> None:
        """Write what follows the contents, and give the pack its name. Raises OSError."""
        names = sorted(self._places)
        counts = [0] * 256
        for each in names:
            counts[each[0]] += 1
        self._file.write(b"".join(names))
        self._file.write(b"".join(_PLACE.pack(*self._places[each]) for each in names))
        self._file.write(b"".join(map(_BOUND.pack, accumulate(counts, initial=0))))
        self._file.write(_TRAILER.pack(len(names), self._at, _MAGIC))
        self._file.close()
        self._new.rename(pack_path(self._folder, name))


def pack_path(folder: Path, name: str) -> Path:
    """The file of a pack."""
    return folder / f"{name}{SUFFIX}"


def pack_sizes(folder: Path) -> dict[str, int]:
    """Bytes of each pack in a folder; empty if there is no folder."""
    sizes = {}
    try:
        for entry in os.scandir(folder):
            if entry.name.endswith(SUFFIX):
                sizes[entry.name.removesuffix(SUFFIX)] = entry.stat().st_size
    except FileNotFoundError:  # also for a pack that was removed meanwhile
        pass
    return sizes


def copy_contents(pack: Path, names: set[bytes], target: PackWriter) -> None:
    """Copy the contents with these hashes to another pack, those that the pack has; none from a damaged pack. Raises OSError."""
    with open(pack, "rb") as file:
        for (start, size), name in sorted(_table(file.fileno())):
            if name in names:
                file.seek(start)
                target.add_stored(name, file.read(size))


def stored_hashes(folder: Path) -> set[bytes]:
    """The hashes of all contents in the packs of a folder. Raises OSError."""
    found: set[bytes] = set()
    for pack in pack_sizes(folder):
        with open(pack_path(folder, pack), "rb") as file:
            found.update(name for _, name in _table(file.fileno()))
    return found


def _table(file: int) -> list[tuple[tuple[int, int], bytes]]:
    """Place and hash of each content of a pack, by hash; empty for a damaged pack."""
    try:
        end = os.fstat(file).st_size - _TRAILER.size
        count, hashes, magic = _TRAILER.unpack(os.pread(file, _TRAILER.size, max(end, 0)))
        table = os.pread(file, count * (HASH_BYTES + _PLACE.size), hashes) if magic == _MAGIC else b""
        places = list(_PLACE.iter_unpack(table[count * HASH_BYTES :]))
    except (struct.error, OverflowError):
        return []
    return [((start, size), table[number * HASH_BYTES : (number + 1) * HASH_BYTES]) for number, (start, size) in enumerate(places)]


def read_content(folder: Path, name: bytes, likely: str) -> bytes:
    """The content with this hash from any pack in a folder; that of the name `likely` is searched first. Raises NoContent, OSError."""
    for _ in range(_TRIES):  # packs may be joined meanwhile
        others = pack_sizes(folder).keys() - {likely}
        for pack in (likely, *others):
            if (content := _read(pack_path(folder, pack), name)) is not None:
                return content
    raise NoContent(f"{name.hex()} is in no pack of {folder}")


def _read(pack: Path, name: bytes) -> bytes | None:
    """The undamaged content with this hash in a pack; None if it has none."""
    try:
        file = os.open(pack, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        stored = _stored(file, name)
        content = stored and _unpacked(stored)
    except (struct.error, zstandard.ZstdError):  # the machine stopped before all of it was on the disk
        return None
    finally:
        os.close(file)
    return content if content and content_hash(content) == name else None


def _stored(file: int, name: bytes) -> bytes | None:
    end = os.fstat(file).st_size - _TRAILER.size
    count, hashes, magic = _TRAILER.unpack(os.pread(file, _TRAILER.size, max(end, 0)))
    if magic != _MAGIC:
        return None
    bounds = end - 257 * _BOUND.size
    first, last = struct.unpack("<II", os.pread(file, 2 * _BOUND.size, bounds + name[0] * _BOUND.size))
    some = os.pread(file, (last - first) * HASH_BYTES, hashes + first * HASH_BYTES)
    at = some.find(name)
    while at % HASH_BYTES and at >= 0:
        at = some.find(name, at + 1)
    if at < 0:
        return None
    number = first + at // HASH_BYTES
    place = os.pread(file, _PLACE.size, hashes + count * HASH_BYTES + number * _PLACE.size)
    start, size = _PLACE.unpack(place)
    return os.pread(file, size, start)


def _unpacked(stored: bytes) -> bytes:
    return zstandard.ZstdDecompressor().decompress(stored[1:]) if stored[:1] == _ZSTD else stored[1:]
