"""The editor of layouts works without scripts: its form holds the whole draft until it is stored."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape
from urllib.parse import unquote

import pytest
from flask.testing import FlaskClient

from app.core.settings import Settings
from app.gui.layouts.editing.store import find, save
from app.gui.layouts.importing.bulk_import import import_all
from app.gui.layouts.layout import Example, Layout, PlotCell
from app.gui.layouts.models import Arrangement
from app.gui.layouts.workspace import Workspace
from tests.gui.layouts.pages.forms import Editor
from tests.gui.layouts.pages.stored_layouts import ADC, FILE_CELL, PATH, STORED, SignIn, active, plots, stored
from tests.security.conftest import HOME


def test_an_expert_adds_a_layout_of_plots_that_the_sample_has(signed_in: SignIn, hub: Settings) -> None:
    editor = Editor(signed_in("expert:Pixel"), "/layouts/new?scope=offline&folder=Pixel/Layouts")
    assert editor.field("path") == "Pixel/Layouts/"
    assert editor.field("run") == "367140"
    assert editor.press("keep", find="adc pxlayer").text.count('name="pick"') == 4
    editor.press("add-picked", pick=[f"{ADC}1", f"{ADC}2"])
    editor.press("add:0")
    editor.press(
        "keep", cell__plot=f"{ADC}3", cell__text="Charge\r\nof layer 3", cell__ymin="0.5", cell__good="366727", cell__contact="Anna"
    )
    assert editor.answer.text.count('class="plot"') == 3
    answer = editor.press("activate", path=PATH, reason="new detector")
    assert answer.status_code == 303
    layout = active()
    assert [cell.plot for cell in layout.plots] == [f"{ADC}{layer}" for layer in (1, 2, 3)]
    last = layout.plots[2]
    assert (last.text, last.draw, last.help.good, last.help.contact) == (
        "Charge\nof layer 3",
        (("ymin", "0.5"),),
        Example("366727"),
        "Anna",
    )
    page = editor.client.get(answer.location).text
    assert "new detector" in page
    assert "active" in page


def test_storing_an_unchanged_form_changes_nothing(signed_in: SignIn, hub: Settings) -> None:
    number = stored()
    editor = Editor(signed_in("expert"), f"/layouts/{number}/edit")
    editor.press("open:0.0")
    assert editor.press("save").status_code == 303
    assert find(number).newest == 1
    assert active() == STORED


def test_cells_and_rows_are_moved_added_and_removed_by_buttons(signed_in: SignIn, hub: Settings) -> None:
    number = stored(Layout(PATH, ("offline",), tuple(tuple(PlotCell(name) for name in row) for row in ("ab", "cd", "e"))))
    editor = Editor(signed_in("expert"), f"/layouts/{number}/edit")
    for button in (
        "move-right:0.0",
        "move-down:0.1",
        "move-down:1.1",
        "row-up:2",
        "insert-gap:0.0",
        "clear:1.0",
        "remove:2.0",
        "row-down:0",
    ):
        assert editor.press(button).status_code == 200
    editor.press("save")
    assert plots(number) == [[None, "a"], [None, "b", "d"]]


def test_an_example_and_nothing_else_of_a_plot_is_changed(signed_in: SignIn, hub: Settings) -> None:
    number = stored()
    editor = Editor(signed_in("expert"), f"/layouts/{number}/edit")
    editor.press("open:0.0")
    editor.press("activate", cell__bad="366000/ZeroBias/Run2023C-v1/DQMIO", reason="hole")
    cell = active().plots[0]
    assert cell.help.bad == Example("366000/ZeroBias/Run2023C-v1/DQMIO")
    assert (dict(cell.draw), cell.text, cell.reference, cell.overlay) == (
        dict(FILE_CELL.draw),
        FILE_CELL.text,
        FILE_CELL.reference,
        FILE_CELL.overlay,
    )
    assert (active().file, active().rows[1:], active().rows[0][1]) == (STORED.file, STORED.rows[1:], None)


def test_a_gap_takes_a_plot_and_a_plot_that_the_sample_lacks_is_named(signed_in: SignIn, hub: Settings) -> None:
    number = stored()
    editor = Editor(signed_in("expert"), f"/layouts/{number}/edit")
    assert re.search(r'title="Pixel/absent">absent</bdi>.*?not in this sample', editor.answer.text, re.DOTALL)
    editor.press("open:0.1")
    editor.press("save", cell__plot=f"{ADC}4")
    assert plots(number) == [[f"{ADC}1", f"{ADC}4"], ["Pixel/absent"]]


def test_what_is_wrong_is_named_by_its_place_and_nothing_is_lost(signed_in: SignIn, hub: Settings) -> None:
    number = stored()
    editor = Editor(signed_in("expert"), f"/layouts/{number}/edit")
    editor.press("open:0.0")
    answer = editor.press("activate", cell__ymin="high", help="new help")
    assert answer.status_code == 400
    assert "<b>Row 1, cell 1, y from</b>" in answer.text
    assert "<b>Reason</b>" in answer.text
    assert (editor.field("cell.ymin"), editor.field("help")) == ("high", "new help")
    assert editor.press("add:1").status_code == 200
    answer = editor.press("save", cell__ymin="")
    assert answer.status_code == 400
    assert "<b>Row 2, cell 2, Plot</b>" in answer.text
    assert find(number).newest == 1


@pytest.mark.parametrize("path", [" Pixel/Layouts/charge", "Pixel /Layouts/charge", "Pixel/Layouts/charge "])
def test_names_with_blanks_around_them_which_look_the_same_without_are_refused(signed_in: SignIn, hub: Settings, path: str) -> None:
    editor = Editor(signed_in("expert"), f"/layouts/{stored()}/edit")
    answer = editor.press("save", path=path)
    assert answer.status_code == 400
    assert "Remove the blanks around its names" in answer.text
    assert editor.field("path") == path


def test_a_path_with_a_blank_that_a_file_has_can_be_kept(signed_in: SignIn, hub: Settings) -> None:
    number = save(replace(STORED, path=f"{PATH} ")).arrangement
    assert Editor(signed_in("expert"), f"/layouts/{number}/edit").press("save", help="why").status_code == 303


def test_the_preview_names_a_sample_on_which_the_layout_is_not_shown(signed_in: SignIn, hub: Settings) -> None:
    editor = Editor(signed_in("expert"), f"/layouts/{stored()}/edit?run=367140&dataset=/Cosmics/Run2023C-Demo-v1/DQMIO")
    assert "it is not shown there" not in editor.press("preview").text
    assert "The chosen sample is offline, and the layout is for online samples" in editor.press("preview", scope=["online"]).text


def test_the_chosen_sample_stays_on_the_way_to_the_editor(signed_in: SignIn, hub: Settings) -> None:
    page = signed_in("expert").get(f"/layouts/{stored()}?run=367140&dataset=/Cosmics/Run2023C-Demo-v1/DQMIO").text
    (edit,) = re.findall(r'href="(/layouts/\d+/edit[^"]*)"', page)
    assert unquote(unescape(edit)).endswith("/edit?run=367140&dataset=/Cosmics/Run2023C-Demo-v1/DQMIO")


def test_a_reason_is_not_longer_than_the_history_takes(signed_in: SignIn, hub: Settings) -> None:
    number = stored()
    editor = Editor(signed_in("expert"), f"/layouts/{number}/edit")
    answer = editor.press("save", help="new", reason="x" * 501)
    assert answer.status_code == 400
    assert "<b>Reason</b>: <bdi>Expected at most 500 characters, not 501</bdi>" in answer.text
    assert (editor.field("help"), find(number).newest) == ("new", 1)


def test_the_preview_has_the_active_layout_beside_the_draft(signed_in: SignIn, hub: Settings) -> None:
    number = stored()
    editor = Editor(signed_in("expert"), f"/layouts/{number}/edit")
    editor.press("remove:1.0")
    preview = editor.press("preview").text.partition('aria-label="Preview"')[2]
    assert preview.count("absent</bdi>") == 1, "on the side of the active one"
    assert "removed Pixel/absent from row 2, column 1" in preview
    assert active() == STORED


@pytest.mark.parametrize(("role", "status"), [("viewer", 403), ("shifter", 403), ("expert:SiStrip", 403), ("expert:Pixel", 200)])
def test_only_experts_of_the_subsystem_edit_a_layout(signed_in: SignIn, hub: Settings, role: str, status: int) -> None:
    number = stored()
    client = signed_in(role)
    assert client.get(f"/layouts/{number}/edit").status_code == status
    assert client.get(f"/layouts/{number}").status_code == 200
    codes = [
        client.post(
            f"/layouts/{number}/{action}", data={"reason": "x", "version": "1", "based_on": "1"}, headers={"Origin": HOME}
        ).status_code
        for action in ("activate", "roll-back", "remove")
    ]
    assert codes == ([403] * 3 if status == 403 else [303, 303, 409])


def test_an_expert_cannot_move_a_layout_into_another_subsystem(signed_in: SignIn, hub: Settings) -> None:
    editor = Editor(signed_in("expert:Pixel"), f"/layouts/{stored()}/edit")
    assert "Experts of" not in editor.answer.text
    assert "Experts of <bdi>SiStrip</bdi>" in editor.press("keep", path="SiStrip/Layouts/charge").text
    answer = editor.press("activate", help="mine", reason="x")
    assert answer.status_code == 403
    assert "<b>Path</b>: <bdi>Needs the role expert for SiStrip" in answer.text
    assert (editor.field("path"), editor.field("help")) == ("SiStrip/Layouts/charge", "mine"), "the draft is still there"
    assert Arrangement.get().path == PATH


def test_a_path_of_another_layout_is_refused(signed_in: SignIn, hub: Settings) -> None:
    stored(Layout("Pixel/Layouts/size", ("offline",), STORED.rows))
    editor = Editor(signed_in("expert"), f"/layouts/{stored()}/edit")
    answer = editor.press("activate", path="Pixel/Layouts/size", reason="x")
    assert answer.status_code == 409
    assert "Another layout for offline samples is at Pixel/Layouts/size already" in answer.text


@pytest.mark.parametrize(
    "rows",
    ["[", "7", '["x"]', '[[{"plot": 7}]]', "[[{}]]", "[" * 100_000, f"[{'[null],' * 200}[null]]", '[[{"plot": "a", "reference": "x"}]]'],
)
def test_a_grid_that_was_not_made_by_the_page_is_refused(signed_in: SignIn, hub: Settings, rows: str) -> None:
    answer = signed_in("expert").post("/layouts/new", data={"rows": rows, "do": "keep"}, headers={"Origin": HOME})
    assert answer.status_code == 400


def test_a_layout_of_a_watched_folder_is_not_edited_here(signed_in: SignIn, hub: Settings) -> None:
    number = stored()
    Arrangement.update(source="pixel.toml").execute()
    client = signed_in("expert")
    assert client.get(f"/layouts/{number}/edit").status_code == 409
    page = client.get(f"/layouts/{number}").text
    assert "From the file <bdi>pixel.toml</bdi> of a watched folder" in page
    assert "/edit" not in page


def test_plots_of_the_sample_complete_what_is_typed(client: FlaskClient, hub: Settings) -> None:
    found = client.get("/layouts/choices", query_string={"run": "367140", "dataset": "Cosmics", "cell.plot": "adc layer_2"}).text
    assert re.findall(r'value="([^"]*)"', found) == [f"{ADC}2"]


def test_the_page_of_a_layout_leads_to_its_history_and_back(client: FlaskClient, hub: Settings) -> None:
    number = stored()
    shown = f"/browse/367140/Cosmics/Run2023C-Demo-v1/DQMIO/{PATH}"
    assert f'href="/layouts/{number}?run=367140&amp;dataset=/Cosmics/Run2023C-Demo-v1/DQMIO">History</a>' in client.get(shown).text
    assert f'href="{shown}">Show on run 367140</a>' in client.get(f"/layouts/{number}").text
    assert ">History</a>" not in client.get(shown.rpartition("/")[0]).text


@pytest.mark.parametrize(("role", "is_linked"), [("shifter", False), ("expert:SiStrip", False), ("expert:Pixel", True)])
def test_a_large_plot_in_a_layout_leads_experts_to_its_fields(signed_in: SignIn, hub: Settings, role: str, is_linked: bool) -> None:
    number = stored()
    client = signed_in(role)
    sample = "/browse/367140/Cosmics/Run2023C-Demo-v1/DQMIO"
    page = client.get(f"{sample}/{PATH}", query_string={"plot": f"{ADC}1"}).text
    found = re.findall(r'href="([^"]*)">Edit it in this layout</a>', page)
    assert len(found) == is_linked
    for address in found:
        editor = Editor(client, unescape(address))
        assert (editor.field("cell.plot"), editor.field("run")) == (f"{ADC}1", "367140")
        assert f"/layouts/{number}/edit" in address
    folder, _, name = f"{ADC}1".rpartition("/")
    assert "Edit it in this layout" not in client.get(f"{sample}/{folder}", query_string={"plot": f"{folder}/{name}"}).text


def test_a_copy_begins_with_what_the_layout_has(signed_in: SignIn, hub: Settings) -> None:
    editor = Editor(signed_in("expert"), f"/layouts/new?copy={stored()}")
    assert editor.press("activate", reason="same").status_code == 409, "at the same path"
    assert editor.press("activate", path="Pixel/Layouts/other").status_code == 303
    assert active("Pixel/Layouts/other").rows == STORED.rows


def test_plots_whose_names_are_the_same_are_told_apart_by_their_paths(signed_in: SignIn, hub: Settings) -> None:
    plots_of_row = ("CSC/EventInfo/map", "DT/EventInfo/map", "DT/EventInfo/other", "map")
    number = stored(Layout(PATH, ("offline",), (tuple(map(PlotCell, plots_of_row)),)))
    page = signed_in("expert").get(f"/layouts/{number}/edit?run=1").text
    names = re.findall(r'<bdi title="[^"]*">(.*?)</bdi>', page, re.DOTALL)
    assert [name.replace("<wbr>", "") for name in names] == ["CSC/EventInfo/map", "DT/EventInfo/map", "other", "map"]


def test_workspaces_that_have_the_layout_in_their_quick_collection_are_named(signed_in: SignIn, hub: Settings) -> None:
    number = stored()
    import_all([Workspace("Shifters", ("online", "offline"), quick=(PATH,))])
    editor = Editor(signed_in("expert"), f"/layouts/{number}/edit")
    warning = "Quick collections of <bdi>Shifters</bdi> have this layout"
    assert warning not in editor.answer.text
    assert warning in editor.press("preview", path="Pixel/Layouts/other").text
    assert warning in editor.client.get(f"/layouts/{number}").text.partition("Remove this layout")[2]


def test_the_check_names_the_first_of_two_equal_plots_in_words(signed_in: SignIn, hub: Settings) -> None:
    number = stored(Layout(PATH, ("offline",), ((None, PlotCell(f"{ADC}1"), PlotCell(f"{ADC}1")),)))
    page = Editor(signed_in("expert"), f"/layouts/{number}/edit").press("preview").text
    assert "adc_PXLayer_1 is drawn in row 1, cell 2 with the same options" in page
