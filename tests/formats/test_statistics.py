"""Entries, means and widths of histograms, read without ROOT and compared with those of ROOT."""

from __future__ import annotations

import json
import struct
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.formats import FormatError, Kind, Payload, payload, scan
from app.formats.statistics import statistics
from tests.support.patience import PATIENCE_S


def frames(path: Path) -> dict[str, tuple[str, Payload]]:
    """The framed histograms of a file of one sample by name, each with its class."""
    (listing,) = scan(path).samples.values()
    rows = [listing.columns.row(index) for index in range(len(listing.names))]
    return {
        name.decode(): (Kind(row.kind).class_name, payload(path, "tdirectory", row)) for name, row in zip(listing.names, rows, strict=True)
    }


@pytest.mark.parametrize("file", ["classes.root", "buffered.root"])
def test_statistics_of_every_class_equal_those_of_root(root_files: Path, tmp_path: Path, file: str) -> None:
    found = frames(root_files / file)
    requests = []
    for number, (_, frame) in enumerate(found.values()):
        (tmp_path / str(number)).write_bytes(frame.data)
        requests.append(json.dumps([str(tmp_path / str(number)), frame.displacement]))
    reader = [sys.executable, "-W", "ignore", str(Path(__file__).with_name("read_frames.py"))]
    done = subprocess.run(reader, input="\n".join(requests), capture_output=True, text=True, check=True, timeout=PATIENCE_S)
    for (name, (class_name, frame)), line in zip(found.items(), done.stdout.splitlines(), strict=True):
        root = json.loads(line)
        x, y, z = root["moments"]
        values = {"TProfile": y, "TProfile2D": z}.get(class_name, x)
        expected = {"Entries": root["entries"], "Mean": values[0], "RMS": values[1]}
        if class_name.startswith("TH2"):
            expected = {"Entries": root["entries"], "Mean x": x[0], "RMS x": x[1], "Mean y": y[0], "RMS y": y[1]}
        assert statistics(frame) == pytest.approx(expected, abs=1e-9), name


def test_histogram_without_sums_has_entries_only(root_files: Path) -> None:
    _, frame = frames(root_files / "classes.root")["All/TH1/my TH1F"]
    entries = frame.data.index(struct.pack(">d", 500))
    without = frame.data[: entries + 8] + bytes(32) + frame.data[entries + 40 :]
    assert statistics(frame._replace(data=without)) == {"Entries": 500.0}


def test_truncated_histogram_is_a_format_error(root_files: Path) -> None:
    _, frame = frames(root_files / "classes.root")["All/TPr/my TProfile2D"]
    for length in range(0, len(frame.data) - 200, 7):
        with pytest.raises(FormatError, match="no sums of a histogram"):
            statistics(frame._replace(data=frame.data[:length]))


@given(st.binary(max_size=300))
def test_other_bytes_are_refused_as_histogram(data: bytes) -> None:
    with pytest.raises(FormatError):
        statistics(Payload(0x10, b"\x40\0\0\0\xff\xff\xff\xff" + data, 0))
