"""Several histograms of a file at once: the same as one by one, and each byte is read and unpacked once."""

from __future__ import annotations

import gzip
import random
from pathlib import Path

import pytest

from app.formats import FORMATS, FileSource, FormatError, Kind, MERow, payload, payloads, scan


def histograms(path: Path, format: str) -> list[MERow]:
    """The rows of all histograms in a file, in a random order."""
    listings = scan(path, format).samples.values()
    rows = [listing.columns.row(index) for listing in listings for index in range(len(listing.names))]
    found = [row for row in rows if not Kind(row.kind).scalar]
    random.Random(1).shuffle(found)
    return found


@pytest.fixture(params=["tdirectory", "dqmio", "dqmio of one basket", "protobuf", "protobuf gzipped", "protobuf of two members"])
def file(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, str]:
    """A file of each format and layout."""
    kind = request.param
    if kind == "tdirectory":
        return request.getfixturevalue("root_files") / "classes.root", kind
    if kind.startswith("dqmio"):
        return request.getfixturevalue("dqmio_files") / ("types.root" if kind == "dqmio" else "baskets.root"), "dqmio"
    path = request.getfixturevalue("snapshot_files") / "classes.pb"
    if kind == "protobuf":
        return path, kind
    packed = tmp_path / "packed.pb"
    marks = (path.with_name("marks.pb")).read_bytes()
    packed.write_bytes(gzip.compress(path.read_bytes()) + (gzip.compress(marks) if "two" in kind else b""))
    return packed, "protobuf"


@pytest.mark.slow
def test_histograms_read_together_equal_those_read_one_by_one(file: tuple[Path, str]) -> None:
    path, format = file
    rows = histograms(path, format)
    found = dict(payloads(path, format, rows))
    assert len(found) == len(rows) > 3
    assert [found[index] for index in range(len(rows))] == [payload(path, format, row) for row in rows]


def test_each_byte_is_read_and_unpacked_once(file: tuple[Path, str]) -> None:
    """One by one, a histogram in a basket or in a packed file costs all that stands before it."""
    path, format = file
    rows = sorted(histograms(path, format), key=lambda row: (row.seek, row.entry))
    with FileSource(path) as source:
        fetch_all = FORMATS[format].payloads
        found = list(fetch_all(source, rows) if fetch_all else (FORMATS[format].payload(source, row) for row in rows))
        assert not [each for each in found if isinstance(each, FormatError)]
        assert source.budget.bytes_read <= path.stat().st_size + (1 << 12)


def test_a_damaged_histogram_is_an_error_in_its_place(root_files: Path, tmp_path: Path) -> None:
    copy = tmp_path / "damaged.root"
    copy.write_bytes((root_files / "classes.root").read_bytes())
    rows = histograms(copy, "tdirectory")
    with copy.open("r+b") as damaged:
        damaged.seek(rows[0].seek)
        damaged.write(b"\xff" * 8)
    found = dict(payloads(copy, "tdirectory", rows))
    assert isinstance(found[0], FormatError)
    assert not [each for index, each in found.items() if index and isinstance(each, FormatError)]
