"""The panels of walls about plots: states of subsystems, and the plots of a layout."""

from __future__ import annotations

import re
from html import unescape

import pytest
from flask import Flask

from app import create_app
from app.core.settings import Settings
from app.gui.layouts.importing.bulk_import import import_all
from app.gui.layouts.layout import Layout, PlotCell
from app.gui.pages.wall.plots import arrange
from tests.gui.pages.pages import read, words
from tests.security.conftest import RemoteClient
from tests.wall.walls import show

COSMICS = "/Cosmics/Run2023C-Demo-v1/DQMIO"
CHARGE, FAILING = (f"PixelPhase1/Tracks/PXBarrel/charge_PXLayer_{layer}" for layer in (1, 3))


@pytest.fixture
def demo(hub: Settings) -> Flask:
    """An application with a layout on the demo files, whose lists are read, and with a network of screens."""
    layout = Layout("00 Shift/Pixel", ("offline",), ((PlotCell(CHARGE), PlotCell(FAILING, overlay=(CHARGE,))), (PlotCell("Pixel/absent"),)))
    import_all([layout])
    app = create_app(hub.replace(wall_networks=("192.0.2.0/24",)))
    read(app.test_client(), "/browse/367140" + COSMICS)
    return app


def test_the_states_of_subsystems_are_words_with_colours_worst_first(demo: Flask) -> None:
    page = show(demo, "subsystems", dataset=COSMICS)
    cells = re.findall(r'<li class="cell cell-(\w+).*?<b>(.*?)</b><span class="state">.*?</svg>(.*?)</span>', page, re.DOTALL)
    assert ("error", "PixelPhase1") in [(kind, name) for kind, name, _ in cells]
    assert all(word.strip() for *_, word in cells)
    order = ["error", "warning", "ok", "idle"]
    assert [kind for kind, *_ in cells] == sorted((kind for kind, *_ in cells), key=order.index)


def test_chosen_subsystems_are_in_their_order_and_absent_ones_are_named(demo: Flask) -> None:
    page = show(demo, "subsystems", dataset=COSMICS, subsystems="PixelPhase1 Castor")
    assert re.findall(r'<li class="cell.*?<b>(.*?)</b>', page, re.DOTALL) == ["PixelPhase1"]
    assert "Not in the data: Castor" in words(page)


def test_a_dataset_without_runs_is_a_sentence_in_the_panel(demo: Flask) -> None:
    assert "No run of /Global/Online/ALL is registered yet" in words(show(demo, "subsystems"))
    assert "There is no active layout 00 Shift/Hcal in the scope offline" in words(
        show(demo, "layout", layout="00 Shift/Hcal", dataset=COSMICS)
    )


def test_plots_are_arranged_so_that_they_are_largest() -> None:
    assert [arrange(4, *room).columns for room in ((1840, 850), (900, 850), (300, 850))] == [2, 2, 1]
    assert arrange(10, 1840, 850).columns == 5
    assert arrange(1, 1840, 850) == (1, 1840, 810)
    assert arrange(36, 200, 100)[1:] == (100, 100)  # never smaller than what can be drawn
    assert arrange(0, 900, 850).columns == 1


def test_the_heading_is_the_name_of_the_layout_and_captions_tell_plots_apart(demo: Flask) -> None:
    summaries = (PlotCell("Tracking/EventInfo/reportSummaryMap"), PlotCell("Muons/EventInfo/reportSummaryMap"))
    charges = (PlotCell(CHARGE), PlotCell(FAILING, text="Third <b>layer</b>."))
    with demo.app_context():
        import_all([Layout("00 Shift/Summaries", ("offline",), (summaries,)), Layout("00 Shift/Charges", ("offline",), (charges,))])
    page = words(show(demo, "layout", layout="00 Shift/Summaries", dataset=COSMICS))
    assert "Summaries Data" in page
    assert "Tracking not in the data Muons not in the data" in page
    page = words(show(demo, "layout", layout="00 Shift/Charges", dataset=COSMICS))
    assert "charge_PXLayer_1" in page
    assert "Third layer" in page
    assert "charge_PXLayer_3" not in page


def test_a_screen_without_an_account_sees_the_plots_of_its_wall_and_no_others(demo: Flask) -> None:
    page = show(demo, "layout", layout="00 Shift/Pixel", dataset=COSMICS)
    pictures = [unescape(source) for source in re.findall(r'<img src="([^"]+)"', page)]
    assert len(pictures) == 2
    assert "absent not in the data" in words(page)
    screen = RemoteClient(demo)
    first, second = (screen("GET", picture) for picture in pictures)
    assert first.mimetype == second.mimetype == "image/png"
    assert first.data != second.data
    assert int.from_bytes(first.data[16:20], "big") > 600  # as large as its place
    assert screen("GET", pictures[0], headers={"If-None-Match": first.headers["ETag"]}).status_code == 304
    assert screen("GET", "/wall/shift/1/1/3").status_code == 404
    assert screen("GET", f"/api/v1/render/367140{COSMICS}/{CHARGE}").status_code == 401
