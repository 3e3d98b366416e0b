"""Compressed ROOT objects.

A compressed object is a chain of blocks of at most 16 MB, each after a header of nine bytes: two letters for the algorithm,
its version, and both sizes of the block in three bytes each. No block yields more than its header states, and no object more
than its key states, so that a small file cannot fill the memory.
"""

from __future__ import annotations

import lzma
import zlib

import lz4.block
import zstandard

from app.formats.errors import FormatError

_HEADER = 9
_LZMA_MEMORY = 1 << 27


class _BadBlock(Exception):
    """The fault of a block; the caller adds its position."""


def decompress(data: bytes, size: int, where: str) -> bytes:
    """The object of `size` bytes in `data`; unchanged when it is stored uncompressed.

    Raises `FormatError` naming `where` when the blocks are damaged or yield another size.
    """
    if len(data) == size:
        return data
    parts: list[bytes] = []
    at = done = 0
    while done < size:
        if at + _HEADER > len(data):
            raise FormatError(f"the compressed data end after {done} of {size} bytes", where, "complete blocks")
        packed = int.from_bytes(data[at + 3 : at + 6], "little")
        unpacked = int.from_bytes(data[at + 6 : at + 9], "little")
        block = data[at + _HEADER : at + _HEADER + packed]
        try:
            if len(block) != packed or not 0 < unpacked <= size - done:
                raise _BadBlock(f"its header states {packed} bytes for {unpacked}")
            parts.append(_unpack(data[at : at + 2], block, unpacked))
        except (_BadBlock, zlib.error, lzma.LZMAError, lz4.block.LZ4BlockError, zstandard.ZstdError) as error:
            raise FormatError(f"the block at byte {at} is damaged ({error})", where, "ROOT's compressed blocks") from error
        at += _HEADER + packed
        done += unpacked
    return b"".join(parts)


def _unpack(algorithm: bytes, block: bytes, size: int) -> bytes:
    # One byte more than expected, so that the stream reaches its end and its checksum is compared.
    if algorithm == b"ZL":
        result = zlib.decompressobj().decompress(block, size + 1)
    elif algorithm == b"XZ":
        result = lzma.LZMADecompressor(lzma.FORMAT_AUTO, memlimit=_LZMA_MEMORY).decompress(block, size + 1)
    elif algorithm == b"L4":
        # The checksum of eight bytes before it is not compared: the render service detects a damaged object.
        result = lz4.block.decompress(block[8:], uncompressed_size=size)
    elif algorithm == b"ZS":
        result = _unpack_zstd(block, size)
    elif algorithm == b"CS":
        result = zlib.decompressobj(-zlib.MAX_WBITS).decompress(block, size + 1)
    else:
        raise _BadBlock(f"unknown algorithm {algorithm!r}")
    if len(result) != size:
        raise _BadBlock(f"{len(result)} bytes instead of {size}")
    return result


def _unpack_zstd(block: bytes, size: int) -> bytes:
    # The library trusts a size in the frame more than its limit.
    stated = zstandard.frame_content_size(block)
    if stated not in (-1, size):
        raise _BadBlock(f"a frame of {stated} bytes instead of {size}")
    return zstandard.ZstdDecompressor().decompress(block, max_output_size=size)
