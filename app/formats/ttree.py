"""The trees of ROOT files, as far as DQMIO files use them: branches of numbers, of texts and of whole objects, none of them split.

A tree's own record says of each branch where its baskets are: records that hold many entries each, compressed together. A basket
that was not full when the tree was written may stand in the record of the tree itself.
"""

from __future__ import annotations

import struct
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from app.formats.model import FormatError
from app.formats.objects import decompress
from app.formats.streamed import DAMAGE, WORD, Damaged, Reader

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.formats.rootfile import Key

MAX_TREE = 1 << 26
"""Bytes of the largest record of a tree, with the places of some two million baskets."""
MAX_BASKET_ENTRIES = 1 << 20

# entries; bytes in all, zipped, saved, flushed; weight; timer, scan, update, length of offsets
_TREE = struct.Struct(">qqqqqdiiii")
# most entries, in a loop, virtual bytes; autosave, autoflush, estimate
_TREE_LIMITS = struct.Struct(">qqqqqq")
# compression, basket size, length of offsets, baskets written, entries written
_BRANCH = struct.Struct(">iiiiq")
# offset, places for baskets, split level, entries, the first of them, bytes in all, zipped
_BRANCH_COUNTS = struct.Struct(">iIiqqqq")
# checksum, and the version of the class in 32 bits, or 16 since version 10 of TBranchElement
_CLASS_VERSION = struct.Struct(">Ii")
_SHORT_CLASS_VERSION = struct.Struct(">Ih")
# of a key: nbytes, version, objlen, date, keylen, cycle; the two places that follow have 32 bits each, or 64
_KEY = struct.Struct(">ihiIhh")
_BIG_VERSION = 1000
# of a basket, behind its key: version, buffer size, size of an entry, entries, end of the last, what follows
_BASKET = struct.Struct(">HiiiiB")


class Entries(NamedTuple):
    """The entries of one basket: number i is `content[offsets[i]:offsets[i + 1]]`.

    `shift` bytes stood before the content where ROOT wrote it, and what refers to something in it counts them.
    """

    content: bytes
    offsets: Sequence[int]
    shift: int

    def __len__(self) -> int:
        return len(self.offsets) - 1


class Basket(NamedTuple):
    """Entries `first` up to but without `last` of a branch: in `nbytes` bytes from `seek` on, or in the tree's record."""

    first: int
    last: int
    seek: int
    nbytes: int
    inside: Entries | None


class Branch(NamedTuple):
    """Where a branch has its entries: in baskets that follow each other, with gaps where one is damaged. `class_name` is empty for numbers.

    `class_version` is that of all its objects, or 0 when each entry begins with class and version of its own.
    """

    class_name: bytes
    class_version: int
    entries: int
    baskets: list[Basket]


def parse_tree(record: bytes, key: Key, where: str) -> dict[bytes, Branch]:
    """The branches of a tree by name, from its record, which starts with `key`. Raises `FormatError` naming `where`."""
    if key.objlen > MAX_TREE:
        raise FormatError(f"a tree of {key.objlen} bytes", where, f"at most {MAX_TREE}")
    data = decompress(record[key.keylen :], key.objlen, where)
    try:
        return _tree(Reader(data, key.keylen))
    except DAMAGE as error:
        raise FormatError("its record is damaged", where, "a tree that ROOT wrote") from error


def parse_basket(record: bytes, branch: bytes, tree: bytes, limit: int, where: str) -> Entries:
    """The entries of a basket of this branch and tree, of up to `limit` bytes, from its record. Raises `FormatError` naming `where`."""
    reader = Reader(record, 0)
    try:
        header = _basket_header(reader)
        if header[:3] != (branch, tree, len(record)) or reader.at != header.keylen:
            raise Damaged
        if not 0 <= header.objlen <= limit:
            raise FormatError(f"a basket of {header.objlen} bytes", where, f"at most {limit}")
        content = decompress(record[header.keylen :], header.objlen, where)
        end = header.last - header.keylen
        return _entries(content[:end], content[end:], header)
    except DAMAGE as error:
        expected = f"a basket of the branch {branch.decode()} of {tree.decode()}"
        raise FormatError("no such basket", where, expected) from error


def texts(entries: Entries) -> list[bytes | None]:
    """The entries of a branch of `std::string`; None for one that is damaged."""
    content = entries.content
    # The length comes first, and nearly always in one byte: so this asks once for each.
    return [
        content[start + 1 : end] if start < end and content[start] == end - start - 1 < 255 else _long_text(content[start:end])
        for start, end in pairwise(entries.offsets)
    ]


def _long_text(entry: bytes) -> bytes | None:
    return entry[5:] if entry[:1] == b"\xff" and int.from_bytes(entry[1:5], "big") == len(entry) - 5 else None


