"""`dqmhub layouts import` and `export`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from app.core.settings import Settings
from app.gui.layouts.exchange.files import read_file
from app.gui.layouts.layout import Layout
from tests.support.cli import dqmhub

HCAL_SET = "DataLayouts/Hcal/CaloTowers/42 Barrel CaloTowers SET (GeV)\t"


def layout(path: str, *scopes: str, plot: str = "A/x") -> dict[str, Any]:
    return {"path": path, "scope": list(scopes), "rows": [[{"plot": plot}]]}


def write(path: Path, *layouts: dict[str, Any], **fields: Any) -> str:
    path.write_text(json.dumps({"schema": "dqm-layouts/2", "layout": layouts, **fields}))
    return str(path)


def exported(hub: Settings, *options: str) -> list[Any]:
    done = dqmhub(hub, "layouts", "export", *options)
    assert done.returncode == 0, done.stderr
    found = read_file("export.toml" if "toml" in options else "export.json", done.stdout.encode(), ("online",))
    assert found.problems.listed == []
    return found.contents


def paths(hub: Settings, *options: str) -> list[str]:
    return [content.path for content in exported(hub, *options)]


def test_the_usable_files_are_imported_and_the_others_named(hub: Settings, tmp_path: Path) -> None:
    good = write(tmp_path / "good.json", layout("A/1", "online"), layout("A/2", "online") | {"rows": 5})
    empty, program = tmp_path / "empty.json", tmp_path / "fed_layouts.py"
    empty.touch()
    program.write_text("raise SystemExit(3)")

    done = dqmhub(hub, "layouts", "import", "/no/such.json", str(empty), str(program), good)

    assert done.returncode == 1
    assert done.stdout == "1 layout and 0 workspaces: 1 added, 0 changed, 0 unchanged, 0 kept, 0 refused; 4 problems in files\n"
    lines = done.stderr.splitlines()
    assert lines[0] == "/no/such.json: The file cannot be read: No such file or directory"
    assert lines[1] == f"{empty}: file: The file is empty; expected layouts or workspaces"
    assert lines[2].startswith(
        f"{program}: file: This file is a program of the classic DQM GUI, which DQM Hub never runs: turn it into JSON"
    )
    assert lines[3] == f"{good}: layout[1].rows: Expected a list, not 5 (layout 'A/2')"
    assert paths(hub) == ["A/1"]


def test_blanks_and_tabs_at_the_end_of_a_path_survive(hub: Settings, tmp_path: Path) -> None:
    file = write(
        tmp_path / "a.json", layout(HCAL_SET, "relval"), layout(HCAL_SET.rstrip(), "relval"), layout("A/b ", "online", plot="A/x ")
    )

    assert dqmhub(hub, "layouts", "import", file).returncode == 0

    for form in ("json", "toml", "upload"):
        contents = exported(hub, "--format", form)
        assert [content.path for content in contents] == [HCAL_SET, HCAL_SET.rstrip(), "A/b "]
        assert contents[2].plots[0].plot == "A/x "


def test_an_export_can_be_of_a_scope_a_folder_or_one_layout(hub: Settings, tmp_path: Path) -> None:
    all_layouts = [layout("A/1", "online"), layout("A/1", "offline"), layout("A/1/more", "online", "relval"), layout("A/10", "online")]
    file = write(tmp_path / "a.json", *all_layouts, workspace=[{"name": "A", "scope": ["online"]}])
    dqmhub(hub, "layouts", "import", file)

    assert paths(hub) == ["A/1", "A/1", "A/1/more", "A/10", "A"]
    assert paths(hub, "--path", "A/1") == ["A/1", "A/1", "A/1/more"]
    assert paths(hub, "--path", "A/1/", "--scope", "online") == ["A/1", "A/1/more"]
    assert paths(hub, "--scope", "relval") == ["A/1/more"]
    assert paths(hub, "--path", "/A/10") == ["A/10"]
    absent = dqmhub(hub, "layouts", "export", "--path", "B/", "--scope", "online")
    assert (absent.returncode, absent.stderr) == (1, "Error: There is no layout or workspace of online samples at or below B\n")


def test_an_export_is_in_the_order_of_the_import(hub: Settings, tmp_path: Path) -> None:
    names = ["Z/1", "A/1", "M/1"]
    dqmhub(hub, "layouts", "import", write(tmp_path / "a.json", *(layout(name, "online") for name in names)))
    dqmhub(hub, "layouts", "import", write(tmp_path / "b.json", layout("Z/1", "online", plot="A/new"), layout("B/1", "online")))

    assert paths(hub) == [*names, "B/1"]
    assert exported(hub)[0].plots[0].plot == "A/new"


def test_a_reason_is_as_short_as_in_pages(hub: Settings, tmp_path: Path) -> None:
    done = dqmhub(hub, "layouts", "import", write(tmp_path / "a.json", layout("A/1", "online")), "--reason", "x" * 501)

    assert done.returncode == 2
    assert "Expected at most 500 characters, not 501" in done.stderr


def test_uploads_to_the_classic_gui_are_imported_with_a_scope(hub: Settings, tmp_path: Path) -> None:
    file = tmp_path / "upload.json"
    file.write_text('{"A/1": [["A/x", null]]}')

    without = dqmhub(hub, "layouts", "import", str(file))
    done = dqmhub(hub, "layouts", "import", str(file), "--scope", "relval", "--scope", "online")

    assert (without.returncode, done.returncode) == (1, 0)
    assert "The scope of 'A/1' is missing; expected some of online, offline, relval" in without.stderr
    (content,) = exported(hub)
    assert isinstance(content, Layout)
    assert content.scopes == ("online", "relval")


def test_an_export_goes_to_a_file_and_tells_what_its_form_has_no_place_for(hub: Settings, tmp_path: Path) -> None:
    dqmhub(hub, "layouts", "import", write(tmp_path / "a.json", layout("A/1", "online") | {"help": "look"}))
    file = tmp_path / "out.json"

    done = dqmhub(hub, "layouts", "export", "--format", "records", "-o", str(file))
    failed = dqmhub(hub, "layouts", "export", "-o", str(tmp_path / "none" / "out.json"))

    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr.splitlines() == [
        "Help, run types and beams of 1 layout left out; json keeps them",
        "Layouts and workspaces written: 1",
    ]
    assert json.loads(file.read_text())["counts"]["groups"] == 1
    assert failed.returncode == 1
    assert "out.json cannot be written: No such file or directory" in failed.stderr
