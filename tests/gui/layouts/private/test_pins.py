"""Plots are pinned to private layouts, also in two windows at once."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from flask.testing import FlaskClient

from app.core.database import end_thread
from app.gui.layouts.editing import private, store
from app.gui.layouts.layout import Layout, PlotCell
from app.gui.layouts.models import Arrangement, ArrangementPlace
from tests.gui.layouts.private.my_plots import FOLDER, PLOT, latest, names, pin, pinned
from tests.support.storms import TIMES


def test_a_first_pin_makes_a_layout_and_returns_to_the_plot(ada: FlaskClient) -> None:
    answer = pin(ada)
    assert (answer.status_code, answer.location) == (303, PLOT), answer.text
    assert (latest().layout.name, names(latest())) == ("My plots", [["Muons/pt"]])
    assert latest().layout.scopes == ()
    assert ArrangementPlace.get().scope == "user:ada"


def test_a_pin_keeps_the_drawing_options_that_layouts_have(ada: FlaskClient) -> None:
    pin(ada, f"{PLOT}&ytype=log&ymin=0.5&stats=false&ref=367100")
    assert latest().layout.plots[0].drawn == (("ytype", "log"), ("ymin", "0.5"))


def test_marked_plots_are_pinned_together_in_rows_of_three(ada: FlaskClient) -> None:
    pin(ada, f"{FOLDER}?mark=a&mark=b&mark=c&mark=d&show=marked", name="Four")
    assert (latest().layout.name, names(latest())) == ("Four", [["a", "b", "c"], ["d"]])


def test_a_plot_is_pinned_once_to_a_layout(ada: FlaskClient) -> None:
    assert names(pinned(ada, "a", "b", "a")) == [["a", "b"]]
    assert latest().version == 2


@pytest.mark.both_databases
def test_the_layout_that_was_used_last_comes_first(ada: FlaskClient) -> None:
    pin(ada, name="One")
    one = latest().number
    pin(ada, name="Two")
    assert [choice.name for choice in private.pin_choices("ada", "Muons/pt")] == ["Two", "One"]
    pin(ada, f"{FOLDER}?plot=x", to=str(one))
    choices = private.pin_choices("ada", "x")
    assert [(choice.name, choice.has_plot) for choice in choices] == [("One", True), ("Two", False)]
    page = ada.get("/my/plots/pin", query_string={"address": PLOT}).text
    assert re.findall(r'name="to" value="(\d+)"', page) == [str(choice.number) for choice in choices]


@pytest.mark.parametrize("address", [f"{FOLDER}/Muons", "/account/audit", "//evil.example/browse/1/A/B/C", f"{FOLDER}?plot=%FF"])
def test_what_is_no_plot_is_not_pinned(ada: FlaskClient, address: str) -> None:
    answer = pin(ada, address)
    assert answer.status_code == 400
    assert "Nothing can be pinned from this address" in answer.text
    assert Arrangement.select().count() == 0


def test_plots_that_two_windows_pin_at_once_both_stay(ada: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second window pins between reading and writing of the first one."""
    pinned(ada, "a")
    save, others = store.save, [PlotCell("other")]

    def later(content: Layout, **arguments: object) -> object:
        if others:
            private.pin("ada", ((others.pop(),),), latest().number)
        return save(content, **arguments)

    monkeypatch.setattr(store, "save", later)
    pin(ada, f"{FOLDER}?plot=b", to=str(latest().number))
    assert names(latest()) == [["a", "other", "b"]]


@pytest.mark.both_databases
@pytest.mark.storm
def test_all_pins_of_two_windows_at_the_same_moment_stay(ada: FlaskClient) -> None:
    def pins(window: str) -> set[str]:
        try:
            found = [f"{window}{each}" for each in range(8)]
            for plot in found:
                private.pin("ada", ((PlotCell(plot),),), number)
            return set(found)
        finally:
            end_thread()

    number = pinned(ada, "a").number
    for turn in range(TIMES):
        with ThreadPoolExecutor(2) as windows:
            stored = set().union(*windows.map(pins, (f"left {turn} ", f"right {turn} ")))
        assert {cell.plot for cell in latest().layout.plots} == {"a"} | stored
        change = store.save(replace(latest().layout, rows=((PlotCell("a"),),)), arrangement=number, based_on=latest().version)
        assert change.is_new
