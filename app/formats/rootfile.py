"""The container of ROOT files: header, keys and directories, read with `struct`.

A file is a chain of records, each behind a key (sizes, class, name, title). A directory's record says where the list of
its keys stands. Reading goes by these lists, so that deleted objects stay deleted; only where a list is lost (the file
was cut, or its writer died) are the records themselves walked, each of which names its directory.
"""

from __future__ import annotations

import re
import struct
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from app.formats.model import FormatError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from app.formats.source import Source

MAX_KEYS = 1_000_000
"""Keys in one file; the largest DQM files have some 300,000."""
MAX_LIST_BYTES = 1 << 28
DIRECTORIES = (b"TDirectory", b"TDirectoryFile")

# nbytes, version, objlen, date, keylen, cycle, seek of the object, seek of its directory; then class, name and title
_KEY = struct.Struct(">ihiIhhii")
_BIG_KEY = struct.Struct(">ihiIhhqq")
_COUNT = struct.Struct(">i")
_SMALLEST_LIST = _KEY.size + 3 + _COUNT.size
# Bytes that ROOT leaves at the end of a list in a large file.
_SLACK = 8
# Where the class of a record that holds entries of a tree is named at the latest.
_BASKET = b"\x07TBasket"
_BASKET_NAMED = _BIG_KEY.size + len(_BASKET)
# A key's header has a length of 16 bits; nearly all fit into the first read.
_FIRST_READ = 512
_LONGEST_KEY = 1 << 15
# version, created, modified, nbytes of the key list, nbytes of the name, seek of itself, of its parent, of its key list
_DIRECTORY = struct.Struct(">hIIiiiii")
_BIG_DIRECTORY = struct.Struct(">hIIiiqqq")
_BIG_VERSION = 1000
# magic, version, begin, end, seek and nbytes of the free list, number of free segments, nbytes of the name
_FILE = struct.Struct(">4siiiiiii")
_BIG_FILE = struct.Struct(">4siiqqiii")
_BIG_FILE_VERSION = 1_000_000
# The high bits of a directory's seek number the process that wrote the key.
_SEEK_MASK = (1 << 48) - 1
# A key starts a fixed length before its class name: how reading goes on behind a damaged one.
_CLASS = re.compile(rb"\x04TH[123][CSIFD]|\x07TH2Poly|\x08TProfile|\x0aTProfile2D|\x0aTObjString|\x0aTDirectory|\x0eTDirectoryFile")


class Key(NamedTuple):
    """`nbytes` bytes from `seek` on: a header of `keylen`, then the object, of `objlen` bytes when decompressed.

    `parent` is the seek of the directory that the object is in.
    """

    class_name: bytes
    name: bytes
    seek: int
    nbytes: int
    objlen: int
    keylen: int
    cycle: int
    parent: int


class KeyList(NamedTuple):
    """The keys of one directory, and how many more it has that are damaged."""

    keys: list[Key]
    damaged: int


class DamagedKey(Exception):
    """The bytes are no key."""


DAMAGE = (DamagedKey, IndexError, struct.error)
"""What `parse_key` raises."""


def parse_key(data: bytes, at: int, file_size: int) -> tuple[Key, int]:
    """The key that starts at byte `at` of `data`, and where it ends. Raises one of `DAMAGE`."""
    nbytes, version, objlen, _, keylen, cycle, seek, parent = _KEY.unpack_from(data, at)
    position = at + 26
    if version > _BIG_VERSION:
        seek, parent = _BIG_KEY.unpack_from(data, at)[6:]
        position = at + 34
    # The three texts are read in line, not by a function: this runs for each of the 100,000 keys of a large file.
    length = data[position]
    position += 1
    class_name = data[position : position + length]
    position += length
    length = data[position]
    position += 1
    if length == 255:
        length = int.from_bytes(data[position : position + 4], "big")
        position += 4
    name = data[position : position + length]
    position += length
    length = data[position]
    position += 1
    if length == 255:
        length = int.from_bytes(data[position : position + 4], "big")
        position += 4
    position += length
    # The header states its own length, which the strings must fill: random bytes hardly ever do.
    if position != at + keylen or position > len(data) or objlen < 0 or nbytes < keylen or not 0 < seek <= file_size - nbytes:
        raise DamagedKey
    return Key(class_name, name, seek, nbytes, objlen, keylen, cycle, parent & _SEEK_MASK), position


