"""The editor of workspaces works without scripts: a form with one path a line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from flask.testing import FlaskClient

from app.core.settings import Settings
from app.gui.layouts.editing.history import history_of
from app.gui.layouts.editing.store import active_workspaces, save
from app.gui.layouts.importing.bulk_import import import_all
from app.gui.layouts.layout import Fits, Layout, PlotCell
from app.gui.layouts.models import Arrangement
from app.gui.layouts.workspace import Workspace
from tests.gui.layouts.arrangements import layout
from tests.gui.layouts.pages.forms import Editor
from tests.security.conftest import HOME

SignIn = Callable[..., FlaskClient]

CHARGE = "PixelPhase1/Tracks/PXBarrel/charge_PXLayer_1"
PIXEL = Workspace(
    "PixelPhase1",
    ("offline",),
    "Tracker",
    19,
    folders=("PixelPhase1", "Pixel"),
    match="^Pixel",
    layouts="",
    quick=("PixelPhase1/Layouts/00 - Charge ", "PixelPhase1/Layouts/01\t"),
    fits=Fits(("pp_run",)),
    file="frontend",
    extra=(("tab", 2),),
)


def stored(content: Workspace = PIXEL) -> int:
    import_all([content])
    return int(Arrangement.get(Arrangement.path == content.name).id)


def active(scope: str = "offline") -> list[Workspace]:
    return [each.content for each in active_workspaces(scope) if isinstance(each.content, Workspace)]


def test_a_workspace_that_is_stored_unchanged_keeps_everything(signed_in: SignIn, hub: Settings) -> None:
    number = stored()
    answer = Editor(signed_in("expert:PixelPhase1"), f"/layouts/workspaces/{number}/edit").press("activate", reason="nothing")
    assert answer.status_code == 303
    assert answer.location == f"/layouts/{number}"
    assert active() == [PIXEL]
    assert len(history_of(number)) == 1


def test_an_expert_orders_the_quick_collection_and_sees_it_in_the_history(signed_in: SignIn, hub: Settings) -> None:
    number = stored()
    editor = Editor(signed_in("expert:PixelPhase1"), f"/layouts/workspaces/{number}/edit")
    assert editor.field("quick_lines") == "PixelPhase1/Layouts/00 - Charge \nPixelPhase1/Layouts/01\t"
    lines = f"{CHARGE}\r\n\r\nPixelPhase1/Layouts/01\t\r\nPixelPhase1/Layouts/00 - Charge \r\n"
    assert editor.press("activate", quick_lines=lines, folders="none", rank="3", reason="charge first").status_code == 303
    (workspace,) = active()
    assert workspace.quick == (CHARGE, *reversed(PIXEL.quick))
    assert (workspace.folders, workspace.rank, workspace.file, workspace.extra) == (None, 3, "frontend", (("tab", 2),))
    assert "charge first" in editor.client.get(f"/layouts/{number}").text
    page = editor.client.get("/browse/367140/Cosmics/Run2023C-Demo-v1/DQMIO?ws=PixelPhase1").text
    assert "Quick collection: 3 entries" in page


def test_the_check_says_which_entries_exist_on_the_sample(signed_in: SignIn, hub: Settings) -> None:
    import_all([Layout("PixelPhase1/Layouts/00 - Charge", ("offline",), ((PlotCell(CHARGE),),))])
    editor = Editor(signed_in("expert"), "/layouts/workspaces/new?scope=offline")
    page = editor.press("check", name="Mine", quick_lines=f"PixelPhase1/Layouts/00 - Charge\n{CHARGE}\nPixelPhase1/Layouts/00 - Charg").text
    found = [page.partition(f"<bdi>{path}</bdi>")[2].partition("</li>")[0] for path in ("PixelPhase1/Layouts/00 - Charge", CHARGE)]
    assert [word in text for word, text in zip(("layout", "plot"), found, strict=True)] == [True, True]
    assert "similar: <bdi>PixelPhase1/Layouts/00 - Charge</bdi>" in page
    assert active() == []


def test_a_new_workspace_is_in_the_menu_once_it_is_active(signed_in: SignIn, hub: Settings) -> None:
    editor = Editor(signed_in("expert:Mine"), "/layouts/workspaces/new?scope=offline")
    draft = editor.press("save", name="Mine", category="Tracker", folders="listed", folder_lines="Hcal\nCSC")
    assert draft.status_code == 303
    assert active() == []
    number = Arrangement.get(Arrangement.path == "Mine").id
    editor = Editor(editor.client, f"/layouts/workspaces/{number}/edit")
    editor.press("activate", reason="for the shift")
    assert [(each.name, each.folders) for each in active()] == [("Mine", ("Hcal", "CSC"))]


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"match": "Pixel("}, "<b>Paths match</b>"),
        ({"rank": "first"}, "<b>Rank</b>"),
        ({"quick_lines": "a\nb//c"}, "<b>Quick collection, line 2</b>"),
        ({"scope": []}, "<b>Scopes</b>: <bdi>Choose at least one</bdi>"),
        ({"reason": ""}, "<b>Reason</b>: <bdi>Say why, for the history</bdi>"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_stored(
    signed_in: SignIn, hub: Settings, change: dict[str, str | list[str]], problem: str
) -> None:
    editor = Editor(signed_in("expert"), f"/layouts/workspaces/{stored()}/edit")
    answer = editor.press("activate", **{"reason": "why", "category": "Kept", **change})
    assert answer.status_code == 400
    assert problem in answer.text
    assert editor.field("category") == "Kept"
    assert active() == [PIXEL]


def test_the_second_of_two_experts_sees_both_versions_and_can_save_again(signed_in: SignIn, hub: Settings) -> None:
    number = stored()
    editor = Editor(signed_in("expert"), f"/layouts/workspaces/{number}/edit")
    other = Editor(editor.client, f"/layouts/workspaces/{number}/edit")
    assert other.press("activate", category="Theirs", reason="first").status_code == 303
    answer = editor.press("activate", category="Mine", reason="second")
    assert answer.status_code == 409
    assert "Theirs" in answer.text
    assert editor.field("category") == "Mine"
    assert [each.category for each in active()] == ["Theirs"]
    assert "Replace version 2 of" in editor.press("check").text, "still"
    assert editor.press("activate").status_code == 303
    assert [each.category for each in active()] == ["Mine"]


def test_who_may_not_change_a_workspace_is_told_whom_to_ask(signed_in: SignIn, hub: Settings) -> None:
    number = stored()
    client = signed_in("expert:Hcal")
    answer = client.get(f"/layouts/workspaces/{number}/edit")
    assert answer.status_code == 403
    assert "Needs the role expert for PixelPhase1" in answer.text
    import_all([Layout("Hcal/x", ("offline",), ((PlotCell("Hcal/a"),),))])
    layout = Arrangement.get(Arrangement.path == "Hcal/x").id
    assert client.get(f"/layouts/workspaces/{layout}/edit").status_code == 404


def test_no_editor_stores_anything_in_what_is_of_the_other_kind(signed_in: SignIn, hub: Settings) -> None:
    workspace, other = stored(), save(layout("Pixel/Layouts/charge")).arrangement
    client = signed_in("expert")
    form = {"path": "Pixel", "name": "Pixel", "scope": "offline", "rows": '[[{"plot":"a"}]]', "do": "save", "based_on": "1"}
    for address in (f"/layouts/{workspace}/edit", f"/layouts/workspaces/{other}/edit"):
        assert client.get(address).status_code == 404
        assert client.post(address, data=form, headers={"Origin": HOME}).status_code == 404
    assert [len(history_of(number)) for number in (workspace, other)] == [1, 1]


def test_these_folders_need_a_folder(signed_in: SignIn, hub: Settings) -> None:
    number = stored()
    editor = Editor(signed_in("expert"), f"/layouts/workspaces/{number}/edit")
    answer = editor.press("save", folder_lines="\n ")
    assert answer.status_code == 400
    assert "<b>Folders</b>: <bdi>Name at least one folder" in answer.text
    assert active() == [PIXEL]


def test_a_workspace_that_its_sender_may_not_store_stays_in_the_form(signed_in: SignIn, hub: Settings) -> None:
    number = stored()
    editor = Editor(signed_in("expert:PixelPhase1"), f"/layouts/workspaces/{number}/edit")
    answer = editor.press("activate", name="Ecal", category="Mine", reason="x" * 501)
    assert answer.status_code == 403
    assert "<b>Name</b>: <bdi>Needs the role expert for Ecal" in answer.text
    assert editor.field("category") == "Mine"
    answer = editor.press("activate", name="PixelPhase1")
    assert answer.status_code == 400
    assert "<b>Reason</b>: <bdi>Expected at most 500 characters, not 501" in answer.text
    assert (editor.field("category"), active()) == ("Mine", [PIXEL])


def test_a_form_begins_with_the_active_workspace_instead_of_a_draft(signed_in: SignIn, hub: Settings) -> None:
    number = stored()
    save(replace(PIXEL, rank=99), arrangement=number, based_on=1, reason="not ready")
    editor = Editor(signed_in("expert"), f"/layouts/workspaces/{number}/edit")
    assert "not ready" in editor.answer.text
    editor = Editor(editor.client, f"/layouts/workspaces/{number}/edit?version=1")
    assert editor.press("activate", category="Mine", reason="x").status_code == 303
    assert active() == [replace(PIXEL, category="Mine")]
