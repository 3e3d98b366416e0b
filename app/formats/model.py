"""What every file format yields: monitor elements (MEs), where their bytes are, and what is known of them.

Only the standard library: a web process and the child that imports a file both load this, and start fast.
"""

from __future__ import annotations

import json
import struct
import sys
from array import array
from enum import IntEnum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    from app.formats.names import NameList

EFFICIENCY = 1
"""Bit of `Columns.flags`: the ME is an efficiency, never to be normalised."""

EFFICIENCY_FLAG = 0x00200000
"""The same in `Payload.flags` and in files, as CMS software has it."""

LUMI = 2
"""Bit of `Columns.flags`: the ME is of one lumisection alone, in a file of whole runs."""

MAX_OBJECT = 1 << 26
"""Bytes of the largest histogram that is unpacked, for it is in memory more than once; the render service takes none that is larger."""


class FormatError(Exception):
    """A file, or one object of it, is not what its format says; reads as a sentence."""

    def __init__(self, what: str, where: str, expected: str) -> None:
        super().__init__(what, where, expected)
        self.what = what
        self.where = where
        self.expected = expected

    def __str__(self) -> str:
        return f"{self.where}: {self.what}; expected {self.expected}"


class Replaced(FormatError):
    """The file is another one than that which was listed: list it again."""


class Kind(IntEnum):
    """The type of an ME by the byte that CMS software uses for it; up to 0x0f it is a scalar."""

    INT = 0x01
    FLOAT = 0x02
    STRING = 0x03
    TH1F = 0x10
    TH1S = 0x11
    TH1D = 0x12
    TH1I = 0x13
    TH2F = 0x20
    TH2S = 0x21
    TH2D = 0x22
    TH2I = 0x23
    TH3F = 0x30
    # CMS software books no TH3 but TH3F; these carry on its row, for files that others write.
    TH3S = 0x31
    TH3D = 0x32
    TH3I = 0x33
    TPROFILE = 0x40
    TPROFILE2D = 0x41
    TH2POLY = 0x60

    @property
    def scalar(self) -> bool:
        """Whether the value is a number or a text, kept in `Facts.scalars`, and not a histogram."""
        return self <= 0x0F

    @property
    def class_name(self) -> str:
        """The ROOT class of a histogram (`TH1F`, `TProfile2D`, ...)."""
        return self.name.replace("TPROFILE", "TProfile").replace("POLY", "Poly")


class QTest(NamedTuple):
    """The outcome of one quality test on one ME. `result` is the number as the file has it, often 0 to 1."""

    name: str
    status: int
    result: str
    algorithm: str
    message: str


# From the worst: failures, then what could not judge (invalid, other, did not run, too little data), then what
# is fine; a disabled test says nothing at all. A test that could not judge outranks a passed one, for "ok" on a
# page must mean that every test that is switched on has passed.
SEVERITY = (300, 200, 60, 30, 90, 70, 100, 50)
_RANK = {status: rank for rank, status in enumerate(SEVERITY)}


def worst_status(statuses: Iterable[int]) -> int:
    """The status to show for an ME with several quality tests; 0 for none.

    A status that CMS does not know counts like 30 (other).
    """
    return min(statuses, key=lambda status: _RANK.get(status, _RANK[30]), default=0)


