"""Private layouts on the pages of a sample: pinned from a plot, shown for any run, and large plots in them."""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import quote

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.gui.layouts.editing import private
from app.gui.layouts.importing.bulk_import import import_all
from app.gui.layouts.layout import Layout, PlotCell
from app.security import Role, accounts
from tests.gui.pages.pages import COSMICS, ZERO_BIAS, read
from tests.security.conftest import HOME, PASSWORD, sign_in

TRACKS = "PixelPhase1/Tracks/PXBarrel"
LAYER = f"{TRACKS}/charge_PXLayer_%d"
PLOT = f"{COSMICS}/{TRACKS}?plot={quote(LAYER % 1, safe='')}"


@pytest.fixture
def ada(app: Flask, client: FlaskClient) -> FlaskClient:
    """A browser of the viewer ada."""
    accounts.add("ada", Role.VIEWER, PASSWORD)
    found = app.test_client()
    found.environ_base["HTTP_ORIGIN"] = HOME
    sign_in(found, "ada")
    return found


def pin_form(page: str) -> dict[str, str]:
    """The fields of the button Pin of a page."""
    (form,) = re.findall(r'<form method="post" action="/my/plots/pin".*?</form>', page, re.DOTALL)
    return {name: unescape(value) for name, value in re.findall(r'name="(\w+)" value="([^"]*)"', form)}


def shown_plots(page: str) -> list[str]:
    """Paths of the plots of a layout, and names of those that the sample lacks."""
    return [
        unescape(path or name)
        for path, name in re.findall(r'<a class="stop" href="[^"]*" title="([^"]*)"|class="absent"><bdi[^>]*>(.*?)</bdi>', page)
    ]


def test_one_click_pins_a_plot_and_its_page_says_where(ada: FlaskClient) -> None:
    page = read(ada, PLOT)
    assert 'title="Pin to My plots"' in page
    answer = ada.post("/my/plots/pin", data=pin_form(page))
    assert answer.location == PLOT
    page = read(ada, PLOT)
    number = private.layouts_of("ada")[0].number
    assert f'In <a href="/my/plots/{number}"><bdi>My plots</bdi></a>' in page
    other = read(ada, PLOT.replace("Layer_1", "Layer_2"))
    assert pin_form(other)["to"] == str(number)
    ada.post("/my/plots/pin", data=pin_form(other))
    assert [cell.plot for cell in private.layouts_of("ada")[0].layout.plots] == [LAYER % 1, LAYER % 2]


def test_marked_plots_are_pinned_below_their_list(ada: FlaskClient) -> None:
    ada.post("/my/plots/pin", data=pin_form(read(ada, f"{COSMICS}/{TRACKS}?mark={LAYER % 1}&mark={LAYER % 3}")))
    assert [cell.plot for cell in private.layouts_of("ada")[0].layout.plots] == [LAYER % 1, LAYER % 3]


def test_without_an_account_a_plot_leads_to_the_sign_in_page_and_back(client: FlaskClient) -> None:
    page = read(client, PLOT)
    assert "/my/plots/pin" not in page
    (link,) = re.findall(r'href="([^"]*)" rel="nofollow">Sign in to pin', page)
    (target,) = re.findall(r'name="next" value="([^"]*)"', client.get(unescape(link)).text)
    assert unescape(target) == PLOT


def test_a_private_layout_is_shown_for_every_sample_by_its_owner_and_by_its_link(ada: FlaskClient, client: FlaskClient) -> None:
    cells = [PlotCell(LAYER % 1, "About <b>one</b>", (("ytype", "log"),)), PlotCell("Nowhere/absent"), PlotCell(LAYER % 2)]
    made = private.pin("ada", (tuple(cells),))
    for sample in (COSMICS, f"/browse/367129{ZERO_BIAS}"):
        page = read(ada, f"{sample}?shared={made.number}")
        assert "which nobody else sees" in page
        assert "ytype=log" in page
        assert [name.rpartition("/")[2] for name in shown_plots(page)] == ["charge_PXLayer_1", "absent", "charge_PXLayer_2"]
    link = private.share(made)
    page = read(client, f"{COSMICS}?shared={link}")
    assert "of ada, shared by a link" in page
    assert f'href="/my/plots/shared/{link}"' in page
    assert "charge_PXLayer_2" in page
    private.withdraw(made._replace(link=link))
    for hidden in (link, str(made.number)):
        assert "charge_PXLayer_2" not in read(client, f"{COSMICS}?shared={hidden}", 404)


def test_a_large_plot_of_a_private_layout_has_its_options_its_text_and_its_neighbours(ada: FlaskClient) -> None:
    made = private.pin(
        "ada",
        (
            (
                PlotCell(LAYER % 1, "About <b>one</b>", (("ytype", "log"),)),
                PlotCell("Hcal/DigiTask/ADC/HB"),
            ),
        ),
    )
    page = read(ada, f"{COSMICS}?shared={made.number}&plot={LAYER % 1}")
    assert "About <b>one</b>" in page
    assert "ytype=log" in page
    assert f"plot=Hcal%2FDigiTask%2FADC%2FHB&amp;shared={made.number}" in page, "the next plot of the layout"


def test_the_menu_of_a_sample_has_the_private_layouts(ada: FlaskClient) -> None:
    number = private.pin("ada", ((PlotCell(LAYER % 1),),), name="Pixels").number
    assert f'<a href="{COSMICS}?shared={number}"><bdi>Pixels</bdi></a>' in read(ada, f"{COSMICS}/{TRACKS}")


def test_a_pin_from_a_layout_keeps_what_the_layout_has_for_the_plot(ada: FlaskClient) -> None:
    cell = PlotCell(LAYER % 1, "Text", (("xmax", "50000"), ("ytype", "log")), "no", (LAYER % 2,))
    import_all([Layout("Pixel/One", ("offline",), ((cell,),))])
    ada.post("/my/plots/pin", data={"address": f"{COSMICS}/Pixel/One?plot={LAYER % 1}&ytype=lin"})
    (pinned,) = private.layouts_of("ada")[0].layout.plots
    assert (pinned.text, pinned.reference, pinned.overlay) == (cell.text, cell.reference, cell.overlay)
    assert dict(pinned.draw) == {"xmax": "50000", "ytype": "lin"}


def test_a_layout_is_copied_with_its_gaps_and_rows(ada: FlaskClient, client: FlaskClient) -> None:
    rows = ((PlotCell(LAYER % 1, "Text"), None, PlotCell(LAYER % 2)), (None, PlotCell(LAYER % 3)))
    import_all([Layout("Pixel/Grid", ("offline",), rows, help="About it")])
    address = f"{COSMICS}/Pixel/Grid"
    assert "Copy to my plots" not in read(client, address)
    (link,) = re.findall(r'href="([^"]*)">Copy to my plots', read(ada, address))
    page = ada.get(unescape(link)).text
    assert 'name="name" maxlength="80" value="Grid"' in page
    answer = ada.post("/my/plots/pin", data={"address": address, "name": "Grid"})
    assert answer.location == address
    assert private.layouts_of("ada")[0].layout.rows == rows
    ada.post("/my/plots/pin", data={"address": f"{COSMICS}/{TRACKS}?plot={LAYER % 4}", "name": "Other"})
    ada.post("/my/plots/pin", data={"address": address, "to": private.layouts_of("ada")[0].number})
    assert [cell.plot for cell in private.layouts_of("ada")[0].layout.plots] == [LAYER % layer for layer in (4, 1, 2, 3)]
