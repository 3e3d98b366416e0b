"""Each version of a layout has its author, reason, time and what it changed."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html import unescape

import pytest
from flask.testing import FlaskClient

from app.core.settings import Settings
from app.gui.layouts.editing import history
from app.gui.layouts.editing.differences import differences
from app.gui.layouts.editing.history import history_of, is_removed
from app.gui.layouts.editing.store import activate, find, remove, roll_back, save
from app.gui.layouts.importing.bulk_import import import_all
from app.gui.layouts.layout import ROW, Example, Fits, Layout, PlotCell, ShiftHelp
from app.gui.layouts.models import Arrangement, ArrangementVersion
from app.gui.layouts.workspace import Workspace
from tests.gui.layouts.arrangements import layout

A, B, C, D = (PlotCell(f"Pixel/{name}") for name in "abcd")


def grid(*rows: tuple[PlotCell | None, ...]) -> Layout:
    """A layout with these rows."""
    return replace(layout(), rows=rows)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (grid((A, B)), grid((A, B)), []),
        (grid((A, B)), grid((A, B), (C,)), ["added Pixel/c at row 2, column 1"]),
        (grid((A, B, C)), grid((B, C)), ["removed Pixel/a from row 1, column 1"]),
        (grid((A, B)), grid((A, C)), ["row 1, column 2: Pixel/b → Pixel/c"]),
        (grid((A, B), (C, D)), grid((B,), (C, D, A)), ["moved Pixel/a from row 1, column 1 to row 2, column 3"]),
        (grid((A, B, C, D)), grid((D, A, B, C)), ["moved Pixel/d from row 1, column 4 to row 1, column 1"]),
        (grid((A, B, C)), grid((A, B), (C,)), ["1 row more"]),
        (grid((A, B)), grid((A, None, B)), ["added 1 gap"]),
        (grid((A, None, B)), grid((None, A, B)), ["same plots in other rows and columns"]),
        (
            grid((A, B, None), (C, D)),
            grid((C, A, None), (B,)),
            [
                "removed Pixel/d from row 2, column 2",
                "moved Pixel/c from row 2, column 1 to row 1, column 1",
                "same plots in other rows and columns",
            ],
        ),
        (grid((A, A)), grid((A,)), ["removed Pixel/a from row 1, column 2"]),
        (grid((A,)), grid((replace(A, written=ROW),)), ["only the notation in its file"]),
    ],
)
def test_the_plots_that_came_went_or_moved_are_named(old: Layout, new: Layout, expected: list[str]) -> None:
    assert differences(old, new) == expected


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (A, replace(A, draw=(("ymax", "10"),)), ["Pixel/a: ymax: none → “10”"]),
        (replace(A, draw=(("ymax", "10"), ("ymin", "0"))), replace(A, draw=(("ymin", "0"), ("ymax", "10"))), []),
        (replace(A, reference="no"), replace(A, reference="yes"), ["Pixel/a: references: “not drawn” → “drawn”"]),
        (A, replace(A, overlay=("Pixel/x",)), ["Pixel/a: overlay with Pixel/x"]),
        (replace(A, text="flat"), replace(A, text="not flat"), ["Pixel/a: description: “flat” → “not flat”"]),
        (
            A,
            replace(A, help=ShiftHelp(Example("366727", "as here"))),
            ["good example: none → “366727”", "note on the good example: none → “as here”"],
        ),
        (A, replace(A, help=ShiftHelp(action="Restart", contact="7777")), ["what to do: none → “Restart”", "contact: none → “7777”"]),
    ],
)
def test_what_changed_in_a_cell_is_named(old: PlotCell, new: PlotCell, expected: list[str]) -> None:
    assert [text.removeprefix("Pixel/a: ") for text in differences(grid((old,)), grid((new,)))] == [
        text.removeprefix("Pixel/a: ") for text in expected
    ]


def test_a_long_text_is_shown_where_it_differs() -> None:
    (text,) = differences(replace(layout(), help="a" * 300 + "good"), replace(layout(), help="a" * 300 + "bad"))
    assert text == f"help: “…{'a' * 20}good” → “…{'a' * 20}bad”"


def test_fields_of_a_layout_are_named() -> None:
    new = Layout("Pixel/size", ("online", "offline"), layout().rows, fits=Fits(("pp_run",)))
    expected = ["path: “Pixel/Layouts/charge” → “Pixel/size”", "scopes: online → online, offline", "run types: all → pp_run"]
    assert differences(layout(), new) == expected


def test_fields_of_a_workspace_are_named() -> None:
    old = Workspace("Pixel", ("online",), folders=("Pixel",), quick=("a", "b"))
    assert differences(old, replace(old, quick=("b", "a"))) == ["order of the quick collection"]
    changed = replace(old, quick=("b", "c"), folders=None, kind="shift", rank=2)
    assert differences(old, changed) == [
        "rank: “0” → “2”",
        "kind: “content” → “shift”",
        "folders: Pixel → none",
        "quick collection with c",
        "quick collection without a",
    ]


@pytest.mark.both_databases
def test_the_history_tells_who_did_what_when_and_why(hub: Settings) -> None:
    (found,) = import_all([grid((A,))], reason="from git")
    number = found.arrangement
    save(grid((A, B)), arrangement=number, based_on=1, reason="b too")
    activate(number, 2, "checked")
    roll_back(number, 1, 2, "wrong")
    remove(number, 3, "old")
    entries = history_of(number)
    assert [(entry.number, entry.action, entry.reason, entry.differences, entry.activated) for entry in entries] == [
        (4, "remove", "old", [], False),
        (3, "roll back", "wrong", ["removed Pixel/b from row 1, column 2"], True),
        (2, "activate", "checked", [], False),
        (2, "edit", "b too", ["added Pixel/b at row 1, column 2"], False),
        (1, "import", "from git", [], True),
    ]
    assert all(entry.user.endswith("(command line)") and entry.at > 1.7e9 for entry in entries)
    assert not any(entry.is_active for entry in entries)
    assert is_removed(find(number))


def test_a_version_that_is_saved_and_shown_at_once_is_one_entry(client: FlaskClient) -> None:
    number = save(layout(), is_active=True).arrangement
    save(grid((A,)), arrangement=number, based_on=1, is_active=True)
    assert [(entry.number, entry.action, entry.activated) for entry in history_of(number)] == [(2, "edit", True), (1, "add", True)]
    assert "edit, active at once" in client.get(f"/layouts/{number}").text


def test_a_draft_is_no_removed_layout(hub: Settings) -> None:
    saved = save(layout())
    assert not is_removed(find(saved.arrangement))
    activate(*saved[:2])
    assert not is_removed(find(saved.arrangement))
    assert [entry.is_active for entry in history_of(saved.arrangement)] == [False, True]


def test_a_long_history_is_shown_in_parts(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "MOST_VERSIONS", 2)
    saved = save(layout())
    for number in range(1, 5):
        save(replace(layout(), help=str(number)), arrangement=saved.arrangement, based_on=number)
    parts = [history_of(saved.arrangement, before) for before in (0, 4, 2)]
    assert [[entry.number for entry in part] for part in parts] == [[5, 4], [3, 2], [1]]
    assert [[entry.differences for entry in part] for part in parts] == [
        [["help: “3” → “4”"], ["help: “2” → “3”"]],
        [["help: “1” → “2”"], ["help: none → “1”"]],
        [[]],
    ]
    page = client.get(f"/layouts/{saved.arrangement}").text
    link = re.search(r'href="([^"]*)">Earlier versions', page)
    assert link
    page = client.get(unescape(link[1])).text
    assert "help: none → “1”" in page
    assert "before=2" in page
    assert "Earlier versions" not in client.get(f"/layouts/{saved.arrangement}?before=2").text


def test_a_version_of_another_kind_does_not_hide_the_others(client: FlaskClient) -> None:
    number = save(Workspace("Pixel", ("online",)), is_active=True).arrangement
    document = json.dumps(layout().document)
    ArrangementVersion.create(arrangement=number, number=2, at=2e9, user="ada", action="edit", document=document)
    Arrangement.update(newest=2).where(Arrangement.id == number).execute()
    assert [entry.number for entry in history_of(number)] == [2, 1]
    for address in (f"/layouts/{number}", f"/layouts/{number}?version=2"):
        assert client.get(address).status_code == 200
