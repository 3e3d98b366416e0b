"""My plots: private layouts are arranged, renamed, limited, removed and brought back."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html import unescape
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient

from app.gui.layouts.editing import private, private_limits, store
from app.gui.layouts.editing.grid import with_plot_moved, with_plots, without_plot
from app.gui.layouts.editing.private_limits import MAX_LAYOUTS, MAX_NAME, MAX_PLOTS
from app.gui.layouts.layout import PlotCell
from app.gui.view import MAX_MARKS
from tests.gui.layouts.private.my_plots import FOLDER, PLOT, Browsers, change, latest, names, pin, pinned


def test_plots_are_moved_removed_and_put_into_rows(ada: FlaskClient) -> None:
    pinned(ada, "a", "b", "c", "d")
    for do, form, expected in (
        ("down-0", {}, [["b", "a", "c"], ["d"]]),
        ("up-3", {}, [["b", "a", "d"], ["c"]]),
        ("up-0", {}, [["b", "a", "d"], ["c"]]),
        ("columns", {"columns": "2"}, [["b", "a"], ["d", "c"]]),
        ("remove-1", {}, [["b"], ["d", "c"]]),
        ("columns", {"columns": "99"}, [["b", "d", "c"]]),
    ):
        answer = change(ada, do, **form)
        assert answer.status_code == 303, answer.text
        assert names(latest()) == expected, do


def test_gaps_of_a_copied_layout_stay_where_they_are() -> None:
    a, b, c = (PlotCell(name) for name in "abc")
    rows = ((a, None, b), (None, c))
    assert with_plot_moved(rows, 1, -1) == ((b, None, a), (None, c))
    assert without_plot(rows, 2) == ((a, None, b),)
    assert with_plots(rows, [PlotCell("d")]) == ((a, None, b), (None, c, PlotCell("d")))


@pytest.mark.parametrize("do", ["", "up", "up-9", "remove--1", "remove-x", "activate"])
def test_a_form_with_another_action_changes_nothing(ada: FlaskClient, do: str) -> None:
    pinned(ada, "a")
    assert change(ada, do).status_code == 400
    assert (names(latest()), latest().version) == ([["a"]], 1)


def test_a_layout_is_renamed_and_a_name_is_used_once(ada: FlaskClient) -> None:
    pin(ada, name="One")
    pin(ada, name="Two")
    assert change(ada, "rename", name=" Pixels & strips ").status_code == 303
    assert latest().layout.name == "Pixels & strips"
    answer = change(ada, "rename", name="One")
    assert answer.status_code == 409
    assert "Another layout of yours is at One already" in answer.text
    assert pin(ada, name="One").status_code == 409


@pytest.mark.parametrize(
    ("name", "problem"), [(" ", "Expected a name"), ("a/b", "without /"), ("x" * (MAX_NAME + 1), "at most 80"), ("a\nb", "printable")]
)
def test_a_name_that_cannot_be_used_is_refused_with_the_reason(ada: FlaskClient, name: str, problem: str) -> None:
    pin(ada)
    answer = change(ada, "rename", name=name)
    assert answer.status_code == 400
    assert problem in answer.text
    assert latest().layout.name == "My plots"


def test_a_name_is_text_and_no_markup(ada: FlaskClient) -> None:
    pin(ada, name="<b onclick=go>")
    for path in ("/my/plots", f"/my/plots/{latest().number}", f"/my/plots/pin?address={quote(PLOT, safe='')}"):
        page = ada.get(path).text
        assert "<b onclick" not in page
        assert "&lt;b onclick=go&gt;" in page


def test_a_layout_holds_a_limited_number_of_plots(ada: FlaskClient) -> None:
    pinned(ada, "a")
    for start in range(1, MAX_PLOTS, MAX_MARKS):
        marks = "".join(f"&mark={number}" for number in range(start, min(start + MAX_MARKS, MAX_PLOTS)))
        assert pin(ada, f"{FOLDER}?show=marked{marks}", to=str(latest().number)).status_code == 303
    answer = pin(ada, f"{FOLDER}?plot=one-more", to=str(latest().number))
    assert answer.status_code == 400
    assert f"would have {MAX_PLOTS + 1} plots, but can have at most {MAX_PLOTS}" in answer.text
    assert len(latest().layout.plots) == MAX_PLOTS


def test_a_user_has_a_limited_number_of_layouts(ada: FlaskClient, browsers: Browsers) -> None:
    for number in range(MAX_LAYOUTS):
        assert pin(ada, name=f"Layout {number}").status_code == 303
    answer = pin(ada, name="One more")
    assert answer.status_code == 400
    assert f"You have {MAX_LAYOUTS} private layouts, the largest possible number: remove one first" in unescape(answer.text)
    assert pin(ada, f"{FOLDER}?plot=x", to=str(latest().number)).status_code == 303
    assert pin(browsers("ben")).status_code == 303, "other users have a limit of their own"


def test_a_change_of_an_older_state_is_refused_and_the_present_one_is_shown(ada: FlaskClient) -> None:
    pinned(ada, "a", "b")
    answer = change(ada, "remove-0", version=1)
    assert answer.status_code == 409
    assert "Nothing was changed. The current layout is below." in answer.text
    assert f'name="version" value="{latest().version}"' in answer.text
    assert names(latest()) == [["a", "b"]]


def test_a_change_of_a_private_layout_is_never_stored_without_being_shown(ada: FlaskClient) -> None:
    """Between the two, another pin would be added to the one without it."""
    found = pinned(ada, "a")
    store.save(replace(found.layout, help="b"), arrangement=found.number, based_on=1)
    assert (latest().version, latest().layout.help) == (2, "b")


@pytest.mark.parametrize(
    ("form", "problem"),
    [
        ({"path": "Pixel/Layouts/With slash"}, "private layouts have no folders"),
        ({"path": "x" * (MAX_NAME + 1)}, "at most 80"),
        ({"scope": "online"}, "a private layout is for all samples"),
        ({"rows": json.dumps([[{"plot": f"{row} {column}"} for column in range(20)] for row in range(6)])}, "have at most 100"),
    ],
)
def test_the_editor_holds_the_limits_of_private_layouts(ada: FlaskClient, form: dict[str, str], problem: str) -> None:
    number = pinned(ada, "a").number
    fields = {"path": "My plots", "rows": '[[{"plot":"a"}]]', "do": "activate", "based_on": "1"}
    answer = ada.post(f"/layouts/{number}/edit", data=fields | form)
    assert answer.status_code == 400
    assert problem in answer.text
    assert latest().version == 1


def test_a_removed_layout_comes_back_only_within_the_limit_of_layouts(ada: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(private_limits, "MAX_LAYOUTS", 1)
    number = pinned(ada, "a").number
    ada.post(f"/my/plots/{number}/remove")
    assert pin(ada, name="Other").status_code == 303
    for path, form in ((f"/my/plots/{number}/restore", {}), (f"/layouts/{number}/roll-back", {"version": 1, "based_on": 2, "reason": "x"})):
        answer = ada.post(path, data=form)
        assert answer.status_code == 400
        assert "the largest possible number: remove one first" in answer.text
    assert [found.layout.name for found in private.layouts_of("ada")] == ["Other"]


def test_the_owner_sees_the_history_of_a_private_layout_and_edits_its_texts(ada: FlaskClient) -> None:
    number = pinned(ada, "a", "b").number
    page = ada.get(f"/my/plots/{number}").text
    assert f'href="/layouts/{number}"' in page
    assert ada.get(f"/layouts/{number}").status_code == 200
    form = ada.get(f"/layouts/{number}/edit")
    assert form.status_code == 200
    assert re.search(rf'Name <input id="path"[^>]* maxlength="{MAX_NAME}"', form.text)
