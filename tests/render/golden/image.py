"""Pictures as small PNG files, and how two of them differ."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.render.pictures import SIGNATURE, Picture

LEVELS = 2
"""The most by which one colour of a pixel may differ, of 255: what another processor may round another way."""

Pixel = tuple[int, int, int]

SAME, OTHER = (255, 255, 255), (255, 0, 0)


@dataclass(frozen=True)
class Difference:
    """Of two pictures of one size: `pixels` are those that differ by more than LEVELS, as numbers in their rows."""

    pixels: frozenset[int] = field(repr=False)
    of: int

    def __bool__(self) -> bool:
        return bool(self.pixels)

    def __str__(self) -> str:
        return f"{len(self.pixels)} of {self.of} pixels differ by more than {LEVELS} of 255"


def difference(one: Picture, other: Picture) -> Difference:
    """How they differ. Pictures of different sizes differ in every pixel of the first."""
    if (one.width, one.height) != (other.width, other.height):
        return Difference(frozenset(range(len(one.pixels))), len(one.pixels))
    pairs = enumerate(zip(one.pixels, other.pixels, strict=True))
    return Difference(frozenset(i for i, (a, b) in pairs if a != b and _distance(a, b) > LEVELS), len(one.pixels))


def keep(folder: Path, name: str, expected: Picture, actual: Picture) -> None:
    """Writes both and, red on white, where they differ: `<name>-expected.png`, `-actual.png`, `-difference.png`."""
    folder.mkdir(parents=True, exist_ok=True)
    differing = difference(expected, actual).pixels
    marked = [OTHER if i in differing else SAME for i in range(len(expected.pixels))]
    shown = {"expected": expected, "actual": actual, "difference": Picture(expected.width, expected.height, True, marked)}
    for which, picture in shown.items():
        (folder / f"{name}-{which}.png").write_bytes(encode(picture))


def encode(picture: Picture) -> bytes:
    """A PNG with a palette, or of RGB when there are more than 256 colours."""
    colours = sorted(picture.colours)
    indexed = len(colours) <= 256
    numbers = {colour: bytes([i]) for i, colour in enumerate(colours)} if indexed else {colour: bytes(colour) for colour in colours}
    rows = (picture.pixels[y * picture.width : (y + 1) * picture.width] for y in range(picture.height))
    raw = b"".join(b"\0" + b"".join(numbers[pixel] for pixel in row) for row in rows)
    header = struct.pack(">IIBBBBB", picture.width, picture.height, 8, 3 if indexed else 2, 0, 0, 0)
    palette = _chunk(b"PLTE", b"".join(map(bytes, colours))) if indexed else b""
    return SIGNATURE + _chunk(b"IHDR", header) + palette + _chunk(b"IDAT", zlib.compress(raw, 9)) + _chunk(b"IEND", b"")


def _distance(a: Sequence[int], b: Sequence[int]) -> int:
    return max(abs(x - y) for x, y in zip(a, b, strict=True))


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
