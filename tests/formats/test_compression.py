from __future__ import annotations

import contextlib
import lzma
import random
import zlib

import lz4.block
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from app.formats import FormatError
from app.formats.root.compression import decompress
from app.formats.root.framing import frame, frame_size

CONTENT = random.Random(1).randbytes(500) + bytes(4500)


def deflate(content: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(content) + packer.flush()


PACK = {
    b"ZL": zlib.compress,
    b"CS": deflate,
    b"XZ": lzma.compress,
    b"L4": lambda content: bytes(8) + lz4.block.compress(content, store_size=False),
    b"ZS": zstandard.compress,
}


def block(algorithm: bytes, packed: bytes, size: int) -> bytes:
    return algorithm + b"\x01" + len(packed).to_bytes(3, "little") + size.to_bytes(3, "little") + packed


@pytest.mark.parametrize("algorithm", PACK)
def test_consecutive_blocks_of_every_algorithm_are_decompressed(algorithm: bytes) -> None:
    halves = [CONTENT[:2000], CONTENT[2000:]]
    data = b"".join(block(algorithm, PACK[algorithm](half), len(half)) for half in halves)
    assert decompress(data, len(CONTENT), "here") == CONTENT


def test_uncompressed_object_is_unchanged() -> None:
    assert decompress(CONTENT, len(CONTENT), "here") == CONTENT


@pytest.mark.parametrize("algorithm", PACK)
def test_block_never_yields_more_than_its_header_states(algorithm: bytes) -> None:
    bomb = PACK[algorithm](bytes(50_000_000 if algorithm != b"L4" else 5_000_000))
    with pytest.raises(FormatError, match="is damaged"):
        decompress(block(algorithm, bomb, 1000), 1000, "here")
    with pytest.raises(FormatError, match="is damaged"):
        decompress(block(algorithm, PACK[algorithm](bytes(999)), 1000), 1000, "here")


def test_error_names_fault_place_and_expectation() -> None:
    good = block(b"ZL", zlib.compress(CONTENT), len(CONTENT))
    for data, problem in {
        good[:5]: "end after 0 of 5000 bytes; expected complete blocks",
        good[:-1]: f"its header states {len(good) - 9} bytes for 5000",
        b"??" + good[2:]: "unknown algorithm b'\\?\\?'",
        good[:20] + bytes(20) + good[40:]: "the block at byte 0 is damaged",
    }.items():
        with pytest.raises(FormatError, match=f"^here: .*{problem}"):
            decompress(data, len(CONTENT), "here")


@given(st.sampled_from([*PACK, b"??"]), st.binary(max_size=200), st.integers(1, 1000))
def test_random_bytes_raise_only_format_errors(algorithm: bytes, packed: bytes, size: int) -> None:
    found = b""
    with contextlib.suppress(FormatError):
        found = decompress(block(algorithm, packed, size), size, "here")
    assert len(found) in (0, size)


def test_frame_is_size_mark_class_and_object_as_written_by_root() -> None:
    framed = frame(b"TH1F", b"object")
    assert framed == b"\x40\x00\x00\x0f" + b"\xff\xff\xff\xff" + b"TH1F\0" + b"object"
    assert frame_size(b"TH1F") == len(framed) - len(b"object")
