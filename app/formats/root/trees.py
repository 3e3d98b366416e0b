"""The trees of ROOT files, as far as DQMIO files use them: unsplit branches of numbers, of texts and of whole objects.

The record of a tree has the positions of the baskets of each branch: records with many entries each, compressed together. A
basket that was not full when the tree was written may be in the record of the tree itself.
"""

from __future__ import annotations

import struct
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from app.formats.elements import MAX_OBJECT
from app.formats.errors import FormatError
from app.formats.root.buffer import DAMAGE, WORD, BufferReader, DamagedBuffer
from app.formats.root.compression import decompress
from app.formats.root.keys import BIG_VERSION

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.formats.root.keys import RootKey
    from app.formats.work_budget import WorkBudget

MAX_TREE = 1 << 26
"""Bytes of the largest record of a tree, with the positions of about two million baskets."""
MAX_BASKET = MAX_OBJECT + (1 << 20)
"""Bytes of the largest basket when decompressed: an object is added to the basket of those before it."""
MAX_BASKET_ENTRIES = 1 << 20
"""Entries of one basket."""

# entries; bytes: total, zipped, saved, flushed; weight; timer, scan, update, length of offsets
_TREE = struct.Struct(">qqqqqdiiii")
# max entries, entry loop, virtual bytes; autosave, autoflush, estimate
_TREE_LIMITS = struct.Struct(">qqqqqq")
# compression, basket size, length of offsets, baskets written, entries written
_BRANCH = struct.Struct(">iiiiq")
# offset, capacity for baskets, split level, entries, first entry, total bytes, zipped bytes
_BRANCH_COUNTS = struct.Struct(">iIiqqqq")
# checksum, and the version of the class in 32 bits, or 16 since version 10 of TBranchElement
_CLASS_VERSION = struct.Struct(">Ii")
_SHORT_CLASS_VERSION = struct.Struct(">Ih")
# key: nbytes, version, objlen, date, keylen, cycle; two positions of 32 or 64 bits follow
_KEY = struct.Struct(">ihiIhh")
# basket, after its key: version, buffer size, size of an entry, entries, end of the last entry, code of the data that follows
_BASKET = struct.Struct(">HiiiiB")


class BasketEntries(NamedTuple):
    """The entries of one basket: number i is `content[offsets[i]:offsets[i + 1]]`.

    Attributes:
        content: The entries, decompressed.
        offsets: Where each entry begins, and where the last one ends.
        shift: Bytes before the content in the buffer that ROOT wrote; offsets in the content count them.
    """

    content: bytes
    offsets: Sequence[int]
    shift: int

    def __len__(self) -> int:
        return len(self.offsets) - 1


class Basket(NamedTuple):
    """The position of consecutive entries of a branch.

    Attributes:
        first: Number of its first entry.
        last: Number after its last entry.
        seek: First byte of its record.
        nbytes: Bytes of its record.
        inside: The entries themselves when the basket is in the record of the tree.
    """

    first: int
    last: int
    seek: int
    nbytes: int
    inside: BasketEntries | None


class Branch(NamedTuple):
    """One branch of a tree.

    Attributes:
        class_name: Class of its objects; empty for numbers.
        class_version: Version of the class, or 0 when each entry begins with its class and version.
        entries: Number of entries.
        baskets: In order, with gaps where a basket is damaged.
    """

    class_name: bytes
    class_version: int
    entries: int
    baskets: list[Basket]


def parse_tree(record: bytes, key: RootKey, where: str, budget: WorkBudget) -> dict[bytes, Branch]:
    """The branches of a tree by name, from its record, which starts with `key`. Raises `FormatError` naming `where`."""
    if key.objlen > MAX_TREE:
        raise FormatError(f"a tree of {key.objlen} bytes", where, f"at most {MAX_TREE}")
    budget.unpack(key.objlen)
    data = decompress(record[key.keylen :], key.objlen, where)
    try:
        return _tree(BufferReader(data, key.keylen))
    except DAMAGE as error:
        raise FormatError("its record is damaged", where, "a tree that ROOT wrote") from error


def parse_basket(record: bytes, branch: bytes, tree: bytes, where: str, budget: WorkBudget) -> BasketEntries:
    """The entries of a basket of this branch and tree, from its record. Raises `FormatError` naming `where`."""
    reader = BufferReader(record, 0)
    try:
        header = _basket_header(reader)
        if header[:3] != (branch, tree, len(record)) or reader.at != header.keylen:
            raise DamagedBuffer
        if not 0 <= header.objlen <= MAX_BASKET:
            raise FormatError(f"a basket of {header.objlen} bytes", where, f"at most {MAX_BASKET}")
        budget.unpack(header.objlen)
        content = decompress(record[header.keylen :], header.objlen, where)
        end = header.last - header.keylen
        return _entries(content[:end], content[end:], header)
    except DAMAGE as error:
        expected = f"a basket of the branch {branch.decode()} of {tree.decode()}"
        raise FormatError("not the listed basket", where, expected) from error


