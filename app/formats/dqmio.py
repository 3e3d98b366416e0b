"""DQMIO files: monitor elements (MEs) of runs and lumisections as the entries of ROOT trees, one tree for each type of ME.

The tree `Indices` says for each run, lumisection (0: the whole run) and type which entries are its own. The entries have a name,
flags and a value; values of histograms are not read here, only where they are.
"""

from __future__ import annotations

import struct
from array import array
from contextlib import suppress
from hashlib import sha256
from itertools import chain
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from app.formats.model import EFFICIENCY, LUMI, Columns, Facts, FormatError, Kind, Listing, Payload, Row, Scan
from app.formats.names import NameList
from app.formats.objects import frame, frame_size
from app.formats.rootfile import DAMAGE, Key, RootFile, parse_key
from app.formats.tags import as_text, as_utf8
from app.formats.tdirectory import EFFICIENCY_FLAG, MAX_OBJECT
from app.formats.ttree import Basket, Branch, Entries, parse_basket, parse_tree, texts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from app.formats.source import Source

MAX_ENTRIES = 4_000_000
"""MEs in one file, those of all its lumisections together."""
MAX_RANGES = 500_000
"""Entries of the tree `Indices`: one for each type that a lumisection has."""

# Bytes of the largest basket of names or numbers; they are to have 32 kB, unless ROOT finds that more is better.
_MAX_BASKET = 1 << 26
# The number of a type is its place here.
_TREES = [
    (b"Ints", Kind.INT), (b"Floats", Kind.FLOAT), (b"Strings", Kind.STRING),
    (b"TH1Fs", Kind.TH1F), (b"TH1Ss", Kind.TH1S), (b"TH1Ds", Kind.TH1D),
    (b"TH2Fs", Kind.TH2F), (b"TH2Ss", Kind.TH2S), (b"TH2Ds", Kind.TH2D), (b"TH3Fs", Kind.TH3F),
    (b"TProfiles", Kind.TPROFILE), (b"TProfile2Ds", Kind.TPROFILE2D), (b"TH1Is", Kind.TH1I), (b"TH2Is", Kind.TH2I),
]  # fmt: skip
_NAMES = {kind: name for name, kind in _TREES}
_NOTHING_STORED = 1000
_RANGES = {b"Type": "I", b"FirstIndex": "Q", b"LastIndex": "Q", b"Run": "I", b"Lumi": "I"}
_VALUE = b"Value"
# the bytes that follow, and the version of the class
_HEADER = struct.Struct(">IH")
_SIZE = struct.Struct(">I")
_BYTE_COUNT = 0x40000000
_LARGEST_VERSION = 255
_LUMI_FLAG = 0x00040000
# of the columns of a table
_LETTERS = "QIBBIB"

T = TypeVar("T")


def scan(source: Source) -> Scan:
    """The MEs of each run and lumisection in the file.

    Raises `OSError` when it cannot be read, and `FormatError` when it is no ROOT file, or its tree `Indices` is not there or
    cannot be read. Lesser damage costs what it hit, and is counted.
    """
    file = _File(source)
    samples: dict[tuple[int, int], _Sample] = {}
    free = [0] * len(_TREES)
    for type_, first, last, run, lumi in file.ranges():
        table = file.table(type_)
        # No entry belongs to two samples, so a file that says otherwise does not become many times as large.
        if table is None or not free[type_] <= first <= last < len(table.names):
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
    if kind.scalar:
        raise ValueError(f"an ME of kind {row.kind} has no histogram")
    where = f"{source.path} at byte {row.seek}"
    entries, number = _entries(source.read(row.seek, row.nbytes), row, where)
    if not 0 <= number < len(entries):
        raise FormatError(f"no entry {number}", where, f"one of {len(entries)}")
    start, end = entries.offsets[number : number + 2]
    class_name = kind.class_name.encode()
    content, begin = _object(entries.content[start:end], class_name, row.class_version, where)
    flags = row.kind | (EFFICIENCY_FLAG if row.flags & EFFICIENCY else 0)
    return Payload(flags, frame(class_name, content), entries.shift + start + begin - frame_size(class_name))


def _entries(record: bytes, row: Row, where: str) -> tuple[Entries, int]:
    """The entries of the basket in a record, and which of them is that of the row."""
    tree = _NAMES[Kind(row.kind)]
    try:
        key, _ = parse_key(record, 0, row.seek + row.nbytes)
    except DAMAGE:  # as a basket is, which has more in its key
        return parse_basket(record, _VALUE, tree, MAX_OBJECT, where), row.entry
    branch = parse_tree(record, key, where).get(_VALUE) if (key.class_name, key.name) == (b"TTree", tree) else None
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


