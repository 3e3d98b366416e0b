"""A new file format is one file: the example of docs/developers/formats.md, added while the tests run, works in every place."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from app import formats
from app.core.settings import Settings
from app.formats import FORMATS, FormatError, Kind, payload, readers, registry, scan
from app.formats.detection import detect_format
from app.gui.files import register
from app.gui.files.entries import AllowedRoots, Entry
from app.gui.files.naming import entry_from_path
from app.gui.models import File
from app.queue.models import BackgroundJob
from render.client import RenderClient, Request
from tests.formats import snapshots
from tests.formats.documentation import DOCUMENT, example, formats_listed
from tests.support.gui import render_service
from tests.support.patience import PATIENCE_S

TREE = Path(__file__).parents[2]
NUMBERS = {"tdirectory": 1, "dqmio": 2, "protobuf": 3}
"""The first formats; scripts register files by these numbers."""
LISTED = formats_listed(DOCUMENT.read_text(encoding="utf-8"))
"""All formats with their numbers, as documented."""


@pytest.fixture
def lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of the example format, which is one file in a folder of its own."""
    folder = tmp_path / "more formats"
    folder.mkdir()
    (folder / "lines.py").write_text(example())
    monkeypatch.setattr(readers, "__path__", [*readers.__path__, str(folder)])
    monkeypatch.delitem(sys.modules, "app.formats.readers.lines", raising=False)
    return "lines"


@pytest.fixture
def objects(snapshot_files: Path) -> dict[str, snapshots.Object]:
    return snapshots.read((snapshot_files / "classes.pb").read_bytes())


def with_lines(path: Path, objects: dict[str, snapshots.Object]) -> Path:
    """A file of the new format."""
    heads = {me: f"{me} {Kind(item.flags & 0xFF).class_name} {len(item.content)}\n".encode() for me, item in objects.items()}
    path.write_bytes(b"".join(heads[me] + item.content for me, item in objects.items()))
    return path


def test_new_format_is_read(lines: str, objects: dict[str, snapshots.Object], tmp_path: Path) -> None:
    path = with_lines(tmp_path / "histograms.lines", objects)
    listing = scan(path, lines).samples[0, 0]
    assert {listing.names[index].decode() for index in range(len(listing.names))} == objects.keys()
    for me, item in objects.items():
        index = listing.names.find(me.encode())
        assert index is not None
        assert payload(path, lines, listing.columns.row(index)) == (Kind(item.flags & 0xFF), item.content, 0)


def test_histograms_of_the_new_format_are_drawn(lines: str, objects: dict[str, snapshots.Object], tmp_path: Path) -> None:
    me, item = next((me, item) for me, item in objects.items() if item.flags & 0xFF == Kind.TH1F)
    path = with_lines(tmp_path / "histograms.lines", {me: item})
    found = payload(path, lines, scan(path, lines).samples[0, 0].columns.row(0))
    with tempfile.TemporaryDirectory() as short, render_service(Path(short)):  # a socket has at most 107 characters
        request = Request(me, "w=300;h=200", [(found.data, found.displacement)], found.flags)
        drawn = RenderClient(Path(short) / "socket").render(request)
        nothing = RenderClient(Path(short) / "socket").render(replace(request, objects=[(b"", 0)]))
    assert drawn.code == 0
    assert drawn.image.startswith(b"\x89PNG")
    assert drawn.image != nothing.image


def test_damage_of_the_new_format_is_counted_or_an_error(lines: str, tmp_path: Path) -> None:
    path = tmp_path / "histograms.lines"
    path.write_bytes(b"Sub/me TH1F 10\n0123456789no line")
    result = scan(path, lines)
    assert (result.samples[0, 0].names.pack(), result.unreadable) == (b"Sub/me", 1)
    path.write_bytes(b"no line")
    with pytest.raises(FormatError, match="no readable line"):
        scan(path, lines)


def test_new_format_is_found_by_number_file_name_and_content(lines: str, objects: dict[str, snapshots.Object], tmp_path: Path) -> None:
    assert FORMATS.by_number() == {number: name for name, number in LISTED.items()} | {FORMATS[lines].number: lines}
    path = with_lines(tmp_path / "Line__Run1-v1__DQM_run000123.lines", objects)
    assert detect_format(path) == lines
    entry = entry_from_path(str(path), AllowedRoots(Settings(file_roots=str(tmp_path))))
    assert entry == Entry("/Line/Run1-v1/DQM", 123, 0, str(path), lines)
    assert detect_format(path.rename(tmp_path / "any name")) == lines


def test_new_format_is_registered_by_the_api_and_read_for_its_lumisections(
    lines: str, hub: Settings, client: FlaskClient, objects: dict[str, snapshots.Object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.modules[FORMATS[lines].scan.__module__], "FORMAT", FORMATS[lines]._replace(has_lumisections=True))
    (hub.data / "demo").mkdir(parents=True)
    path = with_lines(hub.data / "demo" / "any name", objects)
    entry = {"dataset": "/Line/Run1-v1/DQM", "run": 123, "lumi": 0, "file": str(path), "fileformat": FORMATS[lines].number}
    answer = client.post("/api/v1/register", json=[entry])
    assert answer.status_code == 201, answer.text
    file = File.get()
    assert file.format == lines
    assert [(work.kind, work.key) for work in BackgroundJob.select()] == [(register.IMPORT, str(file.id))]


def test_new_format_is_in_the_command_line_and_in_the_openapi_document(lines: str) -> None:
    folder = str(readers.__path__[-1])
    program = (
        f"from app.formats import readers; readers.__path__.append({folder!r})\n"
        "from click.testing import CliRunner\n"
        "from app.cli.files import register\n"
        "from app.gui.api import openapi\n"
        "import json; print(json.dumps([CliRunner().invoke(register, ['--help']).output, openapi.ENTRY]))"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=TREE, capture_output=True, text=True, check=True, timeout=PATIENCE_S)
    usage, entry = json.loads(done.stdout)
    assert "|".join(sorted([*LISTED, "lines"])) in usage
    assert entry["properties"]["fileformat"]["enum"] == [*sorted(LISTED.values()), FORMATS[lines].number]


def test_documentation_lists_all_formats(lines: str) -> None:
    numbers = {name: format.number for name, format in FORMATS.items() if name != lines}
    assert numbers == LISTED, f"add to the table of formats in {DOCUMENT}"


def test_numbers_of_formats_never_change() -> None:
    assert {name: FORMATS[name].number for name in NUMBERS} == NUMBERS


@pytest.mark.parametrize("check", [["check"], ["format", "--check"]])
def test_the_example_has_the_style_of_the_project(check: list[str]) -> None:
    command = [sys.executable, "-m", "ruff", *check, "--stdin-filename", "app/formats/readers/lines.py", "-"]
    done = subprocess.run(command, cwd=TREE, input=example(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_two_formats_with_one_number_are_an_error(lines: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules[FORMATS[lines].scan.__module__], "FORMAT", FORMATS[lines]._replace(number=2))
    registry._by_number.cache_clear()
    try:
        with pytest.raises(ValueError, match=r"same number: .*\(2, 'dqmio'\), \(2, 'lines'\)"):
            FORMATS.by_number()
    finally:
        registry._by_number.cache_clear()


@pytest.mark.parametrize("name", ["nothing", "__init__", "root", "../readers", "", "tdirectory.py"])
def test_other_names_are_no_formats(name: str) -> None:
    assert name not in formats.FORMATS
    with pytest.raises(KeyError):
        formats.FORMATS[name]
