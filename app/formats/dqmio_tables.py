"""The trees of a DQMIO file as tables of monitor elements (MEs), one for each type, and the ranges of their entries."""

from __future__ import annotations

import struct
from array import array
from contextlib import suppress
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from app.formats.elements import Kind
from app.formats.errors import FormatError
from app.formats.listing import flag_bits
from app.formats.root.files import RootFile
from app.formats.root.trees import Basket, BasketEntries, Branch, parse_basket, parse_tree, texts
from app.formats.text_encoding import decode_text, to_utf8

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from app.formats.file_source import FileSource
    from app.formats.root.keys import RootKey

MAX_ENTRIES = 4_000_000
"""MEs in one file, in all its lumisections."""
MAX_RANGES = 500_000
"""Entries of the tree `Indices`: one for each type that a lumisection has."""

TREES = [
    (b"Ints", Kind.INT),
    (b"Floats", Kind.FLOAT),
    (b"Strings", Kind.STRING),
    (b"TH1Fs", Kind.TH1F),
    (b"TH1Ss", Kind.TH1S),
    (b"TH1Ds", Kind.TH1D),
    (b"TH2Fs", Kind.TH2F),
    (b"TH2Ss", Kind.TH2S),
    (b"TH2Ds", Kind.TH2D),
    (b"TH3Fs", Kind.TH3F),
    (b"TProfiles", Kind.TPROFILE),
    (b"TProfile2Ds", Kind.TPROFILE2D),
    (b"TH1Is", Kind.TH1I),
    (b"TH2Is", Kind.TH2I),
]
"""Name and type of MEs of each tree, by the number of the type in `Indices`."""
TREE_OF = {kind: name for name, kind in TREES}
VALUE = b"Value"
"""The branch with the values of MEs."""
LETTERS = "QIBBIB"
"""The types of the columns of a table, as in `array`."""

_NOTHING_STORED = 1000
_RANGES = {b"Type": "I", b"FirstIndex": "Q", b"LastIndex": "Q", b"Run": "I", b"Lumi": "I"}
_LARGEST_VERSION = 255

T = TypeVar("T")


class _Tree:
    """One tree of a file. Raises `FormatError` when its record is damaged."""

    def __init__(self, source: FileSource, key: RootKey) -> None:
        self._source = source
        self._key = key
        self._where = f"the tree {key.name.decode()} of {source.path}"
        self._branches = parse_tree(source.read(key.seek, key.nbytes), key, self._where, source.budget)

    def _branch(self, name: bytes, class_name: bytes, limit: int = MAX_ENTRIES) -> Branch:
        branch = self._branches.get(name)
        if branch is None or branch.class_name != class_name or not 0 <= branch.class_version <= _LARGEST_VERSION:
            what = f"no branch {name.decode()} of {class_name.decode() or 'numbers'}"
            raise FormatError(what, self._where, "a tree of a DQMIO file")
        if not 0 <= branch.entries <= limit:
            raise FormatError(f"{branch.entries} entries", self._where, f"at most {limit}")
        return branch

    def numbers(self, name: bytes, letter: str, limit: int = MAX_ENTRIES) -> list[Any]:
        """The numbers in a branch; None for lost ones. `letter` is their type as in `struct`."""
        return self._values(self._branch(name, b"", limit), name, lambda some: struct.unpack(f">{len(some)}{letter}", some.content))

    def texts(self, name: bytes) -> list[bytes | None]:
        """The texts in a branch; None for lost ones."""
        return self._values(self._branch(name, b"string"), name, texts)

    def _values(self, branch: Branch, name: bytes, read: Callable[[BasketEntries], Iterable[T | None]]) -> list[T | None]:
        values: list[T | None] = [None] * branch.entries
        for basket in branch.baskets:
            with suppress(FormatError, struct.error):
                values[basket.first : basket.last] = read(self._entries(basket, name))
        return values

    def _entries(self, basket: Basket, branch: bytes) -> BasketEntries:
        if basket.inside:
            entries = basket.inside
        else:
            if not self._is_in_file(basket):
                raise FormatError(f"a basket of {basket.nbytes} bytes at byte {basket.seek}", self._where, "baskets that fit into the file")
            record = self._source.read(basket.seek, basket.nbytes)
            entries = parse_basket(record, branch, self._key.name, self._where, self._source.budget)
        if len(entries) != basket.last - basket.first:
            raise FormatError(f"a basket of {len(entries)} entries", self._where, f"{basket.last - basket.first}")
        return entries

    def _is_in_file(self, basket: Basket) -> bool:
        return basket.nbytes > 0 and 0 < basket.seek <= self._source.size - basket.nbytes

    def object_positions(self, class_name: bytes, count: int) -> list[array[int]]:
        """The positions of the first `count` objects of the branch `Value`: seek, nbytes (0 for a lost one), entry and class version."""
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


