"""The newer front end of the legacy DQM GUI opens its workspaces with their quick collections on this API.

Its workspaces, and the layouts that they name, are those of its repository. Of each entry of a quick collection it asks for the
layouts with that name, and draws their plots.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

import numpy as np
import pytest
import uproot
from flask.testing import FlaskClient

from app.core.settings import Settings
from app.gui.files import register
from app.gui.files.entries import Entry
from app.gui.layouts.importing.bulk_import import import_all
from app.gui.layouts.layout import Layout
from app.gui.layouts.scopes import ONLINE_DATASET
from tests.gui.layouts.arrangements import real_layouts

RUN = 367200
SAMPLES = {"online": f"{RUN}{ONLINE_DATASET}", "offline": f"{RUN}/ZeroBias/Run2023C-Express-v1/DQMIO"}

DRAWN = {"online": "L1T/L1TStage2CaloLayer1/ecalOccRecdEtWgt", "offline": "PixelPhase1/deadRocTotal"}
"""An ME of a layout of a quick collection, which the file of the sample has."""


class QuickEntry(NamedTuple):
    """An entry of a quick collection."""

    scope: str
    workspace: str
    path: str

    @property
    def name(self) -> str:
        return self.path.rpartition("/")[2]


def workspaces(fixtures: Path, scope: str) -> list[dict[str, Any]]:
    value = json.loads((fixtures / "dqmgui" / "workspaces.json").read_text())
    return [workspace for tab in value["frontend"][scope] for workspace in tab["workspaces"]]


def quick_entries(fixtures: Path, scope: str) -> list[QuickEntry]:
    return [QuickEntry(scope, each["label"], path) for each in workspaces(fixtures, scope) for path in each["quickCollections"]]


@pytest.fixture(scope="module")
def quick_layouts(fixtures_dir: Path) -> list[Layout]:
    """The layouts with a name of a quick collection, the summary, and one folder of the shift."""
    names = {entry.name for scope in SAMPLES for entry in quick_entries(fixtures_dir, scope)}
    return [each for each in real_layouts(fixtures_dir) if each.name in names or each.path.startswith(("00 Shift/FED/", "Summary/"))]


@pytest.fixture
def layouts(hub: Settings, quick_layouts: list[Layout]) -> dict[tuple[str, str], Layout]:
    """These layouts, which are active, by scope and path."""
    import_all(quick_layouts)
    return {(scope, each.path): each for each in quick_layouts for scope in each.scopes}


@pytest.fixture
def samples(hub: Settings, tmp_path: Path) -> None:
    """A sample of each scope, with one ME."""
    folder = hub.data / "demo"
    folder.mkdir()
    for scope, me in DRAWN.items():
        subsystem, _, path = me.partition("/")
        with uproot.recreate(folder / f"{scope}.root") as file:
            file[f"DQMData/Run {RUN}/{subsystem}/Run summary/{path}"] = np.histogram([1.0, 2.0], 10, (0, 10))
        dataset = SAMPLES[scope].removeprefix(str(RUN))
        register.register([Entry(dataset, RUN, 0, str(folder / f"{scope}.root"), "tdirectory")])


def as_browser(address: str) -> str:
    """An address as a browser sends it: it encodes blanks, but not `+` and `&`, and leaves out what follows `#`."""
    return quote(address.partition("#")[0], safe="/?=&;+:,%-_.()'")


def get(client: FlaskClient, address: str) -> Any:
    answer = client.get(as_browser(address))
    assert answer.status_code == 200, (address, answer.text)
    return answer.json["data"]


@pytest.mark.parametrize(("scope", "entries", "of_layouts"), [("online", 379, 226), ("offline", 169, 121)])
def test_each_quick_collection_has_the_plots_of_its_layouts(
    client: FlaskClient, layouts: dict[tuple[str, str], Layout], fixtures_dir: Path, scope: str, entries: int, of_layouts: int
) -> None:
    quick = quick_entries(fixtures_dir, scope)
    found = {entry: layouts[scope, entry.path] for entry in quick if (scope, entry.path) in layouts}
    assert (len(quick), len(found)) == (entries, of_layouts)
    for entry, layout in found.items():
        data = get(client, f"/api/v1/layouts?name={entry.name}")
        destinations = [f"{layout.folder}/{cell.plot.rpartition('/')[2]}" for cell in layout.plots]
        expected = [{"source": cell.plot, "destination": place} for cell, place in zip(layout.plots, destinations, strict=True)]
        if "#" in entry.name:  # the front end cannot ask for these
            assert data == []
        else:
            assert any(data[at : at + len(expected)] == expected for at in range(len(data))), entry
    assert sum("#" in entry.name for entry in found) == {"online": 2, "offline": 1}[scope]


@pytest.mark.parametrize("scope", SAMPLES)
def test_each_workspace_lists_its_folders_and_draws_the_plots_of_its_layouts_or_names_them(
    client: FlaskClient, layouts: dict[tuple[str, str], Layout], samples: None, fixtures_dir: Path, scope: str
) -> None:
    sample, statuses = SAMPLES[scope], set()
    for workspace in workspaces(fixtures_dir, scope):
        for folder in workspace["foldersPath"] or []:
            get(client, f"/api/v1/archive/{sample}/{folder}")
        names = [path.rpartition("/")[2] for path in workspace["quickCollections"]]
        sources = [item["source"] for name in names for item in get(client, f"/api/v1/layouts?name={name}")]
        for source in {*sources[:1], *({DRAWN[scope]} & {*sources})}:  # all others would take a minute
            answer = client.get(as_browser(f"/api/v1/render/{sample}/{source}?stats=true;errors=false;norm=true;w=266;h=200"))
            assert (answer.status_code, answer.mimetype) == (200 if source == DRAWN[scope] else 404, "image/png"), source
            statuses.add(answer.status_code)
    assert statuses == {200, 404}


@pytest.mark.parametrize("scope", SAMPLES)
def test_the_summary_and_the_shift_are_folders_with_plots(
    client: FlaskClient, layouts: dict[tuple[str, str], Layout], samples: None, scope: str
) -> None:
    summary = get(client, f"/api/v1/archive/{SAMPLES[scope]}/Summary")
    assert [(item["layout"], item["name"]) for item in summary] == [("Summaries", "reportSummaryMap")] * 16
    shift = get(client, f"/api/v1/archive/{SAMPLES[scope]}/00 Shift/FED")
    assert {item["layout"] for item in shift} == {
        each.name for (of, _), each in layouts.items() if (of, each.folder) == (scope, "00 Shift/FED")
    }
