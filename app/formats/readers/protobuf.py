"""Protobuf snapshots of the online system: one message with an entry for each object.

    message ROOTFilePB { repeated Histo histo = 1; }
    message Histo { required string full_pathname = 1; uint32 size = 2; bytes streamed_histo = 3; uint32 flags = 4; }

An object is the output of `TBufferFile::WriteObject`, packed by zlib, and `size` is its unpacked size. Files of old clients are
packed as a whole by gzip instead. Snapshots may be concatenated; the last entry of a name counts. A file does not name its
run: its sample is (0, 0).

The entries are found by their lengths and not by the protobuf library: it does not report positions in the file, holds the whole
file in memory, and rejects a file that is truncated or damaged anywhere, such as one that is still being written.
"""

from __future__ import annotations

import struct
import zlib
from operator import itemgetter
from typing import TYPE_CHECKING

from app.formats.elements import MAX_OBJECT, Kind, worst_status
from app.formats.errors import FormatError
from app.formats.gzip_members import MAGIC, GzipMember, streams
from app.formats.listing import Columns, Facts, MEListing, MERow, Payload, Scan, flag_bits
from app.formats.me_names import MENames
from app.formats.me_tags import METag, parse_tag, sort_tags
from app.formats.registry import Format
from app.formats.root.framing import BYTE_COUNT, frame_size, is_framed
from app.formats.snapshot_entries import DAMAGE, MAX_TEXT, MAX_TEXTS, SnapshotEntries, SnapshotEntry, fields, varint
from app.formats.text_encoding import to_utf8

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from app.formats.file_head import FileHead
    from app.formats.file_source import FileSource
    from app.formats.work_budget import WorkBudget

_CLASSES = {int(kind): kind.class_name.encode() for kind in Kind if not kind.scalar}
_SCALARS = {int(kind) for kind in Kind if kind.scalar}
# TObjString: its size and version; version, identifier and bits of its TObject; then the text.
_TEXT_HEAD = struct.Struct(">IHHII")
_HAS_PROCESS = 1 << 4
# The first field of both messages, with a length: an entry, and in it a name.
_FIELD = b"\x0a"


def scan(source: FileSource) -> Scan:
    """The MEs of the file, under (0, 0).

    Raises `OSError` when it cannot be read, and `FormatError` when no entry in it is readable, or there are too many. Smaller
    damage loses only the MEs that it affects, and is counted.
    """
    entries = SnapshotEntries(source.path, source.budget)
    for stream in streams(source):
        entries.read(stream)
    if not entries.found:
        what = f"has {source.size} bytes and no readable entry"
        raise FormatError(what, source.path, "a protobuf snapshot of monitor elements")
    listing = _listing(entries.found, entries.unreadable, source.budget)
    return Scan({(0, 0): listing}, listing.unreadable)


def payload(source: FileSource, row: MERow) -> Payload:
    """The histogram at `row`, with one read; in a gzip file, everything before it is unpacked.

    Raises `ValueError` for a scalar (its text is in the facts), `OSError` when the file cannot be read, and `FormatError`
    when the object is missing, damaged, or larger than `MAX_OBJECT`.
    """
    where = f"{source.path} at byte {row.seek}"
    row.histogram(where)
    data = _read_entry(GzipMember(source, row.seek), row.entry) if row.entry else source.read(row.seek, row.nbytes)
    return payload_of(data, row, where)


def payloads(source: FileSource, rows: Sequence[MERow]) -> Iterator[Payload | FormatError]:
    """The histograms at several rows in the order of their bytes: each member of a gzip file is unpacked once."""
    for row, data in zip(rows, contents(source, rows), strict=True):
        try:
            yield data if isinstance(data, FormatError) else payload_of(data, row, f"{source.path} at byte {row.seek}")
        except FormatError as error:
            yield error


def contents(source: FileSource, rows: Sequence[MERow]) -> Iterator[bytes | FormatError]:
    """The entries at several rows in the order of their bytes, without the number of the field and unpacked from gzip."""
    member, begin, at = None, 0, 0
    for row in rows:
        try:
            if not row.entry:
                data = source.read(row.seek, row.nbytes)
            else:
                if member is None or begin != row.seek or row.entry < at:
                    member, begin, at = GzipMember(source, row.seek), row.seek, 0
                data = _read_entry(member, row.entry - at)
                at = row.entry + len(data)
            yield data
        except FormatError as error:
            yield error


def payload_of(data: bytes, row: MERow, where: str) -> Payload:
    """The histogram in the bytes of an entry. Raises `ValueError` for a scalar, and `FormatError` with the place `where`."""
    class_name = row.histogram(where)
    try:
        length, at = varint(data, 0)
        _, size, start, stop, flags = fields(data, at, at + length)
        listed = (size, start, flags & 0xFF) == (row.objlen, row.keylen, row.kind) and stop <= len(data)
    except DAMAGE:
        listed = False
    content = _unpack(data[start:stop], row.objlen) if listed else None
    if content is None or not is_framed(content, class_name):
        raise FormatError("not the listed object", where, f"the same {class_name.decode()}; the file was replaced or damaged")
    return Payload(row.payload_flags, content, 0)


