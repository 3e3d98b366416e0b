"""Keys of ROOT files: the header of each record, and the key lists of directories."""

from __future__ import annotations

import re
import struct
from typing import NamedTuple

from app.formats.work_budget import WorkBudget

# nbytes, version, objlen, date, keylen, cycle, seek of the object, seek of its directory; then class, name and title
KEY = struct.Struct(">ihiIhhii")
BIG_KEY = struct.Struct(">ihiIhhqq")
"""The fixed part of a key with positions of 64 bits."""
BIG_VERSION = 1000
"""Higher versions have positions of 64 bits."""
# Bytes that ROOT leaves at the end of a list in a large file.
_SLACK = 8
# The high bits of a directory's seek number the process that wrote the key.
_SEEK_MASK = (1 << 48) - 1
# The class name follows the fixed part of a key, so it locates the keys after a damaged one.
_CLASS = re.compile(rb"\x04TH[123][CSIFD]|\x07TH2Poly|\x08TProfile|\x0aTProfile2D|\x0aTObjString|\x0aTDirectory|\x0eTDirectoryFile")


class RootKey(NamedTuple):
    """The header of a record.

    Attributes:
        class_name: Class of the object.
        name: Name of the object.
        seek: First byte of the record.
        nbytes: Bytes of the record, with the key.
        objlen: Bytes of the object when decompressed.
        keylen: Bytes of the key.
        cycle: Number of the object among those of the same name; the highest is valid.
        parent: First byte of the record of the object's directory.
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
    """The keys of one directory.

    Attributes:
        keys: The undamaged keys.
        damaged: Number of damaged keys.
    """

    keys: list[RootKey]
    damaged: int


class DamagedKey(Exception):
    """The bytes are not a key."""


DAMAGE = (DamagedKey, IndexError, struct.error)
"""The exceptions of `parse_key`."""


def parse_key(data: bytes, at: int, file_size: int) -> tuple[RootKey, int]:
    """The key that starts at byte `at` of `data`, and the index of its end. Raises one of `DAMAGE`.

    The cost does not depend on the lengths that a damaged key states.
    """
    nbytes, version, objlen, _, keylen, cycle, seek, parent = KEY.unpack_from(data, at)
    class_at = at + 27
    if version > BIG_VERSION:
        seek, parent = BIG_KEY.unpack_from(data, at)[6:]
        class_at = at + 35
    # The three texts are read in line instead of by a function: this runs for each of the 100,000 keys of a large file.
    class_end = class_at + data[class_at - 1]
    length = data[class_end]
    name_at = class_end + 1
    if length == 255:
        length = int.from_bytes(data[name_at : name_at + 4], "big")
        name_at += 4
    name_end = name_at + length
    length = data[name_end]
    end = name_end + 1 + length
    if length == 255:
        end = name_end + 5 + int.from_bytes(data[name_end + 1 : name_end + 5], "big")
    # The header states its own length, which the texts must fill: random bytes almost never do.
    if end != at + keylen or end > len(data) or objlen < 0 or nbytes < keylen or not 0 < seek <= file_size - nbytes:
        raise DamagedKey
    return RootKey(data[class_at:class_end], data[name_at:name_end], seek, nbytes, objlen, keylen, cycle, parent & _SEEK_MASK), end


def parse_keys(data: bytes, at: int, count: int, limit: int, budget: WorkBudget) -> KeyList:
    """The `count` consecutive keys in `data` from byte `at`, without damaged ones.

    For more than `limit` keys the result has one more than that. `budget` is that of the file.
    """
    keys: list[RootKey] = []
    end = len(data)
    file_size = budget.file_size
    resumed = 0
    while at + _SLACK < end and len(keys) <= limit:
        try:
            key, at = parse_key(data, at, file_size)
        except DAMAGE:
            resumed += 1
            at = _next_key(data, at + 1, budget)
        else:
            keys.append(key)
    lost = min(count, end // KEY.size) - len(keys)
    return KeyList(keys, max(resumed, lost) if resumed else 0)


def _next_key(data: bytes, at: int, budget: WorkBudget) -> int:
    """Index of the first undamaged key at or after byte `at`; the end when there is none or the budget is exhausted."""
    for match in _CLASS.finditer(data, at):
        for start in (match.start() - KEY.size, match.start() - BIG_KEY.size):
            if start >= at:
                if not budget.attempt():
                    return len(data)
                try:
                    parse_key(data, start, budget.file_size)
                except DAMAGE:
                    continue
                return start
    return len(data)
