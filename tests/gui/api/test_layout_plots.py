"""Folders in the API have the plots of layouts as the legacy DQM GUI lists them, and layouts are found by their names."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask.testing import FlaskClient

from app.core.settings import Settings
from app.gui.layouts.editing.store import Saved, activate, remove, save
from app.gui.layouts.importing.bulk_import import import_all
from app.gui.layouts.layout import Layout, PlotCell
from app.gui.layouts.scopes import SCOPES
from app.gui.layouts.showing.plot_names import NameSearch, PlotNames

DATASET = "/ZeroBias/Run2023C-Demo-v1/DQMIO"
SAMPLE = f"367129{DATASET}"
MAP = "PixelPhase1/EventInfo/reportSummaryMap"
TIMING = "EcalBarrel/EBTimingTask"

DESCRIPTION = 'See <a href="https://cms.cern">this</a> & "that"'
DRAW = (("withref", "no"), ("drawopts", "COLZ"), ("ymin", "0"), ("xtype", "log"))
GRID = Layout(
    "Pixel/Layouts/01 - Summary",
    ("online", "offline"),
    ((PlotCell(MAP, DESCRIPTION, DRAW, overlay=(f"{TIMING}/x",)), None), (PlotCell("Pixel/none"), PlotCell("PixelPhase1/none"))),
)
IN_AN_ME_FOLDER = Layout("PixelPhase1/EventInfo/Map", ("offline",), ((PlotCell(MAP),),))
DEEPER = Layout("PixelPhase1/EventInfo/More/Map", ("offline",), ((PlotCell(MAP), PlotCell("A/trend")),))
EVERYWHERE = Layout("01 - Summary", SCOPES, ((PlotCell(MAP),),))
ONLINE = Layout("Pixel/Layouts/Online", ("online",), ((PlotCell(MAP),),))
RELVAL = Layout("Other/01 - Summary", ("relval",), ((PlotCell("A/trend"),),))


@pytest.fixture
def hub(hub: Settings) -> Settings:
    """A hub with the layouts above."""
    import_all([GRID, IN_AN_ME_FOLDER, DEEPER, EVERYWHERE, ONLINE, RELVAL])
    return hub


def content(client: FlaskClient, folder: str = "", search: str = "", sample: str = SAMPLE) -> list[dict[str, Any]]:
    answer = client.get(f"/api/v1/archive/{sample}/{folder}", query_string={"search": search} if search else {})
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json["data"]
    assert client.get(f"/data/json/archive/{sample}/{folder}", query_string={"search": search}).json["contents"] == found
    return found


def counts(found: list[dict[str, Any]]) -> dict[str, int]:
    return {item["subdir"]: item["me_count"] for item in found if "subdir" in item}


def plots(found: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """Layout and ME of each plot of a layout."""
    return [(item["layout"], item["path"]) for item in found if item.get("layout") is not None]


def test_a_plot_of_a_layout_has_the_fields_of_the_legacy_gui_with_the_tests_of_its_me(client: FlaskClient) -> None:
    statuses = next(item["qtstatuses"] for item in content(client, "PixelPhase1/EventInfo") if item.get("path") == MAP)
    assert statuses
    absent = {"layout": "01 - Summary", "draw": {}, "overlays": [], "description": "", "qtstatuses": []}
    assert content(client, "Pixel/Layouts") == [
        {
            "name": "reportSummaryMap",
            "path": MAP,
            "layout": "01 - Summary",
            "draw": {"xtype": "log", "ymin": "0", "drawopts": "COLZ"},
            "overlays": [f"{TIMING}/x"],
            "description": DESCRIPTION,
            "qtstatuses": statuses,
        },
        {"name": "none", "path": "Pixel/none", **absent},
        {"name": "none", "path": "PixelPhase1/none", **absent},
    ]


def test_folders_count_the_plots_of_layouts_with_the_mes_below_them(client: FlaskClient) -> None:
    top = content(client)
    assert list(counts(top)) == sorted(counts(top))
    assert (counts(top)["Pixel"], plots(top)) == (3, [("01 - Summary", MAP)])
    info = content(client, "PixelPhase1/EventInfo")
    assert (counts(info), plots(info)) == ({"More": 2, "reportSummaryContents": 2}, [("Map", MAP)])
    below = content(client, "PixelPhase1")
    assert counts(top)["PixelPhase1"] == sum(item.get("me_count", 1) for item in below)
    assert counts(below)["EventInfo"] == sum(item.get("me_count", 1) for item in info)


def test_a_sample_has_the_layouts_of_its_scope(client: FlaskClient) -> None:
    relval = content(client, "Other", sample="1/RelValTTbar_14TeV/CMSSW_14_0_0-140X_mcRun3_v1/DQMIO")
    assert plots(relval) == [("01 - Summary", "A/trend")]
    assert content(client, "Other") == []


@pytest.mark.parametrize("folder", ["Pixel/Layouts/01 - Summary", "Pixel/Layouts/Online", "Pixel/None"])
def test_the_path_of_a_layout_is_an_empty_list_as_in_the_legacy_gui(client: FlaskClient, folder: str) -> None:
    assert content(client, folder) == []


def test_a_search_finds_plots_by_the_name_of_their_me_and_by_that_of_their_layout(client: FlaskClient) -> None:
    assert counts(content(client, search="^01 - summary$")) == {"Pixel": 3}
    assert plots(content(client, search="^01 - summary$")) == [("01 - Summary", MAP)]
    assert counts(content(client, search="^none$")) == {"Pixel": 2}
    assert plots(content(client, "Pixel/Layouts", "^none$")) == [("01 - Summary", path) for path in ("Pixel/none", "PixelPhase1/none")]
    assert counts(content(client, "PixelPhase1/EventInfo", "trend$")) == {"More": 1}
    assert plots(content(client, "PixelPhase1/EventInfo", "trend$")) == []
    assert counts(content(client, "PixelPhase1/EventInfo", "^map$")) == {"More": 2}


@pytest.mark.parametrize("search", ["O", "summary", "^none$", r"\A01", "trend|map", "[^a]p", "x*", "nowhere", " - "])
def test_the_matches_of_many_plots_are_counted_as_each_alone_matches(search: str) -> None:
    layouts = [(cell.plot, layout.path) for layout in (GRID, DEEPER, RELVAL) for cell in layout.plots]
    names = [tuple(path.encode().rpartition(b"/")[2] for path in paths) for paths in layouts]
    marks = PlotNames(names).marks(NameSearch(search))
    assert list(marks) == [any(re.search(search, name.decode(), re.IGNORECASE) is not None for name in each) for each in names]


def test_what_is_activated_and_removed_is_in_the_next_answer(client: FlaskClient) -> None:
    before = content(client, "Pixel/Layouts")
    saved: Saved = save(Layout("Pixel/Layouts/00", ("offline",), ((PlotCell(MAP),),)))
    assert content(client, "Pixel/Layouts") == before
    activate(saved.arrangement, saved.number)
    assert plots(content(client, "Pixel/Layouts")) == [("00", MAP), *plots(before)]
    changed = save(Layout("Pixel/Layouts/00", ("offline",), ((PlotCell(TIMING),),)), arrangement=saved.arrangement, based_on=1)
    activate(saved.arrangement, changed.number)
    assert plots(content(client, "Pixel/Layouts"))[0] == ("00", TIMING)
    remove(saved.arrangement, changed.number)
    assert content(client, "Pixel/Layouts") == before


def named(client: FlaskClient, query: str) -> list[tuple[str, str]]:
    answer = client.get(f"/api/v1/layouts?{query}")
    assert answer.status_code == 200, answer.text
    return [(item["source"], item["destination"]) for item in answer.json["data"]]


def test_layouts_are_found_by_name_in_all_scopes_and_each_once(client: FlaskClient) -> None:
    assert named(client, "name=01%20-%20Summary") == [
        (MAP, "reportSummaryMap"),
        (MAP, "Pixel/Layouts/reportSummaryMap"),
        ("Pixel/none", "Pixel/Layouts/none"),
        ("PixelPhase1/none", "Pixel/Layouts/none"),
        ("A/trend", "Other/trend"),
    ]
    assert named(client, "name=Map&notOlderThan=1700000000") == [
        (MAP, "PixelPhase1/EventInfo/reportSummaryMap"),
        (MAP, "PixelPhase1/EventInfo/More/reportSummaryMap"),
        ("A/trend", "PixelPhase1/EventInfo/More/trend"),
    ]
    assert named(client, "name=ayouts") == named(client, "name=") == named(client, "") == []


@pytest.mark.parametrize("path", ["Pixel/Layouts/01 - Summary", "Layouts/01 - Summary"])
def test_more_of_the_path_finds_one_of_several_layouts_of_a_name(client: FlaskClient, path: str) -> None:
    assert named(client, f"name={path}".replace(" ", "%20")) == [
        (cell.plot, f"Pixel/Layouts/{cell.plot.split('/')[-1]}") for cell in GRID.plots
    ]


@pytest.mark.parametrize(
    ("name", "query"),
    [
        ("GE+1 b", "GE+1%20b"),
        ("GE+1 b", "GE%2B1+b"),
        ("a & b; c", "a%20&%20b;%20c"),
        ("a & b; c", "a%20%26%20b%3B%20c"),
        ("a & b; c", "a+%26+b%3B+c&notOlderThan=1700000000"),
    ],
)
def test_a_name_is_found_as_browsers_and_as_scripts_encode_it(client: FlaskClient, name: str, query: str) -> None:
    import_all([Layout(f"A/{name}", ("online",), ((PlotCell(MAP),),))])
    assert named(client, f"name={query}") == [(MAP, "A/reportSummaryMap")]
