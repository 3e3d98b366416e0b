"""Damaged DQM files, derived from an undamaged one: truncated, overwritten at random from a seed, and crafted to be hostile."""

from __future__ import annotations

import random
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

from app.formats import FileSource
from app.formats.elements import MAX_OBJECT
from app.formats.root.files import DIRECTORIES, RootFile, RootKey

BOMBS = [0x7FFFFFFF, 0x40000000, -1, -0x80000000, 0]
RECORD = struct.Struct(">hIIiiiii")


def cut(data: bytes, number: int) -> Iterator[bytes]:
    """The first part of a file, in `number` lengths from nothing to nearly all."""
    for step in range(number):
        yield data[: len(data) * step // number]


def mutants(data: bytes, seed: int, number: int) -> Iterator[bytes]:
    """Files with random bytes changed, blocks of 64 bytes lost, or a huge or negative length."""
    chance = random.Random(seed)
    for _ in range(number):
        mutant = bytearray(data)
        for _ in range(chance.choice([1, 1, 2, 8, 40])):
            at = chance.randrange(len(mutant) - 64)
            match chance.choice(["flip", "flip", "block", "bomb"]):
                case "flip":
                    mutant[at] ^= 1 << chance.randrange(8)
                case "block":
                    mutant[at : at + 64] = chance.choice([bytes(64), chance.randbytes(64)])
                case "bomb":
                    struct.pack_into(">i", mutant, at, chance.choice(BOMBS))
        yield bytes(mutant)


def directories(path: Path) -> dict[bytes, RootKey]:
    """The directories of an undamaged file by path."""
    found: dict[bytes, RootKey] = {}
    with FileSource(path) as source:
        file = RootFile(source)
        pending: list[tuple[bytes, RootKey | None]] = [(b"", None)]
        while pending:
            parent, directory = pending.pop()
            for key in file.keys(directory).keys:
                if key.class_name in DIRECTORIES:
                    found[parent + b"/" + key.name] = key
                    pending.append((parent + b"/" + key.name, key))
    return found


def hostile_files(path: Path) -> Iterator[tuple[str, bytes]]:
    """Hostile files with wrong lengths and places, by name."""
    data = path.read_bytes()
    by_path = directories(path)
    deep = by_path[b"/DQMData/Run 1/Alpha/Run summary/two/deep"]
    above = by_path[b"/DQMData/Run 1/Alpha/Run summary"]
    list_of_above = _record(data, above)
    # The directory has the list of a parent, so that it contains itself.
    yield "circle", _with_record(data, deep, 3, list_of_above[3], 7, list_of_above[7])
    yield "list-of-2-GB", _with_record(data, deep, 3, 0x7FFFFFFF)
    yield "list-of-nothing", _with_record(data, deep, 3, 0)
    yield "list-before-the-file", _with_record(data, deep, 7, -100)
    yield "list-after-the-end-of-the-file", _with_record(data, deep, 7, len(data) + 100)
    far = struct.pack(">hIIiiqqq", 1005, 0, 0, 200, 60, deep.seek, above.seek, 0x7FFFFFFFFFFFFFFF)
    yield "list-at-the-end-of-numbers", _patched(data, deep.seek + deep.keylen, far)
    yield "list-in-a-histogram", _with_record(data, deep, 7, 900)
    seek, nbytes = list_of_above[7], list_of_above[3]
    count_at = seek + struct.unpack_from(">h", data, seek + 14)[0]
    for name, count in {"2-billion-keys": 0x7FFFFFFF, "fewer-keys-than-none": -1, "one-key": 1}.items():
        yield name, _patched(data, count_at, struct.pack(">i", count))
    yield "every-list-the-same", _all_directories_with(data, by_path, seek, nbytes)
    for marker, name in {b"TH1F of it": "name-of-255", b"TH1F": "class-of-255"}.items():
        at = data.rindex(bytes([len(marker)]) + marker)
        yield name, _patched(data, at, b"\xff")
    yield "no-file-header", _patched(data, 0, b"toor")
    yield "begins-at-2-billion", _patched(data, 8, struct.pack(">i", 0x7FFFFFF0))
    yield "name-of-2-billion", _patched(data, 36, struct.pack(">i", 0x7FFFFFF0))
    yield "claims-64-bit", _patched(data, 4, struct.pack(">i", 1_062_400))
    yield "record-of-no-bytes", _patched(data, struct.unpack_from(">i", data, 8)[0], bytes(4))
    yield from with_bad_keys(path)


def packed_key(class_name: bytes, name: bytes, seek: int, objlen: int, packed: int | None = None) -> bytes:
    """The key of an object of `objlen` bytes, with `packed` bytes in the file."""
    parts = (class_name, name, b"")
    text = b"".join((bytes([len(part)]) if len(part) < 255 else struct.pack(">Bi", 255, len(part))) + part for part in parts)
    keylen = 26 + len(text)
    size = objlen if packed is None else packed
    return struct.pack(">ihiIHhii", keylen + size, 4, objlen, 0, keylen & 0xFFFF, 1, seek, 100) + text


def packed_zeros(size: int) -> bytes:
    """`size` zeros in ROOT's compressed blocks."""
    blocks = []
    for at in range(0, size, 0xFFFFFF):
        length = min(size - at, 0xFFFFFF)
        block = zlib.compress(bytes(length), 9)
        blocks.append(b"ZL\x08" + len(block).to_bytes(3, "little") + length.to_bytes(3, "little") + block)
    return b"".join(blocks)


def with_bad_keys(path: Path) -> Iterator[tuple[str, bytes]]:
    """Files in which a directory lists a bad key before a good number, by name."""
    data, directory = path.read_bytes(), directories(path)[b"/DQMData/Run 1/Alpha/Run summary/two/deep"]
    good = packed_key(b"TObjString", b"<good>i=1</good>", 100, 30)
    at = len(data)
    for name, bad in {"name-of-1-MB": b"n" * 1_000_000, "name-of-30-kB": b"n" * 30_000, "name-of-NUL": b"a\0b"}.items():
        yield name, _with_list(data, directory, [packed_key(b"TH1F", bad, 100, 30), good])
    yield "number-with-a-name-of-NUL", _with_list(data, directory, [packed_key(b"TObjString", b"<a\0b>i=1</a\0b>", 100, 30), good])
    for size in (MAX_OBJECT, 0x7FFFFFFF):
        blocks = packed_zeros(MAX_OBJECT)
        bomb = packed_key(b"TH1F", b"bomb", at, size, len(blocks))
        yield f"bomb-of-{size}-bytes", _with_list(data + bomb + blocks, directory, [bomb, good])


def _with_list(data: bytes, directory: RootKey, keys: list[bytes]) -> bytes:
    """The file with another list of keys of a directory, at its end."""
    body = struct.pack(">i", len(keys)) + b"".join(keys)
    listed = packed_key(directory.class_name, directory.name, len(data), len(body)) + body
    return _with_record(data, directory, 3, len(listed), 7, len(data)) + listed


def _record(data: bytes, directory: RootKey) -> tuple[int, ...]:
    return RECORD.unpack_from(data, directory.seek + directory.keylen)


def _with_record(data: bytes, directory: RootKey, *changes: int) -> bytes:
    """The file with fields of a directory's record changed: number, value, number, value."""
    fields = list(_record(data, directory))
    for number, value in zip(changes[::2], changes[1::2], strict=True):
        fields[number] = value
    return _patched(data, directory.seek + directory.keylen, RECORD.pack(*fields))


def _all_directories_with(data: bytes, by_path: dict[bytes, RootKey], seek: int, nbytes: int) -> bytes:
    for path, directory in by_path.items():
        if path.count(b"/") > 3:
            data = _with_record(data, directory, 3, nbytes, 7, seek)
    return data


def _patched(data: bytes, at: int, patch: bytes) -> bytes:
    return data[:at] + patch + data[at + len(patch) :]
