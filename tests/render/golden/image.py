"""Encoding of images as PNG, and their comparison."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.render.pictures import SIGNATURE, Picture

LEVELS = 2
"""Tolerance per colour of a pixel, of 255, for different rounding on other processors."""

Pixel = tuple[int, int, int]

SAME, OTHER = (255, 255, 255), (255, 0, 0)


@dataclass(frozen=True)
class Difference:
    """Result of a comparison: indices of the `pixels` that differ by more than LEVELS, and their total number."""

    pixels: frozenset[int] = field(repr=False)
    of: int

    def __bool__(self) -> bool:
        return bool(self.pixels)

    def __str__(self) -> str:
        return f"{len(self.pixels)} of {self.of} pixels differ by more than {LEVELS} of 255"


def difference(one: Picture, other: Picture) -> Difference:
    """Compare two images. Images of different sizes differ in every pixel of the first."""
    if (one.width, one.height) != (other.width, other.height):
        return Difference(frozenset(range(len(one.pixels))), len(one.pixels))
    pairs = enumerate(zip(one.pixels, other.pixels, strict=True))
    return Difference(frozenset(i for i, (a, b) in pairs if a != b and _distance(a, b) > LEVELS), len(one.pixels))


def write_comparison(folder: Path, name: str, expected: Picture, actual: Picture) -> None:
    """Write both images and their differing pixels in red: `<name>-expected.png`, `-actual.png`, `-difference.png`."""
    folder.mkdir(parents=True, exist_ok=True)
    indices = difference(expected, actual).pixels
    mask = [OTHER if i in indices else SAME for i in range(len(expected.pixels))]
    images = {"expected": expected, "actual": actual, "difference": Picture(expected.width, expected.height, True, mask)}
    for which, picture in images.items():
        (folder / f"{name}-{which}.png").write_bytes(encode(picture))


def encode(picture: Picture) -> bytes:
    """Encode an image as PNG, with a palette if it has at most 256 colours."""
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
