"""DQMIO files: monitor elements (MEs) of runs and lumisections as the entries of ROOT trees, one tree for each type of ME.

The tree `Indices` assigns ranges of entries to each run, lumisection (0: the whole run) and type. An entry has a name, flags and
a value; listing a file reads the positions of histograms, and the values of scalars.
"""

from __future__ import annotations

import struct
from array import array
from hashlib import sha256
from itertools import chain, groupby
from typing import TYPE_CHECKING, NamedTuple

from app.formats.dqmio_tables import LETTERS, TREE_OF, TREES, VALUE, DqmioTrees, TypeTable
from app.formats.elements import Kind
from app.formats.errors import FormatError
from app.formats.listing import Columns, Facts, MEListing, MERow, Payload, Scan
from app.formats.me_names import MENames
from app.formats.registry import Format
from app.formats.root.framing import BYTE_COUNT, frame, frame_size
from app.formats.root.keys import DAMAGE, parse_key
from app.formats.root.trees import BasketEntries, parse_basket, parse_tree

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from app.formats.file_head import FileHead
    from app.formats.file_source import FileSource

# of runs and lumisections, as in legacy files
_LARGEST_NUMBER = 999_999_999
# size of the bytes that follow, and version of the class
_HEADER = struct.Struct(">IH")
_SIZE = struct.Struct(">I")


def scan(source: FileSource) -> Scan:
    """The MEs of each run and lumisection in the file.

    Raises `OSError` when it cannot be read, and `FormatError` when it is not a ROOT file or its tree `Indices` is missing or
    unreadable. Smaller damage loses only the MEs that it affects, and is counted.
    """
    file = DqmioTrees(source)
    samples: dict[tuple[int, int], _Sample] = {}
    free = [0] * len(TREES)
    for type_, first, last, run, lumi in file.ranges():
        table = file.table(type_)
        # No entry belongs to two samples; otherwise a listing could become many times as large as its file.
        if table is None or not free[type_] <= first <= last < len(table.names) or max(run, lumi) > _LARGEST_NUMBER:
            file.unreadable += 1
        else:
            free[type_] = last + 1
            samples.setdefault((run, lumi), _Sample()).add(table, first, last + 1)
    orders: dict[bytes, _Order] = {}
    listings = {key: sample.listing(orders) for key, sample in sorted(samples.items())}
    return Scan(listings, file.unreadable + sum(listing.unreadable for listing in listings.values()))


def payload(source: FileSource, row: MERow) -> Payload:
    """The histogram at `row`, with one read.

    Raises `ValueError` for a scalar (its text is in the facts), `OSError` when the file cannot be read, and `FormatError` when
    the object is missing or damaged.
    """
    kind = Kind(row.kind)
    if kind.scalar or kind not in TREE_OF:
        raise ValueError(f"An ME of kind {row.kind} has no histogram in a DQMIO file")
    where = f"{source.path} at byte {row.seek}"
    return _payload_of(*_entries(source, row, where), row, where)


def payloads(source: FileSource, rows: Sequence[MERow]) -> Iterator[Payload | FormatError]:
    """The histograms at several rows in the order of their bytes: a basket is read and unpacked once for all its rows."""
    for _, group in groupby(rows, lambda row: (row.seek, row.nbytes, row.kind)):
        entries, offset = None, 0
        for row in group:
            where = f"{source.path} at byte {row.seek}"
            try:
                if entries is None or not 0 <= row.entry - offset < len(entries):
                    entries, number = _entries(source, row, where)
                    offset = row.entry - number
                yield _payload_of(entries, row.entry - offset, row, where)
            except FormatError as error:
                yield error


def _payload_of(entries: BasketEntries, number: int, row: MERow, where: str) -> Payload:
    if not 0 <= number < len(entries):
        raise FormatError(f"no entry {number}", where, f"one of {len(entries)}")
    start, end = entries.offsets[number : number + 2]
    class_name = Kind(row.kind).class_name.encode()
    content, begin = _object(entries.content[start:end], class_name, row.class_version, where)
    return Payload(row.payload_flags, frame(class_name, content), entries.shift + start + begin - frame_size(class_name))


