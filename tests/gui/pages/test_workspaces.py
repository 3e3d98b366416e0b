"""The menu of workspaces on the pages of a sample, and the pages of workspaces."""

from __future__ import annotations

import re
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.core.settings import Settings
from app.gui.layouts.importing.bulk_import import import_all
from app.gui.layouts.layout import FOR_ALL, Fits, Layout, PlotCell
from app.gui.layouts.models import Arrangement, ArrangementVersion
from app.gui.layouts.workspace import Workspace
from app.security import Role, accounts
from tests.gui.pages.pages import COSMICS, HTMX, read, words
from tests.security.conftest import HOME, PASSWORD, sign_in

SCOPES = ("offline",)
ZERO_BIAS = "/browse/367129/ZeroBias/Run2023C-Demo-v1/DQMIO"
BARREL = "PixelPhase1/Tracks/PXBarrel"
CHARGE, FAILING, SIZE = f"{BARREL}/charge_PXLayer_1", f"{BARREL}/charge_PXLayer_3", f"{BARREL}/size_PXLayer_1"


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
    page = read(client, f"{COSMICS}/00%20Shift?ws=Shift")
    assert f'href="{COSMICS}/00%20Shift/Pixel?ws=Shift"' in page
    assert "Plot charge_PXLayer_1" in read(client, f"{COSMICS}/00%20Shift/Pixel?ws=Shift")


@pytest.mark.parametrize(
    ("text", "is_there"),
    [
        ("{", False),
        ('{"path": "Quick/a", "scope": ["offline"], "rows": [["a"]]}', False),
        ('{"name": "Quick", "scope": ["offline"], "rank": "x", "kind": "none", "folders": 5, "match": "(", "quick": [5]}', True),
    ],
)
def test_a_stored_workspace_that_cannot_be_read_leaves_the_pages_of_its_scope(client: FlaskClient, text: str, is_there: bool) -> None:
    (quick,) = import_all([Workspace("Quick", SCOPES, quick=(CHARGE,))])
    ArrangementVersion.create(arrangement=quick.arrangement, number=2, at=2e9, user="ada", action="edit", document=text)
    Arrangement.update(active=2, newest=2).where(Arrangement.id == quick.arrangement).execute()
    menu = read(client, COSMICS)
    assert links(menu, "PixelPhase1") == [f"{COSMICS}?ws=PixelPhase1"]
    assert links(menu, "Quick") == [f"{COSMICS}?ws=Quick"] * is_there
    assert links(menu, "") == []
    assert ("There is no workspace Quick" in words(read(client, f"{COSMICS}?ws=Quick"))) is not is_there
    assert f'href="{COSMICS}/PixelPhase1?ws=PixelPhase1"' in read(client, f"{COSMICS}?ws=PixelPhase1")
    assert opened(client, "in=PixelPhase1&run=367140").endswith("?ws=PixelPhase1")
    assert "Quick" in client.get("/layouts/workspaces?scope=offline").text


def tiles(page: str) -> list[str]:
    """The names of the entries of the quick collection that are shown, in order."""
    quick = page.partition('id="quick-title"')[2].partition('id="folders-title"')[0]
    return [unescape(re.sub("<[^>]*>", "", name)) for name in re.findall(r'<h3>.*?<bdi class="name">(.*?)</bdi>', quick, re.DOTALL)]


