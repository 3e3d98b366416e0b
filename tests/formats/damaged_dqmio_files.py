"""Damaged DQMIO files, derived from an undamaged, uncompressed one: overwritten at random from a seed, and crafted to be hostile."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

from app.formats import FileSource
from app.formats.root.files import RootFile, RootKey
from app.formats.root.trees import Branch, parse_tree
from app.formats.work_budget import WorkBudget
from tests.formats.damaged_files import RECORD, mutants, packed_key

BLOCK = (1 << 24) - 1


def trees(path: Path) -> dict[str, RootKey]:
    """The keys of the trees in an undamaged file."""
    with FileSource(path) as source:
        return {key.name.decode(): key for key in RootFile(source).keys().keys if key.class_name == b"TTree"}


def branch(path: Path, tree: str, name: str) -> Branch:
    found = trees(path)[tree]
    record = path.read_bytes()[found.seek : found.seek + found.nbytes]
    return parse_tree(record, found, tree, WorkBudget(str(path), path.stat().st_size))[name.encode()]


def tree_mutants(path: Path, seed: int, number: int) -> Iterator[bytes]:
    """Files with bytes changed in the records of the trees only: a small part of a file, with the places of everything else."""
    data = path.read_bytes()
    for place, key in enumerate(trees(path).values()):
        start, end = key.seek + key.keylen, key.seek + key.nbytes
        for mutant in mutants(data[start:end], seed + place, number):
            yield data[:start] + mutant + data[end:]


def hostile_files(path: Path) -> Iterator[tuple[str, bytes]]:
    """Hostile files with wrong numbers, lengths and places, by name."""
    for name, (column, value) in {
        "every-range-is-the-whole": ("FirstIndex", 0),
        "ranges-end-at-the-end-of-numbers": ("LastIndex", 0xFFFFFFFFFFFFFFFF),
        "ranges-end-before-they-begin": ("LastIndex", 0),
        "one-lumisection-for-all": ("Lumi", 1),
        "lumisections-that-no-run-has": ("Lumi", 0xFFFFFFFF),
        "types-that-are-none": ("Type", 0xFFFFFFFF),
        "nothing-stored": ("Type", 1000),
    }.items():
        yield name, _with_column(path, column, value)
    for value in [-1, 0, 3_999_999, 1 << 40, (1 << 63) - 1]:
        yield f"entries-{value}", _replaced(path, "TH1Fs", struct.pack(">q", 9), struct.pack(">q", value))
    for value in [-1, 0, 0x7FFFFFFF]:
        yield f"places-for-{value}-baskets", _replaced(path, "TH1Fs", struct.pack(">i", 10), struct.pack(">i", value))
    data = path.read_bytes()
    place = branch(path, "TH1Fs", "FullName").baskets[0]
    for value in [-1, 0, 1, len(data), 1 << 40, (1 << 63) - 1, branch(path, "Strings", "FullName").baskets[0].seek]:
        yield f"names-at-byte-{value}", _replaced(path, "TH1Fs", struct.pack(">q", place.seek), struct.pack(">q", value))
    for size in [60 << 20, 1 << 30]:
        bomb = _bomb(data, place.seek, size)
        there = _replaced(path, "TH1Fs", struct.pack(">q", place.seek), struct.pack(">q", len(data)))
        yield f"a-basket-of-{size}-bytes", there.replace(struct.pack(">i", place.nbytes), struct.pack(">i", len(bomb))) + bomb
    key = trees(path)["Strings"]
    listed = data.rindex(data[key.seek : key.seek + key.keylen])
    bomb = _bomb(data, key.seek, 1 << 30)
    header = bytearray(bomb[: key.keylen])
    struct.pack_into(">i", header, 18, len(data))
    yield "a-tree-of-1-GB", data[:listed] + bytes(header) + data[listed + key.keylen :] + bomb


def with_cycles(path: Path, tree: str, cycles: int, size: int) -> bytes:
    """A file with many cycles of a tree in its list of keys, all with the same record, which unpacks to `size` zeros."""
    data = path.read_bytes()
    own = trees(path)
    keys = [data[key.seek : key.seek + key.keylen] for name, key in own.items() if name != tree]
    record = bytearray(_bomb(data, own[tree].seek, size))
    struct.pack_into(">i", record, 18, len(data))
    header = bytes(record[: own[tree].keylen])
    keys += [header[:16] + struct.pack(">h", cycle) + header[18:] for cycle in range(1, cycles + 1)]
    body = struct.pack(">i", len(keys)) + b"".join(keys)
    place = len(data) + len(record)
    listed = packed_key(b"TFile", b"top", place, len(body)) + body
    top = sum(struct.unpack_from(">i", data, at)[0] for at in (8, 28))
    fields = list(RECORD.unpack_from(data, top))
    fields[3], fields[7] = len(listed), place
    return data[:top] + RECORD.pack(*fields) + data[top + RECORD.size :] + record + listed


def _with_column(path: Path, name: str, value: int) -> bytes:
    data = bytearray(path.read_bytes())
    (basket,) = branch(path, "Indices", name).baskets
    (keylen,) = struct.unpack_from(">h", data, basket.seek + 14)
    size = (basket.nbytes - keylen) // basket.last
    data[basket.seek + keylen : basket.seek + basket.nbytes] = value.to_bytes(size, "big") * basket.last
    return bytes(data)


def _replaced(path: Path, tree: str, old: bytes, new: bytes) -> bytes:
    data = path.read_bytes()
    key = trees(path)[tree]
    end = key.seek + key.nbytes
    record = data[key.seek + key.keylen : end]
    assert old in record
    return data[: key.seek + key.keylen] + record.replace(old, new) + data[end:]


def _bomb(data: bytes, seek: int, size: int) -> bytes:
    """The record at byte `seek` with other content: `size` zeros, packed to a thousandth of that."""
    blocks = []
    for start in range(0, size, BLOCK):
        count = min(BLOCK, size - start)
        packed = zlib.compress(bytes(count))
        blocks.append(b"ZL\x08" + len(packed).to_bytes(3, "little") + count.to_bytes(3, "little") + packed)
    content = b"".join(blocks)
    (keylen,) = struct.unpack_from(">h", data, seek + 14)
    record = bytearray(data[seek : seek + keylen] + content)
    struct.pack_into(">ihi", record, 0, len(record), 4, size)
    return bytes(record)