def _entries(source: FileSource, row: MERow, where: str) -> tuple[BasketEntries, int]:
    """The entries of the basket of a row, and the number of its entry among them."""
    record = source.read(row.seek, row.nbytes)
    tree = TREE_OF[Kind(row.kind)]
    try:
        key, _ = parse_key(record, 0, row.seek + row.nbytes)
    except DAMAGE:  # a basket, whose key has more fields
        return parse_basket(record, VALUE, tree, where, source.budget), row.entry
    branch = parse_tree(record, key, where, source.budget).get(VALUE) if (key.class_name, key.name) == (b"TTree", tree) else None
    for basket in branch.baskets if branch else ():
        if basket.inside and basket.first <= row.entry < basket.last:
            return basket.inside, row.entry - basket.first
    raise FormatError("not the listed object", where, f"the tree {tree.decode()}; the file was replaced or damaged")


def _object(entry: bytes, class_name: bytes, class_version: int, where: str) -> tuple[bytes, int]:
    """A complete object as ROOT streams it, and its start in the entry; negative if the header is added here."""
    if class_version == 0:
        # The class comes first, between its length and a NUL.
        begin = len(class_name) + 2
        if entry[:begin] != b"%c%b\0" % (len(class_name), class_name):
            raise FormatError(f"an object of a different class ({entry[:begin]!r})", where, class_name.decode())
        return entry[begin:], begin
    if entry.startswith(_SIZE.pack(BYTE_COUNT | (len(entry) - _SIZE.size))):  # a class with its own streamer
        return entry, 0
    return _HEADER.pack(BYTE_COUNT | (len(entry) + 2), class_version) + entry, -_HEADER.size


class _Order(NamedTuple):
    """The order of the MEs of a sample.

    Attributes:
        names: The names in order.
        numbers: Number of the ME of each name among those of the sample in the file.
    """

    names: MENames
    numbers: list[int]


class _Sample:
    """The MEs of one run or lumisection, as ranges of entries."""

    def __init__(self) -> None:
        self._parts: list[tuple[TypeTable, int, int]] = []

    def add(self, table: TypeTable, first: int, end: int) -> None:
        """Add the entries of a table from `first` up to, not including, `end`."""
        self._parts.append((table, first, end))

    def listing(self, orders: dict[bytes, _Order]) -> MEListing:
        """The listing of all entries that were added. `orders` caches orders by names: samples of a file often share them."""
        names = list(chain.from_iterable(table.names[first:end] for table, first, end in self._parts))
        order = _order(names, orders)
        columns = []
        for number, letter in enumerate(LETTERS):
            joined = array(letter)
            for table, first, end in self._parts:
                joined += table.columns[number][first:end]
            columns.append([joined[number] for number in order.numbers])
        seek, nbytes, kind, flags, entry, class_version = columns
        nothing = [0] * len(seek)
        texts = list(chain.from_iterable(table.texts[first:end] or [None] * (end - first) for table, first, end in self._parts))
        scalars = {index: text for index, number in enumerate(order.numbers) if (text := texts[number]) is not None}
        facts = Facts(scalars, {})
        packed = Columns([seek, nbytes, nothing, nothing, kind, nothing, flags, entry, class_version])
        return MEListing(order.names, packed, facts, names.count(None))


def _order(names: list[bytes | None], orders: dict[bytes, _Order]) -> _Order:
    """The order of these names; the last of several MEs with the same name counts."""
    digest = sha256(b"\0".join(name or b"" for name in names)).digest()
    if digest not in orders:
        numbers = {name: number for number, name in enumerate(names) if name is not None}
        order = sorted(numbers)
        orders[digest] = _Order(MENames(order), [numbers[name] for name in order])
    return orders[digest]


def _is_format(head: FileHead) -> bool:
    return (b"Indices", b"TTree") in head.root_keys


FORMAT = Format(
    number=2,
    file_name=r"(?P<dataset>[^/]+__[^/]+__[^/]+)_run(?P<run>\d{1,9})\.root",
    suffix=".root",
    is_format=_is_format,
    scan=scan,
    payload=payload,
    payloads=payloads,
    has_lumisections=True,
)
