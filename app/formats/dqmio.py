"""DQMIO files: monitor elements (MEs) of runs and lumisections as the entries of ROOT trees, one tree for each type of ME.

The tree `Indices` says for each run, lumisection (0: the whole run) and type which entries are its own. The entries have a name,
flags and a value; values of histograms are not read here, only where they are.
"""

from __future__ import annotations

import struct
from array import array
from hashlib import sha256
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

from app.formats.dqmio_trees import LETTERS, TREE_OF, TREES, VALUE, Table, Trees
from app.formats.model import MAX_OBJECT, Columns, Facts, FormatError, Kind, Listing, Payload, Row, Scan
from app.formats.names import NameList
from app.formats.objects import frame, frame_size
from app.formats.rootfile import DAMAGE, parse_key
from app.formats.ttree import Entries, parse_basket, parse_tree

if TYPE_CHECKING:
    from app.formats.source import Source

# of runs and lumisections, as in legacy files
_LARGEST_NUMBER = 999_999_999
# the bytes that follow, and the version of the class
_HEADER = struct.Struct(">IH")
_SIZE = struct.Struct(">I")
_BYTE_COUNT = 0x40000000
# An object goes into the buffer of a basket with those before it.
_MAX_BASKET = MAX_OBJECT + (1 << 20)


def scan(source: Source) -> Scan:
    """The MEs of each run and lumisection in the file.

    Raises `OSError` when it cannot be read, and `FormatError` when it is no ROOT file, or its tree `Indices` is not there or
    cannot be read. Lesser damage costs what it hit, and is counted.
    """
    file = Trees(source)
    samples: dict[tuple[int, int], _Sample] = {}
    free = [0] * len(TREES)
    for type_, first, last, run, lumi in file.ranges():
        table = file.table(type_)
        # No entry belongs to two samples, so a file that says otherwise does not become many times as large.
        if table is None or not free[type_] <= first <= last < len(table.names) or max(run, lumi) > _LARGEST_NUMBER:
            file.unreadable += 1
        else:
            free[type_] = last + 1
            samples.setdefault((run, lumi), _Sample()).add(table, first, last + 1)
    orders: dict[bytes, _Order] = {}
    listings = {key: sample.listing(orders) for key, sample in sorted(samples.items())}
    return Scan(listings, file.unreadable + sum(listing.unreadable for listing in listings.values()))


def payload(source: Source, row: Row) -> Payload:
    """The histogram at `row`, with one read.

    Raises `ValueError` for a scalar (its text is in the facts), `OSError` when the file cannot be read, and `FormatError` when
    the object is not there any more, or is damaged.
    """
    kind = Kind(row.kind)
    if kind.scalar or kind not in TREE_OF:
        raise ValueError(f"an ME of kind {row.kind} has no histogram in such a file")
    where = f"{source.path} at byte {row.seek}"
    entries, number = _entries(source.read(row.seek, row.nbytes), row, where)
    if not 0 <= number < len(entries):
        raise FormatError(f"no entry {number}", where, f"one of {len(entries)}")
    start, end = entries.offsets[number : number + 2]
    class_name = kind.class_name.encode()
    content, begin = _object(entries.content[start:end], class_name, row.class_version, where)
    return Payload(row.marks, frame(class_name, content), entries.shift + start + begin - frame_size(class_name))


def _entries(record: bytes, row: Row, where: str) -> tuple[Entries, int]:
    """The entries of the basket in a record, and which of them is that of the row."""
    tree = TREE_OF[Kind(row.kind)]
    try:
        key, _ = parse_key(record, 0, row.seek + row.nbytes)
    except DAMAGE:  # as a basket is, which has more in its key
        return parse_basket(record, VALUE, tree, _MAX_BASKET, where), row.entry
    branch = parse_tree(record, key, where).get(VALUE) if (key.class_name, key.name) == (b"TTree", tree) else None
    for basket in branch.baskets if branch else ():
        if basket.inside and basket.first <= row.entry < basket.last:
            return basket.inside, row.entry - basket.first
    raise FormatError("another object than was listed", where, f"the tree {tree.decode()}; the file was replaced or damaged")


def _object(entry: bytes, class_name: bytes, class_version: int, where: str) -> tuple[bytes, int]:
    """A whole object as ROOT streams it, and the number of bytes of the entry that stand before where it begins."""
    if class_version == 0:
        # The class comes first, with its length before it and a NUL behind.
        begin = len(class_name) + 2
        if entry[:begin] != b"%c%b\0" % (len(class_name), class_name):
            raise FormatError(f"an object of another class ({entry[:begin]!r})", where, class_name.decode())
        return entry[begin:], begin
    if entry.startswith(_SIZE.pack(_BYTE_COUNT | (len(entry) - _SIZE.size))):  # a class with a streamer of its own
        return entry, 0
    return _HEADER.pack(_BYTE_COUNT | (len(entry) + 2), class_version) + entry, -_HEADER.size


class _Order(NamedTuple):
    """The names of a sample in their order, and for each the number of its ME among those that the file has for the sample."""

    names: NameList
    numbers: list[int]


class _Sample:
    """The MEs of one run or lumisection, as ranges of entries."""

    def __init__(self) -> None:
        self._parts: list[tuple[Table, int, int]] = []

    def add(self, table: Table, first: int, end: int) -> None:
        """Adds entries `first` up to but without `end` of a table."""
        self._parts.append((table, first, end))

    def listing(self, orders: dict[bytes, _Order]) -> Listing:
        """All that was added, in the order of the names; `orders` has those of other samples of the file, which may be the same."""
        names = list(chain.from_iterable(table.names[first:end] for table, first, end in self._parts))
        order = _order(names, orders)
        columns = []
        for number, letter in enumerate(LETTERS):
            joined = array(letter)
            for table, first, end in self._parts:
                joined += table.columns[number][first:end]
            columns.append([joined[place] for place in order.numbers])
        seek, nbytes, kind, flags, entry, class_version = columns
        nothing = [0] * len(seek)
        texts = list(chain.from_iterable(table.texts[first:end] or [None] * (end - first) for table, first, end in self._parts))
        scalars = {index: text for index, place in enumerate(order.numbers) if (text := texts[place]) is not None}
        facts = Facts(scalars, {})
        packed = Columns([seek, nbytes, nothing, nothing, kind, nothing, flags, entry, class_version])
        return Listing(order.names, packed, facts, names.count(None))


def _order(names: list[bytes | None], orders: dict[bytes, _Order]) -> _Order:
    """Of several MEs with the same name the last counts."""
    digest = sha256(b"\0".join(name or b"" for name in names)).digest()
    if digest not in orders:
        numbers = {name: number for number, name in enumerate(names) if name is not None}
        order = sorted(numbers)
        orders[digest] = _Order(NameList(order), [numbers[name] for name in order])
    return orders[digest]
