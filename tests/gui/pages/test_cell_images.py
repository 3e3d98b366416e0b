"""The addresses of the plots of layouts: options, overlays and references of a cell, and those of the view."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import parse_qsl, urlsplit

import pytest
from flask import Flask

from app.gui.layouts.layout import PlotCell
from app.gui.plot_addresses import plot_path
from app.gui.references import MAX_REFERENCES, Reference
from app.gui.samples import SampleKey
from app.gui.view import View

SAMPLE = SampleKey(367129, 0, "/ZeroBias/Run2023C-PromptReco-v1/DQMIO")
SIZE = (266, 200)


@pytest.fixture(autouse=True)
def request_context() -> Iterator[None]:
    with Flask("bare").test_request_context():
        yield


def query(address: str) -> list[tuple[str, str]]:
    return parse_qsl(urlsplit(address).query, keep_blank_values=True)


@pytest.mark.parametrize(
    "view", [View(SAMPLE), View(SAMPLE, references=(Reference(367094),), compare="ratiooverlay", options=(("stats", "false"),))]
)
def test_a_plot_without_options_in_its_layout_has_the_same_address_as_elsewhere(view: View) -> None:
    assert view.cell_image(PlotCell("A/x", text="see B"), SIZE) == view.image(b"A/x", SIZE)


def test_options_of_the_view_win_over_those_of_the_layout() -> None:
    cell = PlotCell("A/x", draw=(("ytype", "log"), ("ymin", "0.1"), ("withref", "no")))
    own = View(SAMPLE).with_own_options(b"A/x", (("ytype", "lin"),))
    assert query(View(SAMPLE).cell_image(cell, SIZE)) == [("w", "266"), ("h", "200"), ("ytype", "log"), ("ymin", "0.1")]
    assert query(View(SAMPLE, options=(("ytype", "lin"),)).cell_image(cell, SIZE))[2:] == [("ytype", "lin"), ("ymin", "0.1")]
    assert query(own.cell_image(cell, SIZE))[2:] == [("ytype", "lin"), ("ymin", "0.1")]


def test_a_wrong_option_of_a_layout_is_left_out_and_the_others_are_drawn() -> None:
    cell = PlotCell("A/x", draw=(("ymin", "low"), ("xtype", "log")))
    assert query(View(SAMPLE).cell_image(cell, SIZE))[2:] == [("xtype", "log")]


def test_overlays_of_a_layout_are_drawn_with_their_names_after_the_references_which_keep_their_colours() -> None:
    cell = PlotCell("A/x", overlay=("B/y",))
    compared = View(SAMPLE, references=(Reference(367094),), compare="stacked")
    here = f"archive/367129{SAMPLE.dataset}"
    assert query(View(SAMPLE).cell_image(cell, SIZE))[:4] == [
        ("obj", f"{here}/A/x"),
        ("obj", f"{here}/B/y"),
        ("ref", "overlay"),
        ("reflabel", "y"),
    ]
    assert query(compared.cell_image(cell, SIZE))[:6] == [
        *[("obj", f"{here}/A/x"), ("obj", f"archive/367094{SAMPLE.dataset}/A/x"), ("obj", f"{here}/B/y")],
        *[("ref", "stacked"), ("reflabel", "Run 367094"), ("reflabel", "y")],
    ]


def test_references_and_overlays_together_are_as_many_as_a_plot_can_have() -> None:
    cell = PlotCell("A/x", overlay=tuple(f"B/{number}" for number in range(4)))
    view = View(SAMPLE, references=tuple(map(Reference, range(1, MAX_REFERENCES + 1))), cell=cell)
    address, drawn = view.comparison(plot_path(cell), SIZE)
    assert drawn == MAX_REFERENCES - 4
    assert [name for name, _ in query(address)].count("obj") == MAX_REFERENCES + 1


def test_a_plot_with_no_reference_here_is_drawn_alone() -> None:
    view = View(SAMPLE, references=(Reference(367094),))
    assert view.cell_image(PlotCell("A/x", reference="no"), SIZE) == View(SAMPLE).image(b"A/x", SIZE)
    assert view.cell_image(PlotCell("A/x", reference="yes"), SIZE) == view.image(b"A/x", SIZE)


def test_plots_of_an_ongoing_run_are_loaded_again_with_each_version_of_its_list() -> None:
    cell = PlotCell("A/x", overlay=("B/y",))
    assert query(View(SAMPLE, stamp=7).cell_image(cell, SIZE))[-1] == ("v", "7")


def test_other_plots_of_a_page_are_drawn_as_elsewhere() -> None:
    cell = PlotCell("A/x", draw=(("ytype", "log"),), overlay=("B/y",), reference="no")
    view = View(SAMPLE, references=(Reference(367094),))
    assert view.replace(cell=cell).image(b"A/z", SIZE) == view.image(b"A/z", SIZE)
