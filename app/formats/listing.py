"""The content of one file: for each sample the names of its monitor elements (MEs), the positions of their bytes, and the facts."""

from __future__ import annotations

import json
import struct
import sys
from array import array
from typing import TYPE_CHECKING, NamedTuple

from app.formats.elements import EFFICIENCY_FLAG, LUMI_FLAG, MAX_OBJECT, Kind, QTest
from app.formats.errors import FormatError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from app.formats.me_names import MENames

EFFICIENCY = 1
"""Bit of `Columns.flags`: the ME is an efficiency and never normalised."""

LUMI = 2
"""Bit of `Columns.flags`: the ME covers one lumisection, in a file of whole runs."""


def flag_bits(flags: int) -> int:
    """The value of `Columns.flags` for the flags of an ME in its file."""
    return (EFFICIENCY if flags & EFFICIENCY_FLAG else 0) | (LUMI if flags & LUMI_FLAG else 0)


class MERow(NamedTuple):
    """The position of one ME in its file. A field is 0 where the format does not need it.

    Attributes:
        seek: First byte.
        nbytes: Number of bytes.
        objlen: Size of the object when decompressed, bytes.
        keylen: Size of the header before the object, bytes.
        kind: The `Kind`.
        flags: The bits `EFFICIENCY` and `LUMI`.
        entry: The object among several in these bytes: its number, from 0 (DQMIO), or its first byte after unpacking, from 1
            (protobuf files packed as a whole).
        class_version: Version of the class of such an object (DQMIO).
    """

    seek: int
    nbytes: int
    objlen: int
    keylen: int
    kind: int
    flags: int
    entry: int = 0
    class_version: int = 0

    def histogram(self, where: str) -> bytes:
        """The ROOT class of the histogram. Raises `ValueError` for a scalar, `FormatError` for more than `MAX_OBJECT` bytes.

        `where` names the object in the error.
        """
        if self.kind not in _HISTOGRAMS:
            raise ValueError(f"An ME of kind {self.kind} has no histogram")
        if self.objlen > MAX_OBJECT:
            raise FormatError(f"an object of {self.objlen} bytes", where, f"at most {MAX_OBJECT}")
        return _HISTOGRAMS[self.kind]

    @property
    def payload_flags(self) -> int:
        """The value of `Payload.flags`: the kind and the bit `EFFICIENCY_FLAG`."""
        return self.kind | (EFFICIENCY_FLAG if self.flags & EFFICIENCY else 0)


_HISTOGRAMS = {int(kind): kind.class_name.encode() for kind in Kind if not kind.scalar}


class Columns:
    """Parallel arrays with one entry for each ME of a sample, in the order of the names.

    Attributes:
        status: Worst status of the quality tests, 0 without any.
        seek, nbytes, objlen, keylen, kind, flags, entry, class_version: As in `MERow`.
    """

    _HEADER = struct.Struct("<4sII")
    _MAGIC = b"DQMC"
    _VERSION = 2
    _TYPES = "QIIHBHBIB"

    def __init__(self, columns: Iterable[Iterable[int]] = ((),) * 9) -> None:
        """`columns`: seek, nbytes, objlen, keylen, kind, status, flags, entry and class version, of one length."""
        arrays = [array(type_, values) for type_, values in zip(self._TYPES, columns, strict=True)]
        if len({len(values) for values in arrays}) != 1:
            raise ValueError("The columns differ in length")
        self.seek, self.nbytes, self.objlen, self.keylen, self.kind, self.status, self.flags, self.entry, self.class_version = arrays
        self._arrays = arrays

    def __len__(self) -> int:
        return len(self.seek)

    def row(self, index: int) -> MERow:
        """The position of ME number `index`, for `payload`."""
        seek, nbytes, objlen, keylen, kind, _, flags, entry, class_version = (values[index] for values in self._arrays)
        return MERow(seek, nbytes, objlen, keylen, kind, flags, entry, class_version)

    def pack(self) -> bytes:
        """A header with version and count, then all columns, little endian."""
        parts = [self._HEADER.pack(self._MAGIC, self._VERSION, len(self))]
        for values in self._arrays:
            parts.append(_little_endian(values).tobytes())
        return b"".join(parts)

    @classmethod
    def unpack(cls, data: bytes) -> Columns:
        """The columns from the bytes of `pack`. Raises `FormatError` for other bytes and for another version."""
        where = "stored columns"
        if len(data) < cls._HEADER.size:
            raise FormatError(f"{len(data)} bytes", where, f"at least {cls._HEADER.size}")
        magic, version, count = cls._HEADER.unpack_from(data)
        if (magic, version) != (cls._MAGIC, cls._VERSION):
            raise FormatError(f"starts with {magic!r}, version {version}", where, f"{cls._MAGIC!r}, version {cls._VERSION}")
        columns = cls()
        expected = cls._HEADER.size + count * sum(values.itemsize for values in columns._arrays)
        if len(data) != expected:
            raise FormatError(f"{len(data)} bytes for {count} MEs", where, f"{expected} bytes")
        at = cls._HEADER.size
        for values in columns._arrays:
            end = at + count * values.itemsize
            values.frombytes(data[at:end])
            at = end
            if sys.byteorder == "big":
                values.byteswap()
        return columns


def _little_endian(values: array[int]) -> array[int]:
    if sys.byteorder == "big":
        values = values[:]
        values.byteswap()
    return values


class Facts(NamedTuple):
    """Texts of a sample, by the index of the ME.

    Attributes:
        scalars: The value of each scalar.
        qtests: The quality tests of each ME that has any.
    """

    scalars: dict[int, str]
    qtests: dict[int, list[QTest]]

    def pack(self) -> bytes:
        """The facts as JSON in UTF-8."""
        document = {"scalars": self.scalars, "qtests": self.qtests}
        return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()

    @classmethod
    def unpack(cls, data: bytes) -> Facts:
        """The facts from the bytes of `pack`. Raises `FormatError` for other bytes."""
        try:
            document = json.loads(data)
            scalars = {int(index): str(text) for index, text in document["scalars"].items()}
            qtests = {int(index): [QTest(*test) for test in tests] for index, tests in document["qtests"].items()}
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise FormatError(f"cannot be read ({error})", "stored facts", "what Facts.pack wrote") from error
        return cls(scalars, qtests)


class MEListing(NamedTuple):
    """The MEs of one sample (a run, or one lumisection of it).

    Attributes:
        names: Their paths.
        columns: Entry i belongs to name i.
        facts: Their scalars and quality tests.
        unreadable: Number of unreadable objects of this sample.
    """

    names: MENames
    columns: Columns
    facts: Facts
    unreadable: int


class Scan(NamedTuple):
    """The content of one file.

    Attributes:
        samples: A listing for each (run, lumi); lumi 0 is the whole run.
        unreadable: Number of unreadable objects in the file, including those that belong to no sample.
    """

    samples: dict[tuple[int, int], MEListing]
    unreadable: int


class Payload(NamedTuple):
    """One histogram for the render service.

    Attributes:
        flags: The kind, with the bit `EFFICIENCY_FLAG`.
        data: The object, framed as by `app.formats.root.framing.frame`.
        displacement: Bytes to add to offsets in the data, because they refer to a buffer that began earlier or later.
    """

    flags: int
    data: bytes
    displacement: int