def test_a_workspace_shows_its_quick_collection_first_in_order_and_names_what_is_missing(client: FlaskClient) -> None:
    rows = ((PlotCell(CHARGE), None), (PlotCell("Gone/a"), PlotCell(SIZE)))
    import_all([Layout("PixelPhase1/Layouts/00 - Charge", SCOPES, rows), layout("PixelPhase1/Layouts/01 - Gone", "Gone/a", "Gone/b")])
    names = ("02 - Charge", "00 - Charge", "01 - Gone")
    quick = (*(f"PixelPhase1/Layouts/{name}" for name in names), FAILING, "no/such/plot")
    import_all([Workspace("Quick", SCOPES, folders=("PixelPhase1", "Pixel2"), quick=quick)])
    page = read(client, f"{COSMICS}?ws=Quick&size=s")
    assert "Quick collection: 5 entries" in words(page)
    assert tiles(page) == ["00 - Charge", "charge_PXLayer_3"]
    assert page.count('<li class="gap"') == 1
    absent = words(page.partition('class="absent-entries"')[2].partition("</details>")[0])
    assert "3 of 5 not in this sample" in absent
    assert "PixelPhase1/Layouts/02 - Charge no such layout or plot, but PixelPhase1/Layouts/00 - Charge" in absent
    assert links(page, "PixelPhase1/Layouts/01 - Gone") == [f"{COSMICS}/PixelPhase1/Layouts/01%20-%20Gone?size=s&ws=Quick"]
    assert re.findall(r'<li value="(\d)">', page) == ["1", "3", "5"]
    assert page.index("quick-title") < page.index("folders-title")
    assert f'href="{COSMICS}/PixelPhase1?size=s&amp;ws=Quick"' in page
    assert "Not in this sample: Pixel2" in words(page)
    assert "Quick" in client.get(next(each for each in links(page, "History") if each.startswith("/layouts"))).text
    failing = read(client, f"{COSMICS}?ws=Quick&only=failing")
    assert tiles(failing) == ["charge_PXLayer_3"]
    assert tiles(read(client, f"{COSMICS}?ws=Quick&first=failing")) == ["charge_PXLayer_3", "00 - Charge"]


def test_experts_of_the_subsystem_are_offered_to_edit_a_workspace_and_others_its_history(app: Flask, client: FlaskClient) -> None:
    import_all([Workspace("Ecal", SCOPES, folders=("EcalBarrel",))])
    accounts.add("ada", Role.EXPERT, PASSWORD, "PixelPhase1")
    ada = app.test_client()
    ada.environ_base["HTTP_ORIGIN"] = HOME
    sign_in(ada, "ada")
    shown = [links(read(each, f"{COSMICS}?ws={name}"), "Edit, history") for each in (ada, client) for name in ("PixelPhase1", "Ecal")]
    assert [len(each) for each in shown] == [1, 0, 0, 0]


def test_only_with_reference_shows_the_entries_and_plots_that_are_drawn_with_one(client: FlaskClient) -> None:
    """References that do not exist, or that a layout does not have, are none."""
    without = Layout("PixelPhase1/Layouts/01 - Alone", SCOPES, ((PlotCell(SIZE, reference="no"),),))
    quick = ("PixelPhase1/Layouts/00 - Charge", "PixelPhase1/Layouts/01 - Alone", FAILING)
    import_all([layout("PixelPhase1/Layouts/00 - Charge"), without, Workspace("Quick", SCOPES, match=f"^{SIZE}$", quick=quick)])
    read(client, ZERO_BIAS)  # so its list has been read
    there, nowhere = "ref=367129/ZeroBias/Run2023C-Demo-v1/DQMIO", "ref=1/No/Such/Sample"
    page = read(client, f"{COSMICS}?ws=Quick&only=reference&{there}")
    assert tiles(page) == ["00 - Charge", "charge_PXLayer_3"]
    assert "Plot size_PXLayer_1" in page.partition('id="folders-title"')[2]
    for query in ("", f"&{nowhere}"):
        page = read(client, f"{COSMICS}?ws=Quick&only=reference{query}")
        assert "No entry of the quick collection has a reference" in words(page)
        assert "Plot " not in page


def choices(page: str) -> list[str]:
    """The titles of the links that choose what is shown, with a star at that of the page."""
    found = re.search(r'<nav class="sizes[^"]*" aria-label="Plots to show">(.*?)</nav>', page, re.DOTALL)
    links = re.findall("<a ([^>]*)>(.*?)</a>", found[1] if found else "", re.DOTALL)
    return [title + "*" * ("aria-current" in attributes) for attributes, title in links]


