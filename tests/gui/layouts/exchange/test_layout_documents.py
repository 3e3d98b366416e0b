"""Documents of layouts and workspaces, the form that pages, files and the database share."""

from __future__ import annotations

from typing import Any

import pytest

from app.gui.layouts.errors import InvalidArrangement
from app.gui.layouts.exchange.parsing import layout_from_document, workspace_from_document
from app.gui.layouts.layout import Example, Fits, Layout, PlotCell, ShiftHelp
from app.gui.layouts.workspace import Workspace

FULL_LAYOUT = Layout(
    path="00 Shift/FED/01 Integrity\t",
    scopes=("online", "relval"),
    rows=(
        (PlotCell("FED/Row of text", written="row"),),
        (PlotCell("FED/Cell of text", written="text"), None),
        (
            PlotCell(
                "FED/Fatal ",
                text="Number <b>per FED</b>\n",
                draw=(("ytype", "log"), ("ymin", "0.10"), ("drawopts", "COLZ"), ("palette", "8")),
                reference="no",
                overlay=("FED/Warn", "FED/Busy"),
                help=ShiftHelp(Example("366727", "flat"), Example(note="a spike"), "Call at once", "DOC 165888"),
            ),
        ),
    ),
    help="Look at all of them",
    fits=Fits(("pp_run", "hi_run"), ("protons",)),
    file="shift_fed_layout.py",
    by_record=True,
)
FULL_WORKSPACE = Workspace(
    name="PixelPhase1",
    scopes=("offline",),
    category="Tracker",
    rank=19,
    kind="shift",
    folders=("PixelPhase1", "Pixel"),
    match="^Pixel(|Phase1)/",
    layouts="",
    quick=("PixelPhase1/Layouts/000 - Report", "MCLayouts/42 SET\t"),
    fits=Fits(beams=("ions",)),
    file="classic_production",
    extra=(("quick_collection_size", 4),),
)


@pytest.mark.parametrize("layout", [FULL_LAYOUT, Layout("A/b", (), ()), Layout("A/b", ("offline",), ((PlotCell("A/b"),),))])
def test_a_layout_is_the_same_after_its_document(layout: Layout) -> None:
    assert layout_from_document(layout.document) == layout


@pytest.mark.parametrize("workspace", [FULL_WORKSPACE, Workspace("Empty", ()), Workspace("Alignment", ("offline",), folders=None)])
def test_a_workspace_is_the_same_after_its_document(workspace: Workspace) -> None:
    assert workspace_from_document(workspace.document) == workspace


def test_scopes_are_in_the_order_of_the_product() -> None:
    layout = layout_from_document({"path": "A", "scope": ["relval", "online"], "rows": []})

    assert layout.scopes == ("online", "relval")


WITHREF = "This option has a field of its own; expected it in reference of the plot"


def problems(document: Any, parse: Any = layout_from_document) -> list[tuple[str, str]]:
    with pytest.raises(InvalidArrangement) as error:
        parse(document)
    return list(error.value.fields.listed)


def of_cell(**fields: Any) -> dict[str, Any]:
    return {"path": "A/b", "rows": [["A/x"], [{}, {"plot": "A/y", **fields}]]}


@pytest.mark.parametrize(
    ("fields", "field", "expected"),
    [
        ({"draw": {"y": {"min": "tall"}}}, "draw.y.min", "Expected a number, not 'tall'"),
        ({"draw": {"y": {"max": "nan"}}}, "draw.y.max", "Expected a number, not 'nan'"),
        ({"draw": {"y": {"type": "logarithmic"}}}, "draw.y.type", "Expected lin or log, not 'logarithmic'"),
        ({"draw": {"options": 5}}, "draw.options", "Expected a text, not 5"),
        ({"draw": {"extra": {"xmin": "5"}}}, "draw.extra.xmin", "This option has a field of its own; expected it in x, y, z or options"),
        ({"draw": {"extra": {"withref": "no"}}}, "draw.extra.withref", WITHREF),
        ({"draw": ["log"]}, "draw", "Expected an object with fields such as x, y, z, not ['log']"),
        ({"reference": "maybe"}, "reference", "Expected yes or no, not 'maybe'"),
        ({"overlay": ["A/x"] * 10}, "overlay", "Expected at most 9 entries, not 10"),
        ({"overlay": ["A/x", "A//x"]}, "overlay[1]", "Expected names with one slash between them, not 'A//x'"),
        ({"text": "x" * 20_001}, "text", "Expected at most 20,000 characters, not 20,001"),
        ({"text": "a\0b"}, "text", "Expected a text without control characters, not 'a\\x00b'"),
        ({"good": {"sample": 366727}}, "good.sample", "Expected a text, not 366727"),
        ({"plots": "A"}, "plots", "There is no such field; the nearest is plot"),
        ({"plot": "A/y\t"}, "plot", "Expected a path without control or invisible characters, not 'A/y\\t'"),
        ({"plot": "\ud800"}, "plot", "Expected a path without control or invisible characters, not '\\ud800'"),
        ({"plot": ""}, "plot", "The path is missing; expected one such as Folder/Name"),
    ],
)
def test_a_problem_of_a_cell_has_its_place_and_what_would_be_right(fields: dict[str, Any], field: str, expected: str) -> None:
    assert problems(of_cell(**fields)) == [(f"rows[1][1].{field}", expected)]