class TypeTable(NamedTuple):
    """The MEs of one type in the order of their entries.

    Attributes:
        names: None for an ME that is lost or has a name that pages cannot show.
        columns: seek, nbytes, kind, flags, entry and class version.
        texts: The values of scalars; empty for histograms.
    """

    names: list[bytes | None]
    columns: list[array[int]]
    texts: list[str | None]


class DqmioTrees:
    """The trees of a file, each read once.

    Attributes:
        unreadable: Number of unreadable keys, trees, ranges and flags so far.
    """

    def __init__(self, source: FileSource) -> None:
        self._source = source
        keys = RootFile(source).keys()
        self.unreadable = keys.damaged
        self._keys: dict[bytes, list[RootKey]] = {}
        for key in sorted(keys.keys, key=attrgetter("cycle"), reverse=True):
            if key.class_name == b"TTree":
                self._keys.setdefault(key.name, []).append(key)
        self._tables: dict[int, TypeTable | None] = {}
        self._unread_entries = MAX_ENTRIES

    def _tree(self, name: bytes) -> _Tree:
        """The tree of this name in its latest undamaged cycle. Raises `FormatError`."""
        problem = FormatError(f"has no tree {name.decode()}", self._source.path, "a DQMIO file, with Indices and trees of MEs")
        for key in self._keys.get(name, ()):
            try:
                return _Tree(self._source, key)
            except FormatError as error:
                self.unreadable += 1
                problem = error
        raise problem

    def ranges(self) -> list[tuple[int, int, int, int, int]]:
        """Type, first and last entry, run and lumisection of each range in `Indices`, in the order of the entries."""
        tree = self._tree(b"Indices")
        columns = [tree.numbers(name, letter, MAX_RANGES) for name, letter in _RANGES.items()]
        rows = [row for row in zip(*columns, strict=False) if None not in row]
        self.unreadable += max(map(len, columns)) - len(rows)
        return sorted(row for row in rows if row[0] != _NOTHING_STORED)

    def table(self, type_: int) -> TypeTable | None:
        """The MEs of a type; None for a type that does not exist or has an unreadable tree."""
        if type_ not in self._tables:
            try:
                self._tables[type_] = self._read_table(*TREES[type_]) if type_ < len(TREES) else None
            except FormatError:
                self._tables[type_] = None
        return self._tables[type_]

    def _read_table(self, name: bytes, kind: Kind) -> TypeTable:
        tree = self._tree(name)
        names = tree.texts(b"FullName")
        count = len(names)
        self._unread_entries -= count
        if self._unread_entries < 0:
            raise FormatError("it has too many entries", self._source.path, f"at most {MAX_ENTRIES}")
        paths = {name: _path(name) for name in set(names)}
        if kind.scalar:
            texts = _scalars(tree, kind)[:count]
            texts += [None] * (count - len(texts))
            seek, nbytes, entry, class_version = (array(letter, [0]) * count for letter in "QIIB")
            is_readable: Iterable[object] = [text is not None for text in texts]
        else:
            texts = []
            seek, nbytes, entry, class_version = tree.object_positions(kind.class_name.encode(), count)
            is_readable = nbytes
        usable = [paths[name] if readable else None for name, readable in zip(names, is_readable, strict=True)]
        columns = [seek, nbytes, array("B", [kind]) * count, self._flags(tree, count), entry, class_version]
        return TypeTable(usable, columns, texts)

    def _flags(self, tree: _Tree, count: int) -> array[int]:
        try:
            flags = tree.numbers(b"Flags", "I")[:count]
        except FormatError:
            flags = []
        flags += [None] * (count - len(flags))
        self.unreadable += flags.count(None)
        bits = {flag: flag_bits(flag or 0) for flag in set(flags)}
        return array("B", map(bits.__getitem__, flags))


def _path(name: bytes | None) -> bytes | None:
    """The name in UTF-8; None for one that pages and URLs cannot show."""
    return to_utf8(name) if name and b"\0" not in name and b"//" not in b"/%b/" % name else None


def _scalars(tree: _Tree, kind: Kind) -> list[str | None]:
    if kind == Kind.STRING:
        return [text if text is None else decode_text(text) for text in tree.texts(VALUE)]
    return [number if number is None else str(number) for number in tree.numbers(VALUE, "q" if kind == Kind.INT else "d")]