class _BasketHeader(NamedTuple):
    branch: bytes
    tree: bytes
    nbytes: int
    objlen: int
    keylen: int
    size: int
    entries: int
    last: int
    follows: int


def _basket_header(reader: Reader) -> _BasketHeader:
    nbytes, version, objlen, _, keylen, _ = reader.fields(_KEY)
    reader.take(16 if version > _BIG_VERSION else 8)
    class_name, branch, tree = reader.text(), reader.text(), reader.text()
    _, _, size, count, last, follows = reader.fields(_BASKET)
    # A negative size announces a layout that ROOT writes on demand only.
    if class_name != b"TBasket" or not 0 < keylen <= last or size < 0:
        raise Damaged
    return _BasketHeader(branch, tree, nbytes, objlen, keylen, size, count, last, follows)


def _basket_inside(reader: Reader) -> Entries | None:
    """A basket in the record of its tree: where its entries start, and then the whole buffer, with the room for the key."""
    header = _basket_header(reader)
    # Tens: the buffer follows, and what else; ones: 2 for no list of where entries start, 0 for nothing at all.
    if not header.follows or header.follows >= 80:
        return None
    starts = b""
    if header.follows % 10 != 2:
        starts = reader.take(4 + 4 * header.entries)
    if header.follows > 40:
        reader.take(4 + 4 * header.entries)
    if header.follows != 1 and header.follows <= 10:
        return None
    return _entries(reader.take(header.last)[header.keylen :], starts, header)


def _entries(content: bytes, starts: bytes, header: _BasketHeader) -> Entries:
    """The entries in `content`: all of one size when `starts`, a count and where each starts, is empty."""
    if not 0 <= header.entries <= min(len(content), MAX_BASKET_ENTRIES):
        raise Damaged
    if starts:
        offsets = [start - header.keylen for start in struct.unpack_from(f">{header.entries}i", starts, 4)]
        offsets.append(len(content))
        if offsets[0] < 0 or sorted(offsets) != offsets:
            raise Damaged
        return Entries(content, offsets, header.keylen)
    if header.entries * header.size != len(content):
        raise Damaged
    return Entries(content, range(0, len(content) + 1, header.size or 1), header.keylen)


def _tree(reader: Reader) -> dict[bytes, Branch]:
    version, _ = reader.header()
    reader.skip(4)  # name, line, fill, marker
    reader.fields(_TREE)
    clusters = reader.fields(WORD)[0] if version > 18 else 0
    reader.fields(_TREE_LIMITS)
    if version > 18:
        reader.array("q", clusters)
        reader.array("q", clusters)
    reader.skip(1 if version > 19 else 0)  # I/O features
    branches = {}
    for _, class_name in reader.members():
        if class_name in _BRANCHES:
            name, branch = _BRANCHES[class_name](reader)
            branches[name] = branch
    return branches


def _numbers(reader: Reader) -> tuple[bytes, Branch]:
    version, _ = reader.header()
    _, end = reader.header()
    reader.object()
    name = reader.text()
    reader.at = end
    reader.skip(1)  # fill
    _, _, _, written, _ = reader.fields(_BRANCH)
    reader.skip(1 if version > 12 else 0)  # I/O features
    _, places, _, entries, _, _, _ = reader.fields(_BRANCH_COUNTS)
    reader.skip(2)  # branches, leaves
    inside = {number: _basket_inside(reader) for number, class_name in reader.members() if class_name == b"TBasket"}
    sizes, firsts, seeks = (reader.array(letter, places) for letter in "iqq")
    reader.text()  # name of another file
    if not 0 <= written < places:
        raise Damaged
    baskets: list[Basket] = []
    end = 0
    for number in range(written + 1):
        first, last = firsts[number], firsts[number + 1] if number < written else entries
        if end <= first < last <= entries:
            baskets.append(Basket(first, last, seeks[number], sizes[number], inside.get(number)))
            end = last
    return name, Branch(b"", 0, entries, baskets)


def _objects(reader: Reader) -> tuple[bytes, Branch]:
    """A branch whose entries have no class and version of their own."""
    version, _ = reader.header()
    name, branch = _numbers(reader)
    class_name, _, _ = reader.text(), reader.text(), reader.text()
    _, class_version = reader.fields(_SHORT_CLASS_VERSION if version > 9 else _CLASS_VERSION)
    return name, branch._replace(class_name=class_name, class_version=class_version)


def _whole_objects(reader: Reader) -> tuple[bytes, Branch]:
    reader.header()
    name, branch = _numbers(reader)
    return name, branch._replace(class_name=reader.text())


_BRANCHES = {b"TBranch": _numbers, b"TBranchElement": _objects, b"TBranchObject": _whole_objects}