class Row(NamedTuple):
    """Where the bytes of one ME are: `nbytes` from `seek` on, of which `keylen` are the key's header.

    `objlen` is the size when decompressed. Where these bytes hold several objects, `entry` tells this one: its number among
    them, from 0, with `class_version` that of its class, or the byte at which it begins in a protobuf file that is packed
    as a whole, from 1; otherwise both are 0. So is what the bytes themselves tell.
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
        """The class of the histogram here. Raises `ValueError` for a scalar, `FormatError` for more than `MAX_OBJECT` bytes."""
        if self.kind not in _HISTOGRAMS:
            raise ValueError(f"an ME of kind {self.kind} has no histogram")
        if self.objlen > MAX_OBJECT:
            raise FormatError(f"an object of {self.objlen} bytes", where, f"at most {MAX_OBJECT}")
        return _HISTOGRAMS[self.kind]

    @property
    def marks(self) -> int:
        """`Payload.flags`: the kind, and whether it is an efficiency."""
        return self.kind | (EFFICIENCY_FLAG if self.flags & EFFICIENCY else 0)


_HISTOGRAMS = {int(kind): kind.class_name.encode() for kind in Kind if not kind.scalar}


class Columns:
    """One entry per ME of a sample, in the order of its names, as parallel arrays.

    `status` is the worst quality-test status (0: none), `flags` has the bit `EFFICIENCY`; the others are as in `Row`.
    """

    _HEADER = struct.Struct("<4sII")
    _MAGIC = b"DQMC"
    _VERSION = 2
    _TYPES = "QIIHBHBIB"

    def __init__(self, columns: Iterable[Iterable[int]] = ((),) * 9) -> None:
        """`columns` are seek, nbytes, objlen, keylen, kind, status, flags, entry and class version, all of one length."""
        arrays = [array(type_, values) for type_, values in zip(self._TYPES, columns, strict=True)]
        if len({len(values) for values in arrays}) != 1:
            raise ValueError("the columns differ in length")
        self.seek, self.nbytes, self.objlen, self.keylen, self.kind, self.status, self.flags, self.entry, self.class_version = arrays
        self._arrays = arrays

    def __len__(self) -> int:
        return len(self.seek)

    def row(self, index: int) -> Row:
        """Where ME number `index` is; what `payload` takes."""
        seek, nbytes, objlen, keylen, kind, _, flags, entry, class_version = (values[index] for values in self._arrays)
        return Row(seek, nbytes, objlen, keylen, kind, flags, entry, class_version)

    def pack(self) -> bytes:
        """All columns as bytes, little endian, behind a header with version and count; compresses well."""
        parts = [self._HEADER.pack(self._MAGIC, self._VERSION, len(self))]
        for values in self._arrays:
            parts.append(_little_endian(values).tobytes())
        return b"".join(parts)

    @classmethod
    def unpack(cls, data: bytes) -> Columns:
        """The reverse of `pack`; raises `FormatError` for bytes that are none, or of another version."""
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
    """What a sample says in words, by the index of the ME: the text of each scalar, and the quality tests."""

    scalars: dict[int, str]
    qtests: dict[int, list[QTest]]

    def pack(self) -> bytes:
        """As JSON, in UTF-8."""
        document = {"scalars": self.scalars, "qtests": self.qtests}
        return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()

    @classmethod
    def unpack(cls, data: bytes) -> Facts:
        """The reverse of `pack`; raises `FormatError` for bytes that are none."""
        try:
            document = json.loads(data)
            scalars = {int(index): str(text) for index, text in document["scalars"].items()}
            qtests = {int(index): [QTest(*test) for test in tests] for index, tests in document["qtests"].items()}
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise FormatError(f"cannot be read ({error})", "stored facts", "what Facts.pack wrote") from error
        return cls(scalars, qtests)


class Listing(NamedTuple):
    """The MEs of one sample (one run, or one lumisection of it). Entry i of the columns is name i.

    `unreadable` counts what the file has for this sample and could not be read.
    """

    names: NameList
    columns: Columns
    facts: Facts
    unreadable: int


class Scan(NamedTuple):
    """What one file holds: a listing for each (run, lumi), lumi 0 being the whole run.

    `unreadable` counts over the whole file, and includes what belongs to no sample.
    """

    samples: dict[tuple[int, int], Listing]
    unreadable: int


class Payload(NamedTuple):
    """One histogram for the renderer: kind and efficiency bit, the framed object, and the displacement of its buffer."""

    flags: int
    data: bytes
    displacement: int
