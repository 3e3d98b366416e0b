"""Files of layouts and workspaces that people write: what is usable is read, all else is named with what would be right."""

from __future__ import annotations

import json
from typing import Any

import pytest

from app.gui.layouts.exchange.exports import FORMS, export
from app.gui.layouts.exchange.files import IS_PROGRAM, read_file
from app.gui.layouts.layout import Layout, PlotCell, ShiftHelp
from app.gui.layouts.scopes import SCOPES
from app.gui.layouts.workspace import Workspace

HAND_WRITTEN = """
schema = "dqm-layouts/2"

[[layout]]
path = "00 Shift/FED/01 Integrity"
scope = ["online"]
rows = [
  [{ plot = "FED/FedFatal", draw = { y = { type = "log", min = 0.10, max = 1e3 }, x = { max = 40 } } }, {}],
  ["FED/FedEntries"],
]

[[workspace]]
name = "FED"
scope = ["online"]
folders = false
"""


def read(value: Any, scopes: tuple[str, ...] = ()) -> tuple[list[Any], list[tuple[str, str]]]:
    found = read_file("file.json", value if isinstance(value, bytes) else json.dumps(value).encode(), scopes)
    return found.contents, found.problems.listed


def of_schema(**fields: Any) -> dict[str, Any]:
    return {"schema": "dqm-layouts/2", **fields}


def records(*layouts: dict[str, Any], **fields: Any) -> dict[str, Any]:
    group = {"path": "A/b", "scope": "ONLINE", "file": "a.py", "shape": [2], "items": 2}
    return {"schema": "dqm-layouts/1", "groups": [group], "layouts": list(layouts), **fields}


def record(column: int, **fields: Any) -> dict[str, Any]:
    found = {"name": "b", "source": f"A/x{column}", "destination": f"A/x{column}", "scope": "ONLINE", "group": 0, "row": 0, "col": column}
    return found | fields


def test_numbers_of_drawing_options_stay_as_people_write_them() -> None:
    found = read_file("fed.toml", HAND_WRITTEN.encode())
    layout, workspace = found.contents

    assert found.problems.listed == []
    assert isinstance(layout, Layout)
    assert layout.plots[0].draw == (("xmax", "40"), ("ytype", "log"), ("ymin", "0.10"), ("ymax", "1e3"))
    assert layout.rows[0][1] is None
    assert layout.rows[1] == (PlotCell("FED/FedEntries", written="text"),)
    assert workspace == Workspace("FED", ("online",), folders=None)


def test_numbers_of_json_stay_as_people_write_them() -> None:
    text = b'{"schema":"dqm-layouts/2","layout":[{"path":"A","scope":["online"],"rows":[[{"plot":"A","draw":{"z":{"min":1.50}}}]]}]}'

    ((layout,), problems) = read(text)

    assert (layout.plots[0].draw, problems) == ((("zmin", "1.50"),), [])


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("a.json", b"", "The file is empty; expected layouts or workspaces"),
        ("a.json", b" \n", "The file is empty; expected layouts or workspaces"),
        ("a.json", b"dqmitems = {}", "The file is no JSON: Expecting value: line 1 column 1 (char 0)"),
        ("a.json", b'{"schema": "\xff"}', "The file is no JSON: byte 13 is no UTF-8"),
        ("a.json", b"[" * 100_000, "The file is no JSON: too many lists or objects within each other"),
        ("a.json", b'{"schema":' + b"9" * 5000 + b"}", "The file is no JSON: a number has too many digits"),
        ("a.json", b"[]", "Expected an object with the field schema, not []"),
        ("a.json", b"{\n\n}\n", "The file is empty; expected layouts or workspaces"),
        ("a.json", b'{"rows": 5}', "Expected the field schema with dqm-layouts/2 or dqm-layouts/1 or dqm-workspaces/1, which is missing"),
        (
            "a.json",
            b'{"schema": "dqm-layouts/3"}',
            "Expected the field schema with dqm-layouts/2 or dqm-layouts/1 or dqm-workspaces/1, not 'dqm-layouts/3'",
        ),
        ("a.toml", b"path = ", "The file is no TOML: Invalid value (at end of document)"),
        ("a.toml", b"a = \xff", "The file is no TOML: byte 5 is no UTF-8"),
        ("fed_layouts.py", b"import os; os.abort()", IS_PROGRAM),
    ],
)
def test_a_file_without_layouts_is_refused_with_a_sentence(name: str, content: bytes, problem: str) -> None:
    found = read_file(name, content)

    assert (found.contents, found.problems.listed) == ([], [("file", problem)])


def test_a_file_with_a_byte_order_mark_is_read() -> None:
    assert len(read(b"\xef\xbb\xbf" + json.dumps(records(record(0), record(1))).encode())[0]) == 1


