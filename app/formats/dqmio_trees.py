"""The trees of a DQMIO file as tables of monitor elements (MEs), one for each type, and the ranges of their entries."""

from __future__ import annotations

import struct
from array import array
from contextlib import suppress
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from app.formats.model import EFFICIENCY, EFFICIENCY_FLAG, LUMI, FormatError, Kind
from app.formats.rootfile import Key, RootFile
from app.formats.tags import as_text, as_utf8
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
TREES = [
    (b"Ints", Kind.INT), (b"Floats", Kind.FLOAT), (b"Strings", Kind.STRING),
    (b"TH1Fs", Kind.TH1F), (b"TH1Ss", Kind.TH1S), (b"TH1Ds", Kind.TH1D),
    (b"TH2Fs", Kind.TH2F), (b"TH2Ss", Kind.TH2S), (b"TH2Ds", Kind.TH2D), (b"TH3Fs", Kind.TH3F),
    (b"TProfiles", Kind.TPROFILE), (b"TProfile2Ds", Kind.TPROFILE2D), (b"TH1Is", Kind.TH1I), (b"TH2Is", Kind.TH2I),
]  # fmt: skip
"""The trees and what their MEs are; the number of a type is its place here."""
TREE_OF = {kind: name for name, kind in TREES}
_NOTHING_STORED = 1000
_RANGES = {b"Type": "I", b"FirstIndex": "Q", b"LastIndex": "Q", b"Run": "I", b"Lumi": "I"}
VALUE = b"Value"
LETTERS = "QIBBIB"
"""The types of the columns of a table."""
_LARGEST_VERSION = 255
_LUMI_FLAG = 0x00040000

T = TypeVar("T")


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
        branch = self._branch(VALUE, class_name)
        seek, nbytes, entry = (array(letter, [0]) * count for letter in "QII")
        for basket in branch.baskets:
            first, last = basket.first, basket.last
            if last <= count and (basket.inside or self._is_in_file(basket)):
                record = self._key if basket.inside else basket
                seek[first:last] = array("Q", [record.seek]) * (last - first)
                nbytes[first:last] = array("I", [record.nbytes]) * (last - first)
                entry[first:last] = array("I", range(first, last) if basket.inside else range(last - first))
        return [seek, nbytes, entry, array("B", [branch.class_version]) * count]


class Table(NamedTuple):
    """The MEs of one type in the order of their entries.

    The columns are seek, nbytes, kind, flags, entry and class version. The name of an ME that cannot be shown is None. `texts` are
    the values of scalars, and empty for histograms.
    """

    names: list[bytes | None]
    columns: list[array[int]]
    texts: list[str | None]


class Trees:
    """The trees of a file, each read once, with a count of what could not be read."""

    def __init__(self, source: Source) -> None:
        self._source = source
        keys = RootFile(source).keys()
        self.unreadable = keys.damaged
        self._keys: dict[bytes, list[Key]] = {}
        for key in sorted(keys.keys, key=attrgetter("cycle"), reverse=True):
            if key.class_name == b"TTree":
                self._keys.setdefault(key.name, []).append(key)
        self._tables: dict[int, Table | None] = {}
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

    def table(self, type_: int) -> Table | None:
        """The MEs of a type; None when there is no such type, or its tree cannot be read."""
        if type_ not in self._tables:
            try:
                self._tables[type_] = self._read_table(*TREES[type_]) if type_ < len(TREES) else None
            except FormatError:
                self._tables[type_] = None
        return self._tables[type_]

    def _read_table(self, name: bytes, kind: Kind) -> Table:
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
        return Table(paths, columns, texts)

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
        return [text if text is None else as_text(text) for text in tree.texts(VALUE)]
    return [number if number is None else str(number) for number in tree.numbers(VALUE, "q" if kind == Kind.INT else "d")]
