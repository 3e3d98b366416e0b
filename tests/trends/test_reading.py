"""Histograms read from bytes that are damaged, or that cannot be known without ROOT."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from app.formats import FormatError, Payload, payload, scan
from app.trends.reading import read_histogram


def frames(path: Path) -> list[Payload]:
    """The framed histograms of a file of one sample."""
    (listing,) = scan(path).samples.values()
    return [payload(path, "tdirectory", listing.columns.row(index)) for index in range(len(listing.names))]


def test_damaged_histogram_is_read_or_refused_with_a_format_error(trend_files: Path) -> None:
    random, refused = Random(1), 0
    for frame in frames(trend_files / "histograms.root")[::6]:
        for _ in range(40):
            data = bytearray(frame.data)
            for _ in range(random.choice((1, 3))):
                data[random.randrange(len(data))] = random.choice((0, 255, random.randrange(256)))
            cut = random.randrange(len(data)) if random.random() < 0.5 else len(data)
            try:
                read_histogram(frame._replace(data=bytes(data[:cut])))
            except FormatError:
                refused += 1
    assert refused


@pytest.mark.parametrize(
    "data", [b"", b"\0" * 8, b"\0" * 40, b"\x40\0\0\0\xff\xff\xff\xffTH1F\0", b"\x40\0\0\0\xff\xff\xff\xffNoClass\0" + bytes(99)]
)
def test_other_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(FormatError):
        read_histogram(Payload(0x10, data, 0))