def texts(entries: BasketEntries) -> list[bytes | None]:
    """The entries of a branch of `std::string`; None for a damaged one."""
    content = entries.content
    # The length is nearly always in one byte; one comparison per entry covers that case.
    return [
        content[start + 1 : end] if start < end and content[start] == end - start - 1 < 255 else _long_text(content[start:end])
        for start, end in pairwise(entries.offsets)
    ]


def _long_text(entry: bytes) -> bytes | None:
    return entry[5:] if entry[:1] == b"\xff" and int.from_bytes(entry[1:5], "big") == len(entry) - 5 else None


class _BasketHeader(NamedTuple):
    """The key of a basket and the numbers after it.

    Attributes:
        branch, tree: Their names.
        nbytes, objlen, keylen: As in `RootKey`.
        size: Bytes of an entry, where all have the same size.
        entries: Number of entries.
        last: End of the last entry in the buffer, which begins with the key.
        follows: Code of the data after a basket in the record of its tree.
    """

    branch: bytes
    tree: bytes
    nbytes: int
    objlen: int
    keylen: int
    size: int
    entries: int
    last: int
    follows: int


def _basket_header(reader: BufferReader) -> _BasketHeader:
    nbytes, version, objlen, _, keylen, _ = reader.fields(_KEY)
    reader.take(16 if version > BIG_VERSION else 8)
    class_name, branch, tree = reader.text(), reader.text(), reader.text()
    _, _, size, count, last, follows = reader.fields(_BASKET)
    # A negative size marks a layout that ROOT writes only on demand.
    if class_name != b"TBasket" or not 0 < keylen <= last or size < 0:
        raise DamagedBuffer
    return _BasketHeader(branch, tree, nbytes, objlen, keylen, size, count, last, follows)


def _basket_inside(reader: BufferReader) -> BasketEntries | None:
    """A basket in the record of its tree: the offsets of its entries, then the whole buffer, including space for the key."""
    header = _basket_header(reader)
    # Tens: whether the buffer and more follow; ones: 2 without offsets of entries, 0 without anything.
    if not header.follows or header.follows >= 80:
        return None
    offsets = b""
    if header.follows % 10 != 2:
        offsets = reader.take(4 + 4 * header.entries)
    if header.follows > 40:
        reader.take(4 + 4 * header.entries)
    if header.follows != 1 and header.follows <= 10:
        return None
    return _entries(reader.take(header.last)[header.keylen :], offsets, header)


def _entries(content: bytes, packed_offsets: bytes, header: _BasketHeader) -> BasketEntries:
    """The entries in `content`. `packed_offsets` is a count and where each begins; empty when all have one size."""
    if not 0 <= header.entries <= min(len(content), MAX_BASKET_ENTRIES):
        raise DamagedBuffer
    if packed_offsets:
        offsets = [start - header.keylen for start in struct.unpack_from(f">{header.entries}i", packed_offsets, 4)]
        offsets.append(len(content))
        if offsets[0] < 0 or sorted(offsets) != offsets:
            raise DamagedBuffer
        return BasketEntries(content, offsets, header.keylen)
    if header.entries * header.size != len(content):
        raise DamagedBuffer
    return BasketEntries(content, range(0, len(content) + 1, header.size or 1), header.keylen)


def _tree(reader: BufferReader) -> dict[bytes, Branch]:
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


def _numbers(reader: BufferReader) -> tuple[bytes, Branch]:
    """A branch of numbers; all other branches begin with the same fields."""
    version, _ = reader.header()
    _, end = reader.header()
    reader.skip_base()
    name = reader.text()
    reader.at = end
    reader.skip(1)  # fill
    _, _, _, written, _ = reader.fields(_BRANCH)
    reader.skip(1 if version > 12 else 0)  # I/O features
    _, capacity, _, entries, _, _, _ = reader.fields(_BRANCH_COUNTS)
    reader.skip(2)  # branches, leaves
    inside = {number: _basket_inside(reader) for number, class_name in reader.members() if class_name == b"TBasket"}
    sizes, firsts, seeks = (reader.array(letter, capacity) for letter in "iqq")
    reader.text()  # name of another file
    if not 0 <= written < capacity:
        raise DamagedBuffer
    baskets: list[Basket] = []
    end = 0
    for number in range(written + 1):
        first, last = firsts[number], firsts[number + 1] if number < written else entries
        if end <= first < last <= entries:
            baskets.append(Basket(first, last, seeks[number], sizes[number], inside.get(number)))
            end = last
    return name, Branch(b"", 0, entries, baskets)


def _objects(reader: BufferReader) -> tuple[bytes, Branch]:
    """A branch of objects whose entries do not repeat class and version."""
    version, _ = reader.header()
    name, branch = _numbers(reader)
    class_name, _, _ = reader.text(), reader.text(), reader.text()
    _, class_version = reader.fields(_SHORT_CLASS_VERSION if version > 9 else _CLASS_VERSION)
    return name, branch._replace(class_name=class_name, class_version=class_version)


def _whole_objects(reader: BufferReader) -> tuple[bytes, Branch]:
    """A branch of objects whose entries have their class and version."""
    reader.header()
    name, branch = _numbers(reader)
    return name, branch._replace(class_name=reader.text())


_BRANCHES = {b"TBranch": _numbers, b"TBranchElement": _objects, b"TBranchObject": _whole_objects}
