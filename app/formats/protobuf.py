"""Snapshots of the online system: one protobuf message with an entry for each object.

    message ROOTFilePB { repeated Histo histo = 1; }
    message Histo { required string full_pathname = 1; uint32 size = 2; bytes streamed_histo = 3; uint32 flags = 4; }

An object is what `TBufferFile::WriteObject` gives, packed by zlib, `size` being its size before. Files of old clients are
packed as a whole by gzip instead. Snapshots may be put one behind the other; the last entry of a name counts. A file
does not say of which run it is: its sample is (0, 0).

The entries are found by their lengths and not by the protobuf library, which tells no places in the file, holds it in
memory as a whole, and takes nothing from a file that is cut or damaged anywhere, as one is that is still being written.
"""

from __future__ import annotations

import struct
import zlib
from operator import itemgetter
from typing import TYPE_CHECKING

from app.formats.entries import DAMAGE, MAX_TEXT, MAX_TEXTS, Entries, Entry, fields, varint
from app.formats.gzipped import Member, streams
from app.formats.model import (
    EFFICIENCY,
    EFFICIENCY_FLAG,
    LUMI,
    MAX_OBJECT,
    Columns,
    Facts,
    FormatError,
    Kind,
    Listing,
    Payload,
    Row,
    Scan,
    worst_status,
)
from app.formats.names import NameList
from app.formats.tags import Tag, as_utf8, parse_tag, sort_tags

if TYPE_CHECKING:
    from app.formats.source import Source

LUMI_FLAG = 0x00040000

_CLASSES = {int(kind): kind.class_name.encode() for kind in Kind if not kind.scalar}
_SCALARS = {int(kind) for kind in Kind if kind.scalar}
_FRAME = struct.Struct(">II")
_BYTE_COUNT = 0x40000000
_NEW_CLASS = 0xFFFFFFFF
# Of a TObjString: its size and version; version, identifier and bits of its TObject; and then the text.
_TEXT_HEAD = struct.Struct(">IHHII")
_HAS_PROCESS = 1 << 4


def scan(source: Source) -> Scan:
    """The MEs of the file, under (0, 0).

    Raises `OSError` when it cannot be read, and `FormatError` when no entry in it can be read, or there are too many.
    Lesser damage costs what it hit, and is counted.
    """
    entries = Entries(source.path)
    for stream in streams(source):
        entries.read(stream)
    if not entries.found:
        what = f"has {source.size} bytes and no entry that can be read"
        raise FormatError(what, source.path, "a protobuf snapshot of monitor elements")
    listing = _listing(entries.found, entries.unreadable)
    return Scan({(0, 0): listing}, listing.unreadable)


def payload(source: Source, row: Row) -> Payload:
    """The histogram at `row`, with one read; of a file that is packed as a whole, all before it is unpacked.

    Raises `ValueError` for a scalar (its text is in the facts), `OSError` when the file cannot be read, and
    `FormatError` when the object is not there any more, is damaged, or is larger than `MAX_OBJECT`.
    """
    where = f"{source.path} at byte {row.seek}"
    class_name = row.histogram(where)
    data = source.read(row.seek, row.nbytes) if not row.entry else _unpacked_entry(source, row)
    try:
        length, at = varint(data, 0)
        _, size, start, stop, flags = fields(data, at, at + length)
        listed = (size, start, flags & 0xFF) == (row.objlen, row.keylen, row.kind) and stop <= len(data)
    except DAMAGE:
        listed = False
    content = _unpack(data[start:stop], row.objlen) if listed else None
    if content is None or not _frames(content, class_name):
        raise FormatError("another object than was listed", where, f"the same {class_name.decode()}; the file was replaced or damaged")
    return Payload(row.marks, content, 0)


def _unpacked_entry(source: Source, row: Row) -> bytes:
    member = Member(source, row.seek)
    member.skip(row.entry)
    head = member.read(10)
    try:
        length, at = varint(head, 0)
    except DAMAGE:
        return b""
    return head + member.read(min(at + length, MAX_OBJECT) - len(head))