def _read_entry(member: GzipMember, skipped: int) -> bytes:
    """The entry after so many more bytes of a member."""
    member.skip(skipped)
    head = member.read(10)
    try:
        length, at = varint(head, 0)
    except DAMAGE:
        return head
    return head + member.read(min(at + length, MAX_OBJECT) - len(head))


def _unpack(packed: bytes, size: int) -> bytes | None:
    """The object of `size` bytes; None when it is damaged or of another size."""
    if len(packed) == size and packed[:4] == (BYTE_COUNT | max(size - 4, 0)).to_bytes(4, "big"):
        return packed
    inflate = zlib.decompressobj()
    try:
        # One byte more than expected, so that the stream reaches its end and its checksum is compared.
        content = inflate.decompress(packed, size + 1)
    except zlib.error:
        return None
    return content if inflate.eof and len(content) == size else None


def _text(entry: SnapshotEntry) -> bytes | None:
    """The text of a TObjString; None for a damaged one and for any other object."""
    head = frame_size(b"TObjString")
    content = _unpack(entry.packed, entry.objlen)
    if content is None or not is_framed(content, b"TObjString") or len(content) <= head + _TEXT_HEAD.size:
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
    """The tags of a file, as long as they are not too large together."""

    def __init__(self, budget: WorkBudget) -> None:
        self._left = MAX_TEXTS
        self._budget = budget

    def tag(self, path: bytes, entry: SnapshotEntry) -> METag | None:
        """The tag in a string, with the whole path of its ME as the name."""
        self._left -= entry.objlen
        if entry.objlen > MAX_TEXT or self._left < 0:
            return None
        self._budget.unpack(entry.objlen)
        text = _text(entry)
        tag = parse_tag(text) if text is not None else None
        return tag and tag._replace(name=path)


def _listing(found: dict[bytes, SnapshotEntry], unreadable: int, budget: WorkBudget) -> MEListing:
    usable = _by_path(found)
    unreadable += len(found) - len(usable)
    texts = _Texts(budget)
    histograms = {path: entry for path, entry in usable.items() if entry[4] & 0xFF in _CLASSES}
    strings = [(path, entry) for path, entry in usable.items() if entry[4] & 0xFF in _SCALARS]
    unreadable += len(usable) - len(histograms) - len(strings)
    tags = sort_tags((texts.tag(path, entry) for path, entry in strings), histograms)
    names = sorted([*histograms, *tags.scalars])
    kinds = {path: int(kind) for path, (kind, _) in tags.scalars.items()}
    index = {name: number for number, name in enumerate(names)}
    qtests = {index[name]: tests for name, tests in tags.qtests.items()}
    columns = _columns([usable[name] for name in names])
    for name, kind in kinds.items():
        columns.kind[index[name]] = kind
    for number, tests in qtests.items():
        columns.status[number] = worst_status(test.status for test in tests)
    facts = Facts({index[name]: text for name, (_, text) in tags.scalars.items()}, qtests)
    return MEListing(MENames(names), columns, facts, unreadable + tags.unreadable)


def _columns(entries: list[SnapshotEntry]) -> Columns:
    seek, nbytes, objlen, keylen, flags, number = (list(map(itemgetter(field), entries)) for field in range(6))
    bits = {flag: flag_bits(flag) for flag in set(flags)}
    kinds = [flag & 0xFF for flag in flags]
    nothing = [0] * len(entries)
    return Columns([seek, nbytes, objlen, keylen, kinds, nothing, map(bits.__getitem__, flags), number, nothing])


def _by_path(found: dict[bytes, SnapshotEntry]) -> dict[bytes, SnapshotEntry]:
    """The same entries, with names in UTF-8, without names that pages and URLs cannot show."""
    together = b"/%b/" % b"/".join(found)
    # Testing all names at once keeps listing fast.
    if b"//" not in together and b"\0" not in together and _is_utf8(together):
        return found
    return {to_utf8(name): entry for name, entry in found.items() if b"\0" not in name and all(name.split(b"/"))}


def _is_utf8(names: bytes) -> bool:
    try:
        names.decode()
    except UnicodeDecodeError:
        return False
    return True


def _is_format(head: FileHead) -> bool:
    """Whether gzip data or an entry starts here: its field, its length of up to five bytes, and the field of its name."""
    start = head.start
    if start.startswith(MAGIC):
        return True
    length_end = next((at for at, byte in enumerate(start[1:6], 1) if byte < 0x80), 5)
    return start.startswith(_FIELD) and start[length_end + 1 : length_end + 2] == _FIELD


FORMAT = Format(
    number=3,
    file_name=r"(DQM_V\d{4}_([^_]+_)?R|run)(?P<run>\d{6,9})(_[^/]*)?\.pb",
    suffix=".pb",
    is_format=_is_format,
    scan=scan,
    payload=payload,
    payloads=payloads,
    contents=contents,
    payload_of=payload_of,
    online=True,
)
