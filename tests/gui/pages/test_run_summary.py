"""The summary of a run: report summaries, failing tests and age of the data of all subsystems, worst first."""

from __future__ import annotations

import html
import re
import time
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import uproot
from flask.testing import FlaskClient
from uproot.writing.identify import add_to_directory

from app.core.settings import Settings
from app.gui.files.entries import ONLINE_DATASET, Entry
from app.gui.files.register import register
from app.gui.layouts.importing.bulk_import import import_all
from app.gui.layouts.workspace import Workspace
from app.gui.pages.wall.subsystems import context
from tests.gui.pages.pages import HTMX, MUON, ZERO_BIAS, read, words
from tests.gui.pages.test_workspaces import links
from tests.support.queries import queries

OFFLINE = "/A/Report/DQMIO"

SUBSYSTEMS: Mapping[str, Mapping[str, str]] = {
    "CSC": {"reportSummary": "f=0.99"},
    "Castor": {"reportSummary": "f=-1"},
    "DT": {"reportSummary": "f=0.2"},
    "Ecal": {"reportSummary": "f=0.9"},
    "Hcal": {"reportSummary": "f=0.9", "reportSummary.test": "qr=st:300:0:X:too few"},
    "L1T": {"other": "f=1", "other.test": "qr=st:200:0:X:too few"},
    "Tracking": {"other": "f=1", "other.test": "qr=st:300:0:X:too few"},
    "RPC": {"reportSummary": "f=0.97"},
}
"""What each has in `EventInfo`."""

WORST_FIRST = ["DT", "Hcal", "Ecal", "RPC", "CSC", "Castor"]
"""Lowest report summary first, and of equal ones that with failing tests; the one without DAQ is last."""


def write_summaries(path: Path, run: int, subsystems: Mapping[str, Mapping[str, str]]) -> None:
    """A legacy file with these values, and with a report summary map of each subsystem but two."""
    with uproot.recreate(path) as file:
        for subsystem, values in subsystems.items():
            folder = file.mkdir(f"DQMData/Run {run}/{subsystem}/Run summary/EventInfo")
            for name, value in values.items():
                add_to_directory(f"<{name}>{value}</{name}>", f"<{name}>{value}</{name}>", folder, [])
            if subsystem not in ("Castor", "L1T", "Tracking"):
                folder["reportSummaryMap"] = np.histogram2d([0.5], [0.5], 2)


def process(lumi: int, age_s: float) -> dict[str, str]:
    """What the process of a subsystem writes that has this report summary and had its last event so long ago."""
    return {"reportSummary": "f=0.99", "iRun": "i=7", "iLumiSection": f"i={lumi}", "processTimeStamp": f"f={time.time() - age_s:.3f}"}


@pytest.fixture
def reported(hub: Settings) -> str:
    """The address of the summary of a run with SUBSYSTEMS."""
    path = hub.data / "demo" / "report.root"
    path.parent.mkdir(exist_ok=True)
    write_summaries(path, 500, SUBSYSTEMS)
    register([Entry(OFFLINE, 500, 0, str(path), "tdirectory")])
    return "/runs/500/summary"


def order(page: str) -> list[str]:
    """The subsystems of the maps, then those of the table."""
    maps = re.findall(r'<span class="tilehead"><bdi class="name">(.*?)</bdi>', page)
    assert maps == re.findall(r'<th scope="row"><a [^>]*><bdi>(.*?)</bdi>', page)
    return maps


def test_the_summary_of_a_run_has_the_worst_subsystem_first_with_map_value_and_failing_tests(client: FlaskClient, reported: str) -> None:
    page = read(client, reported)
    assert order(page) == WORST_FIRST
    maps = re.findall(r'<img class="plot" src="([^"]*)"', page)
    assert len(maps) == len(WORST_FIRST) - 1
    assert client.get(html.unescape(maps[0])).mimetype == "image/png"
    assert "DT 20.0 %" in words(page)
    assert "Castor no map no DAQ" in words(page)
    assert "Hcal 90.0 % 1 error" in words(page)
    assert links(page, "1 error")[0] == f"/browse/500{OFFLINE}/Hcal?failing=1"
    assert "Failing tests of subsystems without report summary Tracking 1 error L1T 1 warning" in words(page)
    assert "hx-get" not in page, "nothing changes, so nothing is polled"