def parse_keys(data: bytes, at: int, count: int, file_size: int, limit: int) -> KeyList:
    """The `count` keys that follow each other in `data` from byte `at` on; a damaged one is passed over.

    When there are more than `limit`, the result has one more than that.
    """
    keys: list[Key] = []
    end = len(data)
    resumed = 0
    while at + _SLACK < end and len(keys) <= limit:
        try:
            key, at = parse_key(data, at, file_size)
        except DAMAGE:
            resumed += 1
            at = _next_key(data, at + 1, file_size)
        else:
            keys.append(key)
    lost = min(count, end // _KEY.size) - len(keys)
    return KeyList(keys, max(resumed, lost) if resumed else 0)


def _next_key(data: bytes, at: int, file_size: int) -> int:
    """Where the first whole key at or after byte `at` starts; the end when there is none."""
    for match in _CLASS.finditer(data, at):
        for start in (match.start() - _KEY.size, match.start() - _BIG_KEY.size):
            if start >= at:
                try:
                    parse_key(data, start, file_size)
                except DAMAGE:
                    continue
                return start
    return len(data)


class RootFile:
    """A ROOT file. Raises `OSError` when it cannot be read, and `FormatError` when it is none."""

    def __init__(self, source: Source) -> None:
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
            raise FormatError(f"its header points to byte {self._root} of {self.size}", self.path, "a whole ROOT file")

    def read(self, seek: int, size: int) -> bytes:
        """Exactly `size` bytes from `seek` on."""
        within = size >= 0 and 0 <= seek <= self.size - size
        data = self._source.read(seek, size) if within else b""
        if not within or len(data) != size:
            raise FormatError(f"{size} bytes at byte {seek} are not all in the file of {self.size}", self.path, "a whole file")
        return data

    def keys(self, directory: Key | None = None) -> KeyList:
        """What is in a directory, None being the top one.

        When its list is lost the result is what the records of the file tell, and counts one damaged key. Raises
        `FormatError` when these tell nothing of the top directory, or for more than `MAX_KEYS` keys in all.
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
        # Lists never share bytes, so a file that says otherwise is not read for longer than its size is worth.
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
            raise FormatError(f"another record than a list of keys at byte {seek}", self.path, "the list of a directory")
        return parse_keys(data, at + _COUNT.size, count, self.size, self._unread_keys)

    def _directory(self, record: int) -> tuple[int, int, int]:
        """Where the key list of the directory is whose record starts at this byte, its size, and where its own key is."""
        data = self._source.read(record, _BIG_DIRECTORY.size)
        if len(data) < _DIRECTORY.size:
            raise FormatError(f"no directory at byte {record} of {self.size}", self.path, "a whole file")
        version, _, _, nbytes, _, own, _, seek = _DIRECTORY.unpack_from(data)
        if version > _BIG_VERSION and len(data) == _BIG_DIRECTORY.size:
            _, _, _, nbytes, _, own, _, seek = _BIG_DIRECTORY.unpack(data)
        return seek, nbytes, own

    @cached_property
    def _keys_by_directory(self) -> dict[int, list[Key]]:
        """The keys of all records in the file by the seek of their directory."""
        found: dict[int, list[Key]] = {}
        for key in self._records():
            # The lists of keys have the class and the name of the directory itself, but not its record.
            if key.class_name not in DIRECTORIES or self._is_directory(key):
                found.setdefault(key.parent, []).append(key)
        return found

    def _is_directory(self, key: Key) -> bool:
        try:
            return self._directory(key.seek + key.keylen)[2] == key.seek
        except FormatError:
            return False

    def _records(self) -> Iterator[Key]:
        at = self._begin
        for _ in range(MAX_KEYS):
            data = self._source.read(at, _FIRST_READ)
            if len(data) < _SMALLEST_LIST:
                return
            (nbytes,) = _COUNT.unpack_from(data)
            if nbytes < 0:
                at -= nbytes
                continue
            if _BASKET in data[:_BASKET_NAMED] and nbytes > _KEY.size:
                at += nbytes  # its key has more in it, and no directory lists it
                continue
            if int.from_bytes(data[14:16], "big") > _FIRST_READ:
                data = self._source.read(at, _LONGEST_KEY)
            try:
                key, _ = parse_key(data, 0, self.size)
            except DAMAGE:
                return
            if key.seek != at:
                return
            if at != self._begin:
                yield key
            at += nbytes
