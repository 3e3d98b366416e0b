"""The example in docs/formats.md is a format like any other."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from app import formats
from app.formats import FormatError, Kind, payload, scan
from tests.formats import snapshots

DOCUMENT = Path(__file__).parents[2] / "docs" / "formats.md"


@pytest.fixture
def lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of the format, while it is one."""
    _, _, example = DOCUMENT.read_text().partition("## A format of one's own")
    module = re.search("```python\n(.*?)```", example, re.DOTALL)
    assert module
    (tmp_path / "example_of_a_format.py").write_text(module[1])
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setitem(formats.FORMATS, "lines", "example_of_a_format")
    monkeypatch.delitem(sys.modules, "example_of_a_format", raising=False)
    return "lines"


def test_a_module_and_a_line_are_all_that_a_format_takes(lines: str, snapshot_files: Path, tmp_path: Path) -> None:
    objects = snapshots.read((snapshot_files / "classes.pb").read_bytes())
    path = tmp_path / "histograms.lines"
    kinds = {me: Kind(item.flags & 0xFF) for me, item in objects.items()}
    heads = {me: f"{me} {kinds[me].class_name} {len(item.content)}\n".encode() for me, item in objects.items()}
    path.write_bytes(b"".join(heads[me] + item.content for me, item in objects.items()))
    listing = scan(path, lines).samples[0, 0]
    assert {listing.names[index].decode() for index in range(len(listing.names))} == objects.keys()
    for me, item in objects.items():
        index = listing.names.find(me.encode())
        assert index is not None
        assert payload(path, lines, listing.columns.row(index)) == (kinds[me], item.content, 0)


def test_its_damage_is_counted_or_said(lines: str, tmp_path: Path) -> None:
    path = tmp_path / "histograms.lines"
    path.write_bytes(b"Sub/me TH1F 10\n0123456789no line")
    result = scan(path, lines)
    assert (result.samples[0, 0].names.pack(), result.unreadable) == (b"Sub/me", 1)
    path.write_bytes(b"no line")
    with pytest.raises(FormatError, match="no line that can be read"):
        scan(path, lines)