def test_a_wrong_layout_leaves_the_others() -> None:
    good, bad = {"path": "A", "scope": ["online"], "rows": []}, {"path": "B", "scope": ["online"], "rows": [[{"plot": ""}]]}

    contents, problems = read(of_schema(layout=[good, bad, 5, good | {"path": "C"}], workspace=[{"name": "W"}]))

    assert [content.path for content in contents] == ["A", "C"]
    assert problems == [
        ("layout[1].rows[0][0].plot", "The path is missing; expected one such as Folder/Name (layout 'B')"),
        ("layout[2].document", "Expected an object with fields such as path, scope, rows, not 5"),
        ("workspace[0].scope", "The scope of 'W' is missing; expected some of online, offline, relval"),
    ]


def test_a_layout_that_is_twice_in_a_file_is_read_once() -> None:
    layout = {"path": "A", "scope": ["online", "offline"], "rows": []}

    contents, problems = read(of_schema(layout=[layout, layout | {"scope": ["offline"]}, layout | {"scope": ["relval"]}]))

    assert [content.scopes for content in contents] == [("online", "offline"), ("relval",)]
    assert problems == [("layout[1]", "The layout 'A' of offline is also layout[0]; expected it once")]


def test_a_name_that_is_twice_in_an_object_is_named() -> None:
    contents, problems = read(b'{"A/b": [["A/x"]], "A/b": [["A/y"]]}', ("online",))

    assert [content.plots[0].plot for content in contents] == ["A/x"]
    assert problems == [("'A/b'", "This name is more than once in one object ({'A/b': [['A/x']]}); only the first one is used")]


@pytest.mark.parametrize(
    ("value", "place", "problem"),
    [
        (records(record(0)), "groups[0]", "Cell 1 of row 0 is missing; expected a record, a gap or a bare row for it"),
        (records(record(0), record(2)), "layouts[1].row", "There is no cell 2 of row 0 in the shape [2] of groups[0]"),
        (records(record(0), record(0)), "layouts[1].col", "The cell 0 of row 0 of groups[0] is there twice; expected it once"),
        (records(record(0), record(1, name="c")), "layouts[1].name", "Expected 'b', as groups[0] has it, not 'c'"),
        (records(record(0), record(1, destination="x1")), "layouts[1].destination", "Expected 'A/x1', as groups[0] has it, not 'x1'"),
        (records(record(0), record(1, scope="ALL")), "layouts[1].scope", "Expected 'ONLINE', as groups[0] has it, not 'ALL'"),
        (records(record(0), record(1, overlay=[])), "layouts[1].overlay", "There is no such field; the nearest is overlays"),
        (
            records(record(0), record(1, draw_ignored_by_source={"withref": "maybe"})),
            "layouts[1].draw_ignored_by_source.withref",
            "Expected yes or no, not 'maybe'",
        ),
    ],
)
def test_records_that_do_not_make_a_grid_are_named(value: dict[str, Any], place: str, problem: str) -> None:
    contents, problems = read(value)

    assert contents == []
    assert (place, f"{problem} (layout 'A/b')") in problems


def test_records_of_no_group_are_named() -> None:
    contents, problems = read(records(record(0), record(1), record(0, group=7), gaps=[[True, 0, 0]], bare_rows=["A/x"]))

    assert len(contents) == 1
    assert problems == [
        ("layouts[2].group", "Expected the number of one of the 1 groups, not 7"),
        ("gaps[0].group", "Expected the number of one of the 1 groups, not True"),
        ("bare_rows[0].group", "Expected the number of one of the 1 groups, not None"),
    ]


def test_options_that_the_classic_gui_alone_knows_are_kept_in_records() -> None:
    value = records(record(0, draw={"ymin": "1.0"}, draw_ignored_by_source={"withref": "no", "palette": "8"}), record(1))

    ((layout,), problems) = read(value)

    assert problems == []
    assert layout.plots[0].draw == (("ymin", "1.0"), ("palette", "8"))
    assert layout.plots[0].reference == "no"
    assert json.loads(export("records", [layout]).text)["layouts"] == value["layouts"]


def test_uploads_to_the_classic_gui_get_the_scope_of_the_import() -> None:
    upload = {
        "Pixel/Layouts/1": [
            [{"path": "Pixel/a", "description": "<b>x</b>", "draw": {"withref": "no", "drawopts": "COLZ"}}, None, "Pixel/b"]
        ],
        "Pixel/Layouts/2": ["Pixel/c", [{"path": "Pixel/d", "overlays": "Pixel/e"}]],
        "Pixel//3": [[]],
        "Pixel/4": [[{"plot": "Pixel/f"}]],
    }

    contents, problems = read(upload, ("offline", "relval"))

    assert contents == [
        Layout(
            "Pixel/Layouts/1",
            ("offline", "relval"),
            ((PlotCell("Pixel/a", "<b>x</b>", (("drawopts", "COLZ"),), "no"), None, PlotCell("Pixel/b", written="text")),),
        ),
        Layout(
            "Pixel/Layouts/2", ("offline", "relval"), ((PlotCell("Pixel/c", written="row"),), (PlotCell("Pixel/d", overlay=("Pixel/e",)),))
        ),
    ]
    assert [place for place, _ in problems] == ["'Pixel//3'", "'Pixel//3'[0]", "'Pixel/4'[0][0].plot", "'Pixel/4'[0][0].path"]
    assert {problem for _, problem in read(upload)[1][:1]} <= {
        "The scope of 'Pixel/Layouts/1' is missing; expected some of online, offline, relval"
    }


