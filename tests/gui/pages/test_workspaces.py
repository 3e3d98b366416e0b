"""The menu of workspaces on the pages of a sample, and the pages of workspaces."""

from __future__ import annotations

import re
from html import unescape

import pytest
from flask.testing import FlaskClient

from app.core.settings import Settings
from app.gui.layouts.bulk_import import import_all
from app.gui.layouts.layout import FOR_ALL, Fits, Layout, PlotCell
from app.gui.layouts.workspace import Workspace
from tests.gui.pages.pages import COSMICS, read, words

SCOPES = ("offline",)
CHARGE = "PixelPhase1/Tracks/PXBarrel/charge_PXLayer_1"


def layout(path: str, *plots: str, fits: Fits = FOR_ALL) -> Layout:
    return Layout(path, SCOPES, (tuple(PlotCell(plot) for plot in plots or (CHARGE,)),), fits=fits)


@pytest.fixture
def hub(hub: Settings) -> Settings:
    import_all(
        [
            Workspace("Summary", SCOPES, "Summaries", 1, folders=("Summary",)),
            Workspace("Reports", SCOPES, "Summaries", 2, kind="summary"),
            Workspace("Shift", SCOPES, "Summaries", 3, folders=("00 Shift",)),
            Workspace("PixelPhase1", SCOPES, "Tracker", 10, folders=("PixelPhase1",)),
            Workspace("L1T", ("online",), "Trigger", 5),
            layout("00 Shift/Pixel/Charge"),
            layout("00 Shift/Hcal/Occupancy", "Hcal/EventInfo/reportSummaryMap"),
            layout("Summary/Summaries", *(f"{name}/EventInfo/reportSummaryMap" for name in ("Hcal", "EcalBarrel", "Castor"))),
        ]
    )
    return hub


def links(page: str, text: str) -> list[str]:
    """The addresses of the links with this text."""
    found = re.findall(r'<a\b[^>]*\bhref="([^"]*)"[^>]*>(.*?)</a>', page, re.DOTALL)
    return [unescape(address) for address, inner in found if words(inner) == text]


def test_the_menu_has_the_workspaces_of_the_scope_by_category_on_each_page_of_a_sample(client: FlaskClient) -> None:
    for address in (COSMICS, f"{COSMICS}/Info", f"{COSMICS}?q=charge"):
        menu = words(read(client, address).partition("workspace-columns")[2].partition("</details>")[0])
        assert "Summaries Summary Reports Shift Tracker PixelPhase1" in menu
        assert "L1T" not in menu


def test_a_workspace_stays_in_the_address_of_every_folder_and_leads_to_its_neighbours(client: FlaskClient) -> None:
    page = read(client, f"{COSMICS}/PixelPhase1?ws=PixelPhase1&size=l")
    assert f'href="{COSMICS}/PixelPhase1/Tracks?size=l&amp;ws=PixelPhase1"' in page
    assert links(page, "Shift") == [f"{COSMICS}?size=l&ws=Shift"]
    assert links(page, "Leave the workspace") == [f"{COSMICS}/PixelPhase1?size=l"]
    assert re.search(rf'href="{COSMICS}\?size=l&amp;ws=Shift" aria-label="Previous workspace"', page)


def test_a_workspace_that_the_scope_lacks_is_named_and_all_folders_are_shown(client: FlaskClient) -> None:
    page = read(client, f"{COSMICS}?ws=L1T")
    assert "There is no workspace L1T for offline samples: all folders are shown" in words(page)
    assert f'href="{COSMICS}/Hcal?ws=L1T"' in page


def test_the_workspace_shift_shows_the_layouts_of_the_shift_and_leads_back_to_them(client: FlaskClient) -> None:
    for folder in ("", "/Hcal", "/00%20Shifty"):
        answer = client.get(f"{COSMICS}{folder}?ws=Shift&size=l", follow_redirects=False)
        assert (answer.status_code, answer.location) == (302, f"{COSMICS}/00%20Shift?size=l&ws=Shift")


def test_the_summary_has_the_subsystems_in_the_order_of_the_layout_with_their_maps_and_values(client: FlaskClient) -> None:
    page = read(client, f"{COSMICS}?ws=Summary")
    maps = re.findall(r'alt="Report summary map of ([^",]*)', page)
    assert maps[:2] == ["Hcal", "EcalBarrel"]
    assert "Without report summary in this sample: Castor" in words(page)
    assert re.search(r"\d\d\.\d %", words(page))


def test_the_reports_are_the_table_alone(client: FlaskClient) -> None:
    page = read(client, f"{COSMICS}?ws=Reports")
    assert "Report summary map" not in page
    assert "Subsystem Good Run Lumisection" in words(page)


def opened(client: FlaskClient, query: str) -> str:
    answer = client.get(f"/layouts/open?{query}", follow_redirects=False)
    assert answer.status_code == 302, answer.text
    return answer.location


def test_a_link_opens_the_layout_that_fits_the_runs_on_the_sample_that_it_names(client: FlaskClient) -> None:
    import_all(
        [layout("Tracking/pp", fits=Fits(("pp_run",))), layout("Tracking/cosmic", fits=Fits(("cosmic_run",))), layout("Tracking/any")]
    )
    where = "in=Tracking&run=367140&dataset=/Cosmics/Run2023C-Demo-v1/DQMIO"
    assert opened(client, f"key=pp_run&{where}") == f"{COSMICS}/Tracking/pp"
    assert opened(client, f"key=cosmic_run&beam=none&{where}") == f"{COSMICS}/Tracking/cosmic"
    assert opened(client, f"key=hi_run&{where}") == f"{COSMICS}/Tracking/any"
    assert opened(client, "key=hi_run&in=Tracking&run=367140") == f"{COSMICS}/Tracking/any"
    assert opened(client, "in=pixelphase1&dataset=/Cosmics/Run2023C-Demo-v1/DQMIO").endswith("?ws=PixelPhase1")


def test_several_layouts_that_fit_equally_are_listed(client: FlaskClient) -> None:
    page = client.get("/layouts/open?key=pp_run&in=00+Shift&run=367140").text
    assert links(page, "00 Shift/Pixel/Charge") == [f"{COSMICS}/00%20Shift/Pixel/Charge"]
    assert links(page, "00 Shift/Hcal/Occupancy")


@pytest.mark.parametrize(
    ("query", "status", "message"),
    [
        ("", 400, "names the layout by key= (type of runs), beam= or in= (folder or workspace)"),
        ("key=pp_run&run=x", 400, "A run is a whole number, not 'x'"),
        ("key=pp_run&run=7", 404, "There is no sample of run 7"),
        ("key=pp_run&in=nowhere", 404, "There is no layout or workspace in nowhere"),
        ("key=pp_run", 404, "There is no layout or workspace that is meant for some runs alone"),
        (
            "key=hi_run&beam=ions&in=T",
            404,
            "No layout or workspace in T is meant for the key hi_run and the beam ions. There are some for keys pp_run",
        ),
    ],
)
def test_a_link_that_opens_nothing_says_what_exists(client: FlaskClient, query: str, status: int, message: str) -> None:
    if query != "key=pp_run":
        import_all([layout("T/pp", fits=Fits(("pp_run",)))])
    answer = client.get(f"/layouts/open?{query}", headers={"Accept": "text/html"})
    assert answer.status_code == status
    assert message in words(answer.text)
