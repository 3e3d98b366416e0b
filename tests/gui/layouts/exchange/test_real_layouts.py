"""What CMS uses comes in and out as it is: 18,716 grids of the classic DQM GUI, and the workspaces of its front ends."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from app.core.settings import Settings
from app.gui.layouts.exchange.contents import FileContents
from app.gui.layouts.exchange.exports import export
from app.gui.layouts.exchange.files import read_file
from app.gui.layouts.layout import Layout, PlotCell
from app.gui.layouts.workspace import Workspace
from tests.support.cli import dqmhub


def is_record(value: Any) -> bool:
    return isinstance(value, dict) and bool(value.keys() & {"path", "name", "foldersPath", "group"})


def has_records(value: Any) -> bool:
    entries = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return is_record(value) or any(map(has_records, entries))


def canonical(value: Any) -> str:
    """The canonical form as docs/users/layout-files.md describes it: sorted names, a record on a line; no `origin`."""
    if is_record(value) or not has_records(value):
        return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    if isinstance(value, dict):
        return "{\n" + ",\n".join(f'"{key}":{canonical(value[key])}' for key in sorted(value) if key != "origin") + "\n}"
    return "[\n" + ",\n".join(map(canonical, value)) + "\n]"


def canonical_file(path: Path) -> str:
    return canonical(json.loads(path.read_text(encoding="utf-8"))) + "\n"


def layouts_of(contents: FileContents) -> list[Layout]:
    return [content for content in contents.contents if isinstance(content, Layout)]


def test_the_product_exports_what_it_imported_byte_by_byte(hub: Settings, dqmgui_files: Path, tmp_path: Path) -> None:
    files = [str(dqmgui_files / name) for name in ("layouts.json", "workspaces.json")]

    first = dqmhub(hub, "layouts", "import", *files)

    assert first.returncode == 0
    assert (
        first.stdout == "18,717 layouts and 168 workspaces: 18,885 added, 0 changed, 0 unchanged, 0 kept, 0 refused; 0 problems in files\n"
    )
    for form, file in (("records", "layouts.json"), ("workspaces", "workspaces.json")):
        done = dqmhub(hub, "layouts", "export", "--format", form, "-o", str(tmp_path / file))
        assert done.returncode == 0, done.stderr
        assert (tmp_path / file).read_bytes() == canonical_file(dqmgui_files / file).encode()
    again = dqmhub(hub, "layouts", "import", files[1])
    assert "168 workspaces: 0 added, 0 changed, 168 unchanged" in again.stdout


def test_the_real_layouts_have_the_grids_of_their_files(real_layouts: FileContents) -> None:
    layouts = layouts_of(real_layouts)
    cells = [cell for layout in layouts for row in layout.rows for cell in row]
    plots = [cell for cell in cells if cell]

    assert real_layouts.problems.count == 0
    assert sum(not layout.by_record for layout in layouts) == 18_716
    assert sum(not plot.written for plot in plots) == 28_075
    assert sum(plot.written != "" for plot in plots) == 374
    assert cells.count(None) == 205
    assert sum(plot.reference != "" for plot in plots) == 1_724
    assert sum(plot.reference == "no" for plot in plots) == 1_310
    assert [layout.path for layout in layouts if layout.path.endswith("\t")] == [
        "MCLayouts/Hcal/CaloTowers/42 Barrel CaloTowers SET (GeV)\t",
        "DataLayouts/Hcal/CaloTowers/42 Barrel CaloTowers SET (GeV)\t",
    ]
    assert sum(layout.path.endswith(" ") for layout in layouts) > 0


def test_plots_that_are_registered_one_by_one_are_one_layout(real_layouts: FileContents) -> None:
    (layout,) = [layout for layout in layouts_of(real_layouts) if layout.by_record]

    assert (layout.path, layout.scopes) == ("Summary/Summaries", ("online", "offline", "relval"))
    assert [len(row) for row in layout.rows] == [4, 4, 4, 4]
    assert layout.plots[3] == PlotCell("DT/EventInfo/reportSummaryMap")


@pytest.mark.parametrize(("form", "name"), [("json", "all.json"), ("toml", "all.toml")])
def test_real_workspaces_and_shift_layouts_are_the_same_after_an_export(
    real_layouts: FileContents, real_workspaces: FileContents, form: str, name: str
) -> None:
    contents = [layout for layout in layouts_of(real_layouts) if layout.path.startswith(("00 Shift/", "MCLayouts/"))]
    contents += real_workspaces.contents

    exported = export(form, contents)
    found = read_file(name, exported.text.encode())

    assert (found.problems.listed, exported.losses) == ([], [])
    assert found.contents == contents


def test_uploads_to_the_classic_gui_keep_all_but_scope_and_file(real_layouts: FileContents) -> None:
    layouts = [layout for layout in layouts_of(real_layouts) if layout.scopes == ("relval",)]

    exported = export("upload", layouts)

    assert exported.losses == []
    assert read_file("upload.json", exported.text.encode(), ("relval",)).contents == [replace(layout, file="") for layout in layouts]


def test_the_real_workspaces_are_those_of_three_front_ends(real_workspaces: FileContents) -> None:
    workspaces = [content for content in real_workspaces.contents if isinstance(content, Workspace)]
    by_file = {file: [each for each in workspaces if each.file == file] for file in ("frontend", "classic_sample", "classic_production")}

    assert {file: len(found) for file, found in by_file.items()} == {"frontend": 55, "classic_sample": 17, "classic_production": 96}
    assert [each.name for each in by_file["frontend"] if each.folders is None] == ["Alignment"]
    assert sum(len(each.quick) for each in by_file["frontend"] if each.scopes == ("online",)) == 379
    assert sum(len(each.quick) for each in by_file["frontend"] if each.scopes == ("offline",)) == 169


def test_one_wrong_record_among_thousands_is_named_and_all_other_layouts_are_read(dqmgui_files: Path) -> None:
    value = json.loads((dqmgui_files / "layouts.json").read_text(encoding="utf-8"))
    value["layouts"][20_000]["source"] = "DQM//plot"
    value["layouts"][27_000]["draw"] = {"ymin": "low"}

    found = read_file("layouts.json", json.dumps(value).encode())

    places = dict(found.problems.listed)
    assert len(found.contents) == 18_715
    assert places["layouts[20000].source"].startswith("Expected names with one slash between them, not 'DQM//plot' (layout '")
    assert places["layouts[27000].draw.ymin"].startswith("Expected a number, not 'low' (layout '")
