"""The container of ROOT files: header and directories, read with `struct`.

A file is a chain of records, each with a key (sizes, class, name, title). The record of a directory has the position of its
list of keys. Reading follows these lists, so that deleted objects stay deleted. Only if a list is lost (the file was truncated,
or its writer crashed), all records are scanned; each names its directory.
"""

from __future__ import annotations

import struct
from functools import cached_property
from typing import TYPE_CHECKING

from app.formats.errors import FormatError
from app.formats.file_source import ReadAhead
from app.formats.root.keys import BIG_KEY, BIG_VERSION, DAMAGE, KEY, KeyList, RootKey, parse_key, parse_keys

if TYPE_CHECKING:
    from collections.abc import Iterator

    from app.formats.file_source import FileSource

MAX_KEYS = 1_000_000
"""Keys in one file; the largest DQM files have about 300,000."""
MAX_LIST_BYTES = 1 << 28
"""Bytes of one list of keys."""
DIRECTORIES = (b"TDirectory", b"TDirectoryFile")

_COUNT = struct.Struct(">i")
_SMALLEST_LIST = KEY.size + 3 + _COUNT.size
# The class of a record with entries of a tree is named before this byte.
_BASKET = b"\x07TBasket"
_BASKET_NAMED = BIG_KEY.size + len(_BASKET)
# Nearly all keys fit into the first read of a record.
_FIRST_READ = 512
_READ_AHEAD = 1 << 12
# version, created, modified, nbytes of the key list, nbytes of the name, seek of itself, of its parent, of its key list
_DIRECTORY = struct.Struct(">hIIiiiii")
_BIG_DIRECTORY = struct.Struct(">hIIiiqqq")
# magic, version, begin, end, seek and nbytes of the free list, number of free segments, nbytes of the name
_FILE = struct.Struct(">4siiiiiii")
_BIG_FILE = struct.Struct(">4siiqqiii")
_BIG_FILE_VERSION = 1_000_000


class RootFile:
    """A ROOT file. Raises `OSError` when it cannot be read, and `FormatError` when it is not a ROOT file."""

    def __init__(self, source: FileSource) -> None:
        self._source = source
        self.path = source.path
        self._read_header()

    def _read_header(self) -> None:
        self.size = self._unread_list_bytes = self._source.size
        self._unread_keys = MAX_KEYS
        header = self._source.read(0, _BIG_FILE.size)
        if len(header) < _BIG_FILE.size or not header.startswith(b"root"):
            raise FormatError(f"starts with {header[:4]!r} and has {self.size} bytes", self.path, "a ROOT file, starting with b'root'")
        fields = _FILE.unpack_from(header)
        if fields[1] >= _BIG_FILE_VERSION:
            fields = _BIG_FILE.unpack_from(header)
        self._begin, nbytes_name = fields[2], fields[7]
        self._root = self._begin + nbytes_name
        if not 0 < self._begin < self.size or nbytes_name < 0:
            raise FormatError(f"its header points to byte {self._root} of {self.size}", self.path, "a complete ROOT file")

    def read(self, seek: int, size: int) -> bytes:
        """Exactly `size` bytes from `seek`. Raises `FormatError` when they are not all in the file."""
        within = size >= 0 and 0 <= seek <= self.size - size
        data = self._source.read(seek, size) if within else b""
        if not within or len(data) != size:
            raise FormatError(f"{size} bytes at byte {seek} are not all in the file of {self.size}", self.path, "a complete file")
        return data

    def keys(self, directory: RootKey | None = None) -> KeyList:
        """The keys of a directory; None is the top directory.

        When its list is lost, the result is collected from the records of the file and counts one damaged key. Raises `FormatError`
        when no record belongs to the top directory, or for more than `MAX_KEYS` keys in the file.
        """
        try:
            listed = self._listed_keys(self._root if directory is None else directory.seek + directory.keylen)
        except FormatError:
            seek = self._begin if directory is None else directory.seek
            if directory is None and seek not in self._keys_by_directory:
                raise
            listed = KeyList(self._keys_by_directory.get(seek, []), 1)
        self._unread_keys -= len(listed.keys)
        if self._unread_keys < 0:
            raise FormatError("it has too many keys", self.path, f"at most {MAX_KEYS}")
        return listed

    def _listed_keys(self, record: int) -> KeyList:
        seek, nbytes, _ = self._directory(record)
        # Lists never share bytes, so in total they are not larger than the file.
        if not _SMALLEST_LIST <= nbytes <= min(MAX_LIST_BYTES, self._unread_list_bytes):
            raise FormatError(f"a list of keys of {nbytes} bytes", self.path, "lists that fit into the file")
        data = self.read(seek, nbytes)
        self._unread_list_bytes -= nbytes
        try:
            header, at = parse_key(data, 0, self.size)
            (count,) = _COUNT.unpack_from(data, at)
        except DAMAGE as error:
            raise FormatError(f"no list of keys at byte {seek}", self.path, "the list of a directory") from error
        if header.nbytes != nbytes or header.seek != seek:
            raise FormatError(f"the record at byte {seek} is not a list of keys", self.path, "the list of a directory")
        return parse_keys(data, at + _COUNT.size, count, self._unread_keys, self._source.budget)

    def _directory(self, record: int) -> tuple[int, int, int]:
        """Position and size of the key list of the directory whose record starts at this byte, and the position of its own key."""
        data = self._source.read(record, _BIG_DIRECTORY.size)
        if len(data) < _DIRECTORY.size:
            raise FormatError(f"no directory at byte {record} of {self.size}", self.path, "a complete file")
        version, _, _, nbytes, _, own, _, seek = _DIRECTORY.unpack_from(data)
        if version > BIG_VERSION and len(data) == _BIG_DIRECTORY.size:
            _, _, _, nbytes, _, own, _, seek = _BIG_DIRECTORY.unpack(data)
        return seek, nbytes, own

    @cached_property
    def _keys_by_directory(self) -> dict[int, list[RootKey]]:
        """The keys of all records in the file by the seek of their directory."""
        found: dict[int, list[RootKey]] = {}
        for key in self._records():
            # A list of keys has class and name of its directory, but is not the record of the directory.
            if key.class_name not in DIRECTORIES or self._is_directory(key):
                found.setdefault(key.parent, []).append(key)
        return found

    def _is_directory(self, key: RootKey) -> bool:
        try:
            return self._directory(key.seek + key.keylen)[2] == key.seek
        except FormatError:
            return False

    def _records(self) -> Iterator[RootKey]:
        file = ReadAhead(self._source, _READ_AHEAD)
        at = self._begin
        for _ in range(MAX_KEYS):
            data = file.read(at, _FIRST_READ)
            if len(data) < _SMALLEST_LIST:
                return
            (nbytes,) = _COUNT.unpack_from(data)
            if nbytes < 0:
                at -= nbytes
                continue
            if _BASKET in data[:_BASKET_NAMED] and nbytes > KEY.size:
                at += nbytes  # its key has more fields, and no directory lists it
                continue
            keylen = int.from_bytes(data[14:16], "big")
            if keylen > _FIRST_READ:
                data = file.read(at, keylen)
            try:
                key, _ = parse_key(data, 0, self.size)
            except DAMAGE:
                return
            if key.seek != at:
                return
            if at != self._begin:
                yield key
            at += nbytes