def test_a_workspace_has_the_same_choice_of_plots_as_a_folder_also_if_no_entry_fails(client: FlaskClient) -> None:
    import_all([Workspace("Quick", SCOPES, folders=("PixelPhase1", "Info"), quick=(CHARGE,)), Workspace("None", SCOPES, folders=("Info",))])
    assert choices(read(client, f"{COSMICS}?ws=Quick")) == ["All*", "Failing"]
    assert choices(read(client, f"{COSMICS}?ws=PixelPhase1&only=failing")) == ["All", "Failing*"]
    assert choices(read(client, f"{COSMICS}?ws=Quick&only=reference&ref=367129")) == ["All", "Failing", "With reference*"]
    page = read(client, f"{COSMICS}?ws=Quick&only=failing")
    assert "No entry of the quick collection fails" in words(page)
    assert f'href="{COSMICS}/PixelPhase1?ws=Quick&amp;only=failing"' in page
    assert f'href="{COSMICS}/Info?' not in page
    assert "No folders of None fail" in words(read(client, f"{COSMICS}?ws=None&only=failing"))


def test_a_plot_has_one_address_whether_a_quick_collection_its_layout_or_its_folder_shows_it(client: FlaskClient) -> None:
    import_all([layout("PixelPhase1/Layouts/Charge"), Workspace("Quick", SCOPES, quick=("PixelPhase1/Layouts/Charge", CHARGE))])
    addresses = [
        set(re.findall(r'src="([^"]*charge_PXLayer_1[^"]*)"', read(client, f"{COSMICS}{place}"))) for place in ("?ws=Quick", f"/{BARREL}")
    ]
    assert len(addresses[0]) == 1
    assert addresses[0] == addresses[1]


def test_a_workspace_of_a_regular_expression_has_the_folders_and_plots_that_match(client: FlaskClient) -> None:
    import_all([Workspace("Match", SCOPES, match=f"^(Hcal/|{CHARGE}$)")])
    page = read(client, f"{COSMICS}?ws=Match")
    assert f'href="{COSMICS}/Hcal?ws=Match"' in page
    assert f'href="{COSMICS}/PixelPhase1?ws=Match"' not in page
    assert "Plot charge_PXLayer_1" in page


def test_a_workspace_without_folders_has_its_quick_collection_alone_and_one_of_all_folders_is_the_top_folder(client: FlaskClient) -> None:
    import_all([Workspace("Alignment", SCOPES, folders=None, quick=(CHARGE,)), Workspace("Everything", SCOPES)])
    alone = read(client, f"{COSMICS}?ws=Alignment")
    assert tiles(alone) == ["charge_PXLayer_1"]
    assert 'class="folders"' not in alone
    everything, top = (read(client, f"{COSMICS}{query}") for query in ("?ws=Everything", ""))
    assert len(re.findall('class="folder ', everything)) == len(re.findall('class="folder ', top)) > 5


def test_the_page_of_a_workspace_comes_back_when_a_search_is_cleared(client: FlaskClient) -> None:
    import_all([Workspace("Quick", SCOPES, folders=("PixelPhase1",), quick=(CHARGE, "no/such/plot"))])
    for name, text in (("Quick", "Quick collection: 2 entries"), ("Summary", "Report summary"), ("Reports", "Report summary")):
        fragment = read(client, f"{COSMICS}?ws={name}&q=", **HTMX)
        assert "<html" not in fragment
        assert text in words(fragment)


def test_an_entry_of_a_quick_collection_and_a_search_keep_the_workspace(client: FlaskClient) -> None:
    import_all([Workspace("Quick", SCOPES, quick=(CHARGE,))])
    page = read(client, f"{COSMICS}?ws=Quick")
    assert f"{COSMICS}/{BARREL}?plot={CHARGE.replace('/', '%2F')}&amp;ws=Quick" in page
    found = read(client, f"{COSMICS}?q=charge_PXLayer_1&ws=Quick")
    assert "quick-title" not in found
    assert "ws=Quick" in found


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
    assert opened(client, f"in=tracking/PP/&{where.partition('&')[2]}") == f"{COSMICS}/Tracking/pp"
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
        ("key=pp_run&run=0", 404, "There is no sample of run 0"),
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