@pytest.mark.parametrize(
    ("document", "field", "expected"),
    [
        ([], "document", "Expected an object with fields such as path, scope, rows, not []"),
        ({"path": "A/../b", "rows": []}, "path", "Expected names with one slash between them, not 'A/../b'"),
        ({"path": "é" * 251, "rows": []}, "path", "Expected at most 500 bytes, not 502"),
        ({"path": "A\tb", "rows": []}, "path", "Expected a path without control or invisible characters, not 'A\\tb'"),
        ({"path": 5, "rows": []}, "path", "Expected a path such as Folder/Name, not 5"),
        ({"path": "A"}, "rows", "The rows are missing; expected a list of rows, each a list of cells"),
        ({"path": "A", "rows": [["A/b"]] * 51}, "rows", "Expected at most 50 entries, not 51"),
        ({"path": "A", "rows": [["A/b"] * 21]}, "rows[0]", "Expected 1 to 20 cells, not 21; a gap is {}"),
        ({"path": "A", "rows": [[]]}, "rows[0]", "Expected 1 to 20 cells, not 0; a gap is {}"),
        ({"path": "A", "rows": [None]}, "rows[0]", "Expected a list of cells, not None"),
        ({"path": "A", "rows": [[5]]}, "rows[0][0]", "Expected a path, an object with the field plot, or {} for a gap, not 5"),
        ({"path": "A", "rows": [], "scope": ["production"]}, "scope", "Expected some of online, offline, relval, not 'production'"),
        ({"path": "A", "rows": [], "scope": "online"}, "scope", "Expected a list, not 'online'"),
        ({"path": "A", "rows": [], "scope": ["online", "online"]}, "scope", "Expected each scope once"),
        ({"path": "A", "rows": [], "by_record": 1}, "by_record", "Expected true or false, not 1"),
        ({"path": "A", "rows": [], "keys": [""]}, "keys[0]", "It is empty"),
    ],
)
def test_a_problem_of_a_layout_has_its_field_and_what_would_be_right(document: Any, field: str, expected: str) -> None:
    assert problems(document) == [(field, expected)]


@pytest.mark.parametrize(
    ("fields", "field", "expected"),
    [
        ({"rank": 1.5}, "rank", "Expected a whole number up to 1,000,000, not 1.5"),
        ({"rank": True}, "rank", "Expected a whole number up to 1,000,000, not True"),
        ({"kind": "DQMShift"}, "kind", "Expected content or quality or summary or shift or certification, not 'DQMShift'"),
        ({"match": "^(Pixel"}, "match", "Expected a regular expression: missing ): ^(Pixel"),
        ({"quick": ["A/b", 7]}, "quick[1]", "Expected a path such as Folder/Name, not 7"),
        ({"folders": "Pixel"}, "folders", "Expected a list, not 'Pixel'"),
        ({"extra": {"a": []}}, "extra.a", "Expected a text, not []"),
    ],
)
def test_a_problem_of_a_workspace_has_its_field_and_what_would_be_right(fields: dict[str, Any], field: str, expected: str) -> None:
    assert problems({"name": "Pixel", **fields}, workspace_from_document) == [(field, expected)]


def test_the_message_names_the_layout_and_its_first_problem() -> None:
    with pytest.raises(
        InvalidArrangement, match=r"^The layout 'A/b' is invalid: rows\[1\]\[1\].draw.x.min: Expected a number, not ''; 1 more$"
    ):
        layout_from_document(of_cell(draw={"x": {"min": ""}}, reference="?"))


def test_all_problems_are_counted_and_the_first_hundred_are_listed() -> None:
    with pytest.raises(InvalidArrangement) as error:
        layout_from_document({"path": "A", "rows": [[{"plot": ""}] * 20] * 50})

    assert error.value.fields.count == 1000
    assert len(error.value.fields.listed) == 100