class _Tree:
    """One tree of a file, and the entries of its branches."""

    def __init__(self, source: Source, key: Key) -> None:
        self._source = source
        self._key = key
        self._where = f"the tree {key.name.decode()} of {source.path}"
        self._branches = parse_tree(source.read(key.seek, key.nbytes), key, self._where)
        self._unread_bytes = source.size

    def _branch(self, name: bytes, class_name: bytes, limit: int = MAX_ENTRIES) -> Branch:
        branch = self._branches.get(name)
        if branch is None or branch.class_name != class_name or not 0 <= branch.class_version <= _LARGEST_VERSION:
            what = f"no branch {name.decode()} of {class_name.decode() or 'numbers'}"
            raise FormatError(what, self._where, "a tree of a DQMIO file")
        if not 0 <= branch.entries <= limit:
            raise FormatError(f"{branch.entries} entries", self._where, f"at most {limit}")
        return branch

    def numbers(self, name: bytes, letter: str, limit: int = MAX_ENTRIES) -> list[Any]:
        """The numbers in a branch; None where they are lost. `letter` is their type as in `struct`."""
        return self._values(self._branch(name, b"", limit), name, lambda found: struct.unpack(f">{len(found)}{letter}", found.content))

    def texts(self, name: bytes) -> list[bytes | None]:
        """The texts in a branch; None where they are lost."""
        return self._values(self._branch(name, b"string"), name, texts)

    def _values(self, branch: Branch, name: bytes, read: Callable[[Entries], Iterable[T | None]]) -> list[T | None]:
        values: list[T | None] = [None] * branch.entries
        for basket in branch.baskets:
            with suppress(FormatError, struct.error):
                values[basket.first : basket.last] = read(self._entries(basket, name))
        return values

    def _entries(self, basket: Basket, branch: bytes) -> Entries:
        if basket.inside:
            entries = basket.inside
        else:
            # Baskets never share bytes, so a file that says otherwise is not read for longer than its size is worth.
            if not self._is_in_file(basket) or basket.nbytes > self._unread_bytes:
                raise FormatError(f"a basket of {basket.nbytes} bytes at byte {basket.seek}", self._where, "baskets that fit into the file")
            self._unread_bytes -= basket.nbytes
            record = self._source.read(basket.seek, basket.nbytes)
            entries = parse_basket(record, branch, self._key.name, _MAX_BASKET, self._where)
        if len(entries) != basket.last - basket.first:
            raise FormatError(f"a basket of {len(entries)} entries", self._where, f"{basket.last - basket.first}")
        return entries

    def _is_in_file(self, basket: Basket) -> bool:
        return basket.nbytes > 0 and 0 < basket.seek <= self._source.size - basket.nbytes

    def places(self, class_name: bytes, count: int) -> list[array[int]]:
        """Where the first `count` objects of the branch `Value` are: seek, nbytes (0 where it is lost), entry and class version."""
        branch = self._branch(_VALUE, class_name)
        seek, nbytes, entry = (array(letter, [0]) * count for letter in "QII")
        for basket in branch.baskets:
            first, last = basket.first, basket.last
            if last <= count and (basket.inside or self._is_in_file(basket)):
                record = self._key if basket.inside else basket
                seek[first:last] = array("Q", [record.seek]) * (last - first)
                nbytes[first:last] = array("I", [record.nbytes]) * (last - first)
                entry[first:last] = array("I", range(first, last) if basket.inside else range(last - first))
        return [seek, nbytes, entry, array("B", [branch.class_version]) * count]


class _Table(NamedTuple):
    """The MEs of one type in the order of their entries.

    The columns are seek, nbytes, kind, flags, entry and class version. The name of an ME that cannot be shown is None. `texts` are
    the values of scalars, and empty for histograms.
    """

    names: list[bytes | None]
    columns: list[array[int]]
    texts: list[str | None]


