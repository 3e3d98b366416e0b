"""The entries of a protobuf snapshot, one by one; in a damaged snapshot the undamaged ones."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from app.formats.errors import FormatError

if TYPE_CHECKING:
    from app.formats.gzip_members import GzipMember, PlainStream
    from app.formats.work_budget import WorkBudget

MAX_ENTRIES = 1_000_000
"""Entries in one file."""
MAX_NAME = 4096
"""Bytes of the longest name."""
MAX_TEXT = 1 << 20
"""Bytes of the longest scalar or quality test, packed and unpacked."""
MAX_TEXTS = 1 << 26
"""Total bytes of all scalars and quality tests of a file, packed and unpacked."""
DAMAGE = (IndexError, ValueError)
"""The exceptions for bytes that are not an entry."""

_WINDOW = 1 << 23
_MAX_ENTRY = 1 << 27
_MAX_FIELDS = 16
_FURTHEST = 0xFFFF
"""The last byte of an entry at which its object may begin: a row has two bytes for it."""
_SCALAR = 0x0F
# Bytes after which the search for the next undamaged entry ends, and the overlap when it continues in more data.
_MAX_LOST = 1 << 26
_OVERLAP = 1 << 20
_AFTER_NAME = re.compile(rb"\x10[\x80-\xff]{0,4}[\x00-\x7f]\x1a")
_FLAGS = 6
_LOOKS_LIKE_ENTRY = re.compile(rb"\x0a[\x80-\xff]{0,4}[\x00-\x7f]\x0a")


class SnapshotEntry(NamedTuple):
    """One entry of a snapshot.

    Attributes:
        seek, nbytes, objlen, keylen, entry: As in `MERow`.
        flags: Kind and flags as in the file.
        packed: The packed object of a scalar; empty for a histogram.
    """

    seek: int
    nbytes: int
    objlen: int
    keylen: int
    flags: int
    entry: int
    packed: bytes


def varint(data: bytes, at: int) -> tuple[int, int]:
    """A number in base 128, and the index after it. Raises the exceptions in `DAMAGE`."""
    value = shift = 0
    while (byte := data[at]) > 0x7F:
        value |= (byte & 0x7F) << shift
        shift += 7
        at += 1
        if shift > 63:
            raise ValueError("a number of more than 64 bits")
    return value | byte << shift, at + 1


def fields(data: bytes, at: int, end: int) -> tuple[bytes, int, int, int, int]:
    """Name, size, begin and end of the object, and flags of the entry from `at` to `end`. Raises the exceptions in `DAMAGE`.

    A longer name is cut after `MAX_NAME` + 1 bytes, so that the cost does not depend on the lengths in damaged bytes.
    """
    name = b""
    size = flags = start = stop = number = 0
    while at < end:
        begin = at
        tag = data[at]
        value = data[at + 1]
        at += 2
        if value > 0x7F:
            value, at = varint(data, at - 1)
        if tag == 0x0A:
            name = data[at : at + value] if value <= MAX_NAME else data[at : at + MAX_NAME + 1]
            at += value
        elif tag == 0x10:
            size = value & 0xFFFFFFFF
        elif tag == 0x1A:
            start, at = at, at + value
            stop = at
        elif tag == 0x20:
            flags = value & 0xFFFFFFFF
        else:
            at = _end_of_unknown_field(data, begin)
        number += 1
        if number > _MAX_FIELDS:
            raise ValueError("too many fields")
    if at != end or not name or not start:
        raise ValueError("its fields are longer than the entry, or it has no name or no object")
    return name, size, start, stop, flags


def _end_of_unknown_field(data: bytes, at: int) -> int:
    """The index after a field of a later version of the message."""
    tag, at = varint(data, at)
    value, after = varint(data, at) if tag & 7 in (0, 2) else (0, at)
    match tag & 7:
        case 0:
            return after
        case 1:
            return at + 8
        case 2:
            return after + value
        case 5:
            return at + 4
    raise ValueError(f"a field of type {tag & 7}")


class SnapshotEntries:
    """The entries in the streams of one file.

    Attributes:
        found: By name; the last entry of a name counts.
        unreadable: Number of damaged positions.
    """

    def __init__(self, where: str, budget: WorkBudget) -> None:
        self.found: dict[bytes, SnapshotEntry] = {}
        self._where = where
        self._budget = budget
        self._count = 0
        self._unread_text = MAX_TEXTS
        self.unreadable = 0

    def read(self, stream: PlainStream | GzipMember) -> None:
        """Read all undamaged entries of a stream. Raises `FormatError` for more than `MAX_ENTRIES` in the file."""
        self._stream, self._data, self._base = stream, b"", 0
        at = 0
        while True:
            at = self._read_undamaged(at)
            missing = self._missing(at)
            if missing and self._more(at, missing):
                at = 0
            elif at == len(self._data):
                break
            else:
                self.unreadable += 1
                found = self._next_undamaged(at + 1)
                if found is None:
                    break
                at = found
        self.unreadable += stream.is_damaged

    def _read_undamaged(self, at: int) -> int:
        """Read the entries from `at`; returns the index of the first that is damaged or not completely in memory."""
        data, base, found, position = self._data, self._base, self.found, self._stream.position
        limit = len(data)
        begin = at
        try:
            while at < limit and data[at] == 0x0A:
                begin = at
                length = data[at + 1]
                body = at + 2
                if length > 0x7F:
                    length, body = varint(data, at + 1)
                end = body + length
                if end > limit:
                    break
                name, size, start, stop, flags = fields(data, body, end)
                packed = self._text(data, start, stop) if flags & 0xFF <= _SCALAR else b""
                seek, nbytes, entry = position(base + begin + 1, end - begin - 1)
                if len(name) <= MAX_NAME and start - begin <= _FURTHEST:
                    found[name] = SnapshotEntry(seek, nbytes, size, start - begin - 1, flags, entry, packed)
                else:
                    self.unreadable += 1
                self._count += 1
                at = end
        except DAMAGE:
            pass
        if self._count > MAX_ENTRIES:
            raise FormatError("too many entries", self._where, f"at most {MAX_ENTRIES}")
        return at

    def _text(self, data: bytes, start: int, stop: int) -> bytes:
        """The packed bytes of a scalar; empty, which is not a valid text, when the scalars of the file are too large."""
        packed = data[start:stop] if stop - start <= min(MAX_TEXT, self._unread_text) else b""
        self._unread_text -= len(packed)
        return packed

    def _missing(self, at: int) -> int:
        """The number of bytes of the entry at `at` that are not in memory; 0 when there is no entry."""
        data = self._data
        if at == len(data):
            return 1
        if data[at] != 0x0A:
            return 0
        try:
            length, body = varint(data, at + 1)
        except IndexError:
            return 1
        except ValueError:
            return 0
        return max(0, body + length - len(data)) if length <= _MAX_ENTRY else 0

    def _more(self, at: int, missing: int) -> bool:
        """Read more bytes, and drop those before `at`; False at the end of the stream."""
        more = self._stream.read(max(missing, _WINDOW))
        if more:
            self._base += at
            self._data = self._data[at:] + more
        return bool(more)

    def _next_undamaged(self, at: int) -> int | None:
        """Index of the next undamaged entry; None if there is none, or the search took too long."""
        start = self._base + at
        while self._base + at - start < _MAX_LOST:
            for match in _LOOKS_LIKE_ENTRY.finditer(self._data, at):
                if not self._budget.attempt():
                    return None
                if self._is_undamaged(match.start()):
                    return match.start()
            at = max(at, len(self._data) - _OVERLAP)
            if not self._more(at, 1):
                return None
            at = 0
        return None

    def _is_undamaged(self, at: int) -> bool:
        """Whether an undamaged entry begins here; only the beginning is checked if it is not completely in memory."""
        data = self._data
        try:
            length, body = varint(data, at + 1)
            end = body + length
            if end <= len(data):
                fields(data, body, end)
                return True
            name, start = varint(data, body + 1)
            head = _AFTER_NAME.match(data, start + name)
            if not head or length > _MAX_ENTRY:
                return False
            size, start = varint(data, head.end())
            return 0 <= end - start - size <= _FLAGS
        except DAMAGE:
            return False
