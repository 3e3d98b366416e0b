"""A small PNG reader, independent of the encoder of the service that it tests."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass

SIGNATURE = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True)
class Picture:
    """An image; `pixels` are (red, green, blue) from 0 to 255, row by row from the top."""

    width: int
    height: int
    indexed: bool
    pixels: list[tuple[int, int, int]]

    @property
    def colours(self) -> set[tuple[int, int, int]]:
        return set(self.pixels)

    def differing_share(self, other: Picture) -> float:
        """The fraction of pixels that differ between two images of the same size."""
        assert (self.width, self.height) == (other.width, other.height)
        return sum(a != b for a, b in zip(self.pixels, other.pixels, strict=True)) / len(self.pixels)


def read(png: bytes) -> Picture:
    """Decode a PNG of 8 bits without interlacing and filters."""
    assert png.startswith(SIGNATURE)
    chunks = _chunks(png)
    width, height, depth, kind, compression, filters, interlace = struct.unpack(">IIBBBBB", chunks["IHDR"])
    assert (depth, compression, filters, interlace) == (8, 0, 0, 0)
    assert kind in (2, 3)
    rows, size = zlib.decompress(chunks["IDAT"]), 1 if kind == 3 else 3
    stride = 1 + width * size
    assert len(rows) == stride * height
    assert not any(rows[::stride]), "a row has a filter"
    raw = b"".join(rows[y * stride + 1 : (y + 1) * stride] for y in range(height))
    if kind == 3:
        palette = list(_triples(chunks["PLTE"]))
        return Picture(width, height, True, [palette[number] for number in raw])
    return Picture(width, height, False, list(_triples(raw)))


def from_argb(raw: bytes, width: int, height: int) -> Picture:
    """The image of rows of 32-bit values 0xAARRGGBB in the machine's byte order."""
    values = struct.unpack(f"={width * height}I", raw)
    return Picture(width, height, False, [(value >> 16 & 255, value >> 8 & 255, value & 255) for value in values])


def _triples(raw: bytes) -> zip[tuple[int, int, int]]:
    return zip(raw[::3], raw[1::3], raw[2::3], strict=True)


def _chunks(png: bytes) -> dict[str, bytes]:
    chunks, at = {}, len(SIGNATURE)
    while at < len(png):
        length, name = struct.unpack(">I4s", png[at : at + 8])
        body = png[at + 8 : at + 8 + length]
        (checksum,) = struct.unpack(">I", png[at + 8 + length : at + 12 + length])
        assert zlib.crc32(name + body) == checksum
        chunks[name.decode()] = body
        at += 12 + length
    assert name == b"IEND"
    return chunks