def _unpack(packed: bytes, size: int) -> bytes | None:
    """The object of `size` bytes; None when it is damaged or of another size."""
    if len(packed) == size and packed[:4] == (_BYTE_COUNT | max(size - 4, 0)).to_bytes(4, "big"):
        return packed
    inflate = zlib.decompressobj()
    try:
        # One byte more than is wanted, so that the stream comes to its end and its checksum is compared.
        content = inflate.decompress(packed, size + 1)
    except zlib.error:
        return None
    return content if inflate.eof and len(content) == size else None


def _frames(content: bytes, class_name: bytes) -> bool:
    """Whether this is one object of the class, as `WriteObject` frames it."""
    head = _FRAME.pack((len(content) - 4) & 0xFFFFFFFF | _BYTE_COUNT, _NEW_CLASS)
    return content.startswith(head + class_name + b"\0")


def _text(entry: Entry) -> bytes | None:
    """The text of a TObjString; None when it is none, or damaged."""
    head = _FRAME.size + len(b"TObjString\0")
    content = _unpack(entry.packed, entry.objlen)
    if content is None or not _frames(content, b"TObjString") or len(content) <= head + _TEXT_HEAD.size:
        return None
    *_, bits = _TEXT_HEAD.unpack_from(content, head)
    at = head + _TEXT_HEAD.size + (2 if bits & _HAS_PROCESS else 0)
    length = int.from_bytes(content[at : at + 1], "big")
    at += 1
    if length == 255:
        length = int.from_bytes(content[at : at + 4], "big")
        at += 4
    return content[at:] if at + length == len(content) else None


class _Texts:
    """The tags of a file, as long as there are not too many of them."""

    def __init__(self) -> None:
        self._left = MAX_TEXTS

    def tag(self, path: bytes, entry: Entry) -> Tag | None:
        """What a string says, its name being the whole path of what it is about."""
        self._left -= entry.objlen
        if entry.objlen > MAX_TEXT or self._left < 0:
            return None
        text = _text(entry)
        tag = parse_tag(text) if text is not None else None
        return tag and tag._replace(name=path)


def _listing(found: dict[bytes, Entry], unreadable: int) -> Listing:
    shown = _by_path(found)
    unreadable += len(found) - len(shown)
    texts = _Texts()
    histograms = {path: entry for path, entry in shown.items() if entry[4] & 0xFF in _CLASSES}
    strings = [(path, entry) for path, entry in shown.items() if entry[4] & 0xFF in _SCALARS]
    unreadable += len(shown) - len(histograms) - len(strings)
    marks = sort_tags((texts.tag(path, entry) for path, entry in strings), histograms)
    names = sorted([*histograms, *marks.scalars])
    kinds = {path: int(kind) for path, (kind, _) in marks.scalars.items()}
    index = {name: number for number, name in enumerate(names)}
    qtests = {index[name]: tests for name, tests in marks.qtests.items()}
    columns = _columns([shown[name] for name in names])
    for name, kind in kinds.items():
        columns.kind[index[name]] = kind
    for number, tests in qtests.items():
        columns.status[number] = worst_status(test.status for test in tests)
    facts = Facts({index[name]: text for name, (_, text) in marks.scalars.items()}, qtests)
    return Listing(NameList(names), columns, facts, unreadable + marks.unreadable)


def _columns(entries: list[Entry]) -> Columns:
    seek, nbytes, objlen, keylen, marks, number = (list(map(itemgetter(field), entries)) for field in range(6))
    flags = {mark: (EFFICIENCY if mark & EFFICIENCY_FLAG else 0) | (LUMI if mark & LUMI_FLAG else 0) for mark in set(marks)}
    kinds = [mark & 0xFF for mark in marks]
    nothing = [0] * len(entries)
    return Columns([seek, nbytes, objlen, keylen, kinds, nothing, map(flags.__getitem__, marks), number, nothing])


def _by_path(found: dict[bytes, Entry]) -> dict[bytes, Entry]:
    """The same, in UTF-8, without names that no page or address could show."""
    together = b"/%b/" % b"/".join(found)
    # Asking once for all of them is what makes listing fast.
    if b"//" not in together and b"\0" not in together and _is_utf8(together):
        return found
    return {as_utf8(name): entry for name, entry in found.items() if b"\0" not in name and all(name.split(b"/"))}


def _is_utf8(names: bytes) -> bool:
    try:
        names.decode()
    except UnicodeDecodeError:
        return False
    return True
