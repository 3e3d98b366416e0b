"""Drafts of layouts: two editors at once, and drafts that are left out or discarded."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape

import pytest
from flask.testing import FlaskClient

from app.core.settings import Settings
from app.gui.layouts.editing.store import find, remove, save
from app.gui.layouts.layout import Layout, PlotCell
from tests.gui.layouts.pages.forms import Editor
from tests.gui.layouts.pages.stored_layouts import ADC, PATH, STORED, SignIn, active, stored
from tests.security.conftest import HOME


def test_the_second_of_two_editors_is_refused_and_shown_both(signed_in: SignIn, hub: Settings) -> None:
    number = stored()
    editor = Editor(signed_in("expert"), f"/layouts/{number}/edit")
    theirs = Layout(PATH, ("offline",), ((PlotCell(f"{ADC}4"),),))
    save(theirs, arrangement=number, based_on=1, reason="theirs")
    answer = editor.press("activate", help="mine", reason="mine")
    assert answer.status_code == 409
    assert "has changed Pixel/Layouts/charge since you opened it" in answer.text
    assert "adc_PXLayer_4" in answer.text, "their plot"
    assert editor.field("help") == "mine"
    assert find(number).newest == 2
    assert editor.press("activate").status_code == 303, "a second attempt is one after theirs"
    assert active().help == "mine"


def test_the_button_after_a_conflict_names_the_version_that_it_replaces(signed_in: SignIn, hub: Settings) -> None:
    number = stored()
    editor = Editor(signed_in("expert"), f"/layouts/{number}/edit")
    save(replace(STORED, help="theirs"), arrangement=number, based_on=1)
    answer = editor.press("activate", help="mine", reason="mine")
    assert re.search(r'value="activate">Replace version 2 of [^<]+</button>', answer.text)
    assert 'id="layout-problem" role="alert" tabindex="-1"' in answer.text


@pytest.mark.parametrize("button", ["open:0.0", "preview", "add-row", "keep"])
def test_a_conflict_stays_in_the_form_until_it_is_stored(signed_in: SignIn, hub: Settings, button: str) -> None:
    number = stored()
    editor = Editor(signed_in("expert"), f"/layouts/{number}/edit")
    save(replace(STORED, help="theirs"), arrangement=number, based_on=1)
    editor.press("save", help="mine")
    answer = editor.press(button)
    assert answer.status_code == 200
    assert "Replace version 2 of" in answer.text
    assert "help: “theirs” → “mine”" in unescape(answer.text)
    save(replace(STORED, help="theirs again"), arrangement=number, based_on=2)
    assert editor.press("save").status_code == 409, "nobody has seen version 3"
    assert "Replace version 3 of" in editor.answer.text


def test_a_draft_of_somebody_else_is_named_and_can_be_left_out(signed_in: SignIn, hub: Settings) -> None:
    number = stored()
    save(replace(STORED, help="half of it"), arrangement=number, based_on=1, reason="do not use")
    client = signed_in("expert")
    with_draft = Editor(client, f"/layouts/{number}/edit")
    assert with_draft.field("help") == "half of it"
    assert "<q><bdi>do not use</bdi></q>" in with_draft.answer.text
    assert "<q><bdi>do not use</bdi></q>" in with_draft.press("add-row").text, "as long as the form is open"
    assert f"/layouts/{number}/edit?version=1" in with_draft.answer.text
    editor = Editor(client, f"/layouts/{number}/edit?version=1")
    assert editor.field("help") == ""
    assert "without the changes of the draft" in editor.answer.text
    assert editor.press("activate", keys="pp_run", reason="for beams").status_code == 303
    assert (active().help, active().fits.keys, find(number).active) == ("", ("pp_run",), 3)


def press_in_page(client: FlaskClient, number: int, button: str, version: int = 0) -> str:
    """Press a button of the page of a layout with its fields; the address of the form."""
    page = client.get(f"/layouts/{number}" + (f"?version={version}" if version else "")).text
    (form,) = [text for text in page.split("<form")[1:] if f">{button}</button>" in text]
    action = re.findall(r'action="([^"]*)"', form)[0]
    fields = dict(re.findall(r'type="hidden" name="([^"]*)" value="([^"]*)"', form))
    assert client.post(action, data=fields | {"reason": "x"}, headers={"Origin": HOME}).status_code == 303
    return str(action)


def test_a_draft_is_discarded_in_its_page(signed_in: SignIn, hub: Settings) -> None:
    number = stored()
    save(replace(STORED, help="half of it"), arrangement=number, based_on=1)
    client = signed_in("expert")
    press_in_page(client, number, "Discard the draft", version=2)
    assert (active(), find(number).newest) == (STORED, 3)
    assert "is a draft of" not in client.get(f"/layouts/{number}").text
    never_active = save(replace(STORED, path="Pixel/Layouts/other")).arrangement
    press_in_page(client, never_active, "Discard the draft")
    listed = client.get("/layouts?scope=inactive&folder=Pixel/Layouts").text
    assert ">removed" in listed.partition("Pixel/Layouts/other")[2]


@pytest.mark.parametrize(("version", "expected"), [(1, STORED), (2, replace(STORED, help="two")), (3, replace(STORED, help="two"))])
def test_a_removed_layout_is_rolled_back_in_its_page(signed_in: SignIn, hub: Settings, version: int, expected: Layout) -> None:
    number = stored()
    save(replace(STORED, help="two"), arrangement=number, based_on=1)
    remove(number, 2)
    client = signed_in("expert")
    assert "Activate version" not in client.get(f"/layouts/{number}?version={version}").text
    press_in_page(client, number, f"Roll back to version {version}", version=version)
    assert active() == expected


def test_a_form_whose_path_was_taken_meanwhile_is_no_conflict_with_its_own_draft(signed_in: SignIn, hub: Settings) -> None:
    client = signed_in("expert")
    number = stored()
    editor = Editor(client, f"/layouts/{number}/edit")
    editor.press("save", path="Pixel/Layouts/size")
    editor = Editor(client, f"/layouts/{number}/edit")
    stored(replace(STORED, path="Pixel/Layouts/size"))
    for change in ({"reason": "x"}, {"help": "new"}, {"keys": "pp_run"}):
        answer = editor.press("activate", **change)
        assert (answer.status_code, "Another layout for offline samples" in answer.text) == (409, True)
    assert find(number).newest == 2, "what is refused is not stored"
    assert editor.press("activate", path="Pixel/Layouts/sizes").status_code == 303
    assert (active("Pixel/Layouts/sizes").help, find(number).active) == ("new", 3)