def test_errors_come_before_all_that_is_right_on_the_page_as_on_a_wall(hub: Settings, client: FlaskClient) -> None:
    path = hub.data / "demo" / "live.root"
    path.parent.mkdir(exist_ok=True)
    error = {"reportSummary.test": "qr=st:300:0:X:too few"}
    values = {
        "Doubt": {"reportSummary": "f=0.94"},
        "FineButErr": {"reportSummary": "f=0.999"} | error,
        "Right": {"reportSummary": "f=0.97"},
    }
    write_summaries(path, 7, values)
    register([Entry(ONLINE_DATASET, 0, 0, str(path), "tdirectory")])
    assert order(read(client, "/runs/0/summary")) == ["FineButErr", "Doubt", "Right"]
    with client.application.app_context():
        states = context({"dataset": ONLINE_DATASET, "subsystems": "", "old_s": 300})["states"]
    assert [state.name for state in states] == ["FineButErr", "Doubt", "Right"]


def test_subsystems_without_a_report_summary_come_first_and_a_run_that_ended_has_the_time_of_its_file(
    client: FlaskClient, reported: str
) -> None:
    page = words(read(client, reported))
    assert page.index("L1T 1 warning") < page.index("DT 20.0 %")
    assert "File written 20" in page


def test_without_an_ongoing_run_the_summary_says_so(client: FlaskClient) -> None:
    assert "No run is ongoing" in words(read(client, "/runs/0/summary", 404))


def test_a_subsystem_leads_to_its_workspace(client: FlaskClient, reported: str) -> None:
    import_all([Workspace("HCAL", ("offline",), folders=("Hcal",))])
    page = read(client, reported)
    assert links(page, "Workspace HCAL") == [f"/browse/500{OFFLINE}?ws=HCAL"]
    assert links(page, "Folder DT") == [f"/browse/500{OFFLINE}/DT"]


def test_the_summary_of_a_run_takes_as_many_queries_for_thirty_subsystems_as_for_one(hub: Settings, client: FlaskClient) -> None:
    counts = []
    for run, number in ((501, 1), (502, 30)):
        path = hub.data / "demo" / f"{run}.root"
        path.parent.mkdir(exist_ok=True)
        write_summaries(path, run, {f"S{each}": SUBSYSTEMS["DT"] for each in range(number)})
        register([Entry(OFFLINE, run, 0, str(path), "tdirectory")])
        assert len(order(read(client, f"/runs/{run}/summary"))) == number
        counts.append(len(queries(partial(read, client, f"/runs/{run}/summary"))))
    assert counts[0] == counts[1]


def test_the_datasets_of_a_run_are_a_choice(client: FlaskClient) -> None:
    page = read(client, "/runs/367129/summary")
    assert f"{MUON}</a>" in page
    other = read(client, f"/runs/367129/summary?dataset={ZERO_BIAS}")
    assert f'aria-current="true">{ZERO_BIAS}</a>' in other
    assert "Run 367129 has no dataset /A/B/C; it has /Muon/" in words(read(client, "/runs/367129/summary?dataset=/A/B/C", 404))
    assert "No dataset of run 5 is registered" in words(read(client, "/runs/5/summary", 404))
    assert 'href="/runs/367129/summary?dataset=' in read(client, f"/browse/367129{ZERO_BIAS}")


def test_a_file_that_cannot_be_read_leaves_the_choice_of_other_datasets(client: FlaskClient, reported: str) -> None:
    register([Entry("/A/Missing/DQMIO", 500, 0, "/nowhere/missing.root", "tdirectory")])
    page = words(read(client, f"{reported}?dataset=/A/Missing/DQMIO"))
    assert "The report summaries cannot be shown: missing.root is in none of the folders that may be read" in page
    assert OFFLINE in page


def test_the_summary_of_the_ongoing_run_says_how_old_each_subsystem_is_and_is_polled(hub: Settings, client: FlaskClient) -> None:
    path = hub.data / "demo" / "live.root"
    path.parent.mkdir(exist_ok=True)
    write_summaries(path, 7, {"CSC": process(40, 2.0), "DT": process(30, 200.0), "Ecal": process(40, 2.0), "RPC": process(9, 4000.0)})
    register([Entry(ONLINE_DATASET, 0, 0, str(path), "tdirectory")])
    page = read(client, "/runs/0/summary")
    assert order(page)[:2] == ["RPC", "DT"], "a subsystem that stalled or is behind comes before those that are current"
    assert re.search(r"RPC 99.0 % updated \d+ \w+ ago, LS 9 stalled", words(page))
    poll = re.search(r'id="live" data-poll\s+hx-get="([^"]*)"', page)
    assert poll
    assert poll[1].startswith("/runs/0/summary?")
    assert client.get(html.unescape(poll[1]), headers=HTMX).status_code == 204
    write_summaries(path, 7, {"CSC": process(41, 1.0)})
    assert order(read(client, "/runs/0/summary")) == ["CSC"]
    assert client.get(html.unescape(poll[1]), headers=HTMX).status_code == 200