class _File:
    """The trees of a file, each read once, with a count of what could not be read."""

    def __init__(self, source: Source) -> None:
        self._source = source
        keys = RootFile(source).keys()
        self.unreadable = keys.damaged
        self._keys: dict[bytes, list[Key]] = {}
        for key in sorted(keys.keys, key=attrgetter("cycle"), reverse=True):
            if key.class_name == b"TTree":
                self._keys.setdefault(key.name, []).append(key)
        self._tables: dict[int, _Table | None] = {}
        self._unread_entries = MAX_ENTRIES

    def _tree(self, name: bytes) -> _Tree:
        """The tree of this name in its latest cycle that is whole. Raises `FormatError`."""
        problem = FormatError(f"has no tree {name.decode()}", self._source.path, "a DQMIO file, with Indices and trees of MEs")
        for key in self._keys.get(name, ()):
            try:
                return _Tree(self._source, key)
            except FormatError as error:
                self.unreadable += 1
                problem = error
        raise problem

    def ranges(self) -> list[tuple[int, int, int, int, int]]:
        """Type, first and last entry, run and lumisection of all that the file says to hold, in the order of the entries."""
        tree = self._tree(b"Indices")
        columns = [tree.numbers(name, letter, MAX_RANGES) for name, letter in _RANGES.items()]
        rows = [row for row in zip(*columns, strict=False) if None not in row]
        self.unreadable += max(map(len, columns)) - len(rows)
        return sorted(row for row in rows if row[0] != _NOTHING_STORED)

    def table(self, type_: int) -> _Table | None:
        """The MEs of a type; None when there is no such type, or its tree cannot be read."""
        if type_ not in self._tables:
            try:
                self._tables[type_] = self._read_table(*_TREES[type_]) if type_ < len(_TREES) else None
            except FormatError:
                self._tables[type_] = None
        return self._tables[type_]

    def _read_table(self, name: bytes, kind: Kind) -> _Table:
        tree = self._tree(name)
        names = tree.texts(b"FullName")
        count = len(names)
        self._unread_entries -= count
        if self._unread_entries < 0:
            raise FormatError("it has too many entries", self._source.path, f"at most {MAX_ENTRIES}")
        shown = {name: _path(name) for name in set(names)}
        if kind.scalar:
            texts = _scalars(tree, kind)[:count]
            texts += [None] * (count - len(texts))
            seek, nbytes, entry, class_version = (array(letter, [0]) * count for letter in "QIIB")
            there: Iterable[object] = [text is not None for text in texts]
        else:
            texts = []
            seek, nbytes, entry, class_version = tree.places(kind.class_name.encode(), count)
            there = nbytes
        paths = [shown[name] if readable else None for name, readable in zip(names, there, strict=True)]
        columns = [seek, nbytes, array("B", [kind]) * count, self._flags(tree, count), entry, class_version]
        return _Table(paths, columns, texts)

    def _flags(self, tree: _Tree, count: int) -> array[int]:
        try:
            flags = tree.numbers(b"Flags", "I")[:count]
        except FormatError:
            flags = []
        flags += [None] * (count - len(flags))
        self.unreadable += flags.count(None)
        marks = {flag: _marks(flag or 0) for flag in set(flags)}
        return array("B", map(marks.__getitem__, flags))


def _marks(flag: int) -> int:
    return (EFFICIENCY if flag & EFFICIENCY_FLAG else 0) | (LUMI if flag & _LUMI_FLAG else 0)


def _path(name: bytes | None) -> bytes | None:
    """The name in UTF-8; None for one that no page or address could show."""
    return as_utf8(name) if name and b"\0" not in name and b"//" not in b"/%b/" % name else None


def _scalars(tree: _Tree, kind: Kind) -> list[str | None]:
    if kind == Kind.STRING:
        return [text if text is None else as_text(text) for text in tree.texts(_VALUE)]
    return [number if number is None else str(number) for number in tree.numbers(_VALUE, "q" if kind == Kind.INT else "d")]


class _Order(NamedTuple):
    """The names of a sample in their order, and for each the number of its ME among those that the file has for the sample."""

    names: NameList
    numbers: list[int]


class _Sample:
    """The MEs of one run or lumisection, as ranges of entries."""

    def __init__(self) -> None:
        self._parts: list[tuple[_Table, int, int]] = []

    def add(self, table: _Table, first: int, end: int) -> None:
        """Adds entries `first` up to but without `end` of a table."""
        self._parts.append((table, first, end))

    def listing(self, orders: dict[bytes, _Order]) -> Listing:
        """All that was added, in the order of the names; `orders` has those of other samples of the file, which may be the same."""
        names = list(chain.from_iterable(table.names[first:end] for table, first, end in self._parts))
        order = _order(names, orders)
        columns = []
        for number, letter in enumerate(_LETTERS):
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
