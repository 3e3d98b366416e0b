"""The example in docs/formats.md is a format like any other."""

from __future__ import annotations

import re
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest

from app import formats
from app.formats import FormatError, Kind, payload, scan
from render.client import RenderClient, Request
from tests.formats import snapshots
from tests.support.gui import render_service

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


def test_what_it_holds_is_drawn(lines: str, snapshot_files: Path, tmp_path: Path) -> None:
    me, item = next(
        (me, item) for me, item in snapshots.read((snapshot_files / "classes.pb").read_bytes()).items() if item.flags & 0xFF == Kind.TH1F
    )
    path = tmp_path / "histograms.lines"
    path.write_bytes(f"{me} TH1F {len(item.content)}\n".encode() + item.content)
    found = payload(path, lines, scan(path, lines).samples[0, 0].columns.row(0))
    with tempfile.TemporaryDirectory() as short, render_service(Path(short)):  # a socket has at most 107 characters
        request = Request(me, "w=300;h=200", [(found.data, found.displacement)], found.flags)
        drawn = RenderClient(Path(short) / "socket").render(request)
        nothing = RenderClient(Path(short) / "socket").render(replace(request, objects=[(b"", 0)]))
    assert drawn.code == 0
    assert drawn.image.startswith(b"\x89PNG")
    assert drawn.image != nothing.image


def test_its_damage_is_counted_or_said(lines: str, tmp_path: Path) -> None:
    path = tmp_path / "histograms.lines"
    path.write_bytes(b"Sub/me TH1F 10\n0123456789no line")
    result = scan(path, lines)
    assert (result.samples[0, 0].names.pack(), result.unreadable) == (b"Sub/me", 1)
    path.write_bytes(b"no line")
    with pytest.raises(FormatError, match="no line that can be read"):
        scan(path, lines)