def test_a_wrong_workspace_of_a_set_leaves_the_others() -> None:
    tab = {
        "label": "Tracker",
        "workspaces": [{"label": "A", "foldersPath": ["A"], "quickCollections": [4]}, {"label": "B", "foldersPath": []}],
    }
    classic = [{"type": "DQMContents", "name": "C"}, {"type": "DQMShift", "name": "Shift", "rank": 2, "category": "Summaries"}]

    contents, problems = read({"schema": "dqm-workspaces/1", "frontend": {"online": [tab]}, "classic_production": {"relval": classic}})

    assert [(content.name, content.scopes, content.kind) for content in contents] == [
        ("B", ("online",), "content"),
        ("Shift", ("relval",), "shift"),
    ]
    assert [place for place, _ in problems] == ["frontend.online[0].workspaces[0].quickCollections[0]", "classic_production.relval[0].type"]


def test_a_tab_that_is_empty_or_twice_is_named_and_no_workspace_is_lost() -> None:
    tabs = [
        {"label": label, "workspaces": [{"label": name}] if name else []} for label, name in [("B", "1"), ("C", "2"), ("D", ""), ("B", "3")]
    ]

    contents, problems = read({"schema": "dqm-workspaces/1", "frontend": {"online": tabs, "offline": tabs[1:2]}})

    assert [(content.name, content.category) for content in contents if isinstance(content, Workspace)] == [
        ("1", "B"),
        ("2", "C"),
        ("3", "B"),
        ("2", "C"),
    ]
    assert problems == [
        ("frontend.online[2].workspaces", "The tab 'D' is left out, as it is empty; expected a list of workspaces"),
        ("frontend.online[3].label", "The tab 'B' is also frontend.online[0], which gets these workspaces; expected it once"),
    ]


X, Y = PlotCell("A/x"), PlotCell("A/y", written="text")


@pytest.mark.parametrize("rows", [((X, None), (X,)), ((X, X), (X, X)), ((X,), (Y,)), ()])
def test_records_keep_the_grid_of_a_layout_that_was_registered_plot_after_plot(rows: tuple[tuple[PlotCell | None, ...], ...]) -> None:
    exported = export("records", [Layout("A/b", ("online",), rows, by_record=True)])

    ((layout,), problems) = read(exported.text.encode())

    assert (layout, problems) == (Layout("A/b", ("online",), rows), [])
    assert exported.losses == ["1 layout with by_record written as a grid, because the rows do not have 4 plots each"]


def test_records_of_two_scopes_are_two_layouts_and_the_export_says_so() -> None:
    exported = export("records", [Layout("A/b", ("online", "relval"), ((X,),)), Layout("A/c", SCOPES, ((X,),))])

    assert [layout.scopes for layout in read(exported.text.encode())[0]] == [("online",), ("relval",), SCOPES]
    assert exported.losses == ["1 layout of two scopes written as two layouts of one scope each; json keeps one"]


FULL = [
    Layout("A/b", ("online",), ((PlotCell("A/x", help=ShiftHelp(action="call")),),), help="look"),
    Layout("A/b", ("relval",), ((PlotCell("A/x"),),)),
    Workspace("W", ("online",), kind="shift", match="^A/"),
]


@pytest.mark.parametrize(
    ("form", "written", "losses"),
    [
        ("json", 3, []),
        ("toml", 3, []),
        (
            "records",
            2,
            [
                "1 workspace left out, because the form cannot hold them; json can",
                "Help, run types and beams of 1 layout left out; json keeps them",
            ],
        ),
        (
            "workspaces",
            1,
            [
                "2 layouts left out, because the form cannot hold them; records can",
                "1 workspace reduced to name, category, folders and quick collection; json keeps all fields",
            ],
        ),
        (
            "upload",
            1,
            [
                "1 workspace left out, because the form cannot hold them; json can",
                "Help, run types and beams of 1 layout left out; json keeps them",
                "1 layout left out, because an earlier one has the same path; use --scope to export one scope",
            ],
        ),
    ],
)
def test_an_export_tells_what_its_form_has_no_place_for(form: str, written: int, losses: list[str]) -> None:
    exported = export(form, FULL)

    assert (exported.written, exported.losses) == (written, losses)


@pytest.mark.parametrize("form", FORMS)
def test_an_export_of_nothing_can_be_written(form: str) -> None:
    assert export(form, []).written == 0
