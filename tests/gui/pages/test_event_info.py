"""The run information of a sample, and the times since subsystems of an ongoing run were updated."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import lru_cache
from html import unescape
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from app import create_app
from app.core.settings import Settings
from app.gui.event_info import BEHIND_LUMIS, BEHIND_S, STALLED_S, ProcessState, compare
from app.gui.files.entries import ONLINE_DATASET, Entry
from app.gui.files.register import register
from app.gui.layouts.importing.bulk_import import import_all
from app.gui.layouts.layout import Layout, PlotCell
from app.gui.pages.run_info import readable_fact
from tests.support.patience import PATIENCE_S
from tests.wall.walls import show

pytestmark = pytest.mark.slow

FILE_OF_CMSSW = {
    "iRun": "i=367129",
    "iLumiSection": "i=42",
    "iEvent": "i=123456789",
    "eventTimeStamp": "f=1683723900.5",
    "runStartTimeStamp": "f=1683723600.25",
    "processTimeStamp": "f=1683723912",
    "processLatency": "f=0.23456789",
    "processedEvents": "i=8400",
    "processEventRate": "f=-1",
    "processUpdates": "i=-1",
    "processID": "i=4711",
    "processStartTimeStamp": "f=1683723540",
    "hostName": "s=dqmfu-c2b03-45-01.cms",
    "processName": "s=Info",
    "workingDir": "s=/dqmdata/a <b> & c",
    "CMSSW_Version": "s=CMSSW_13_0_10",
    "eventSelection": "s=" + "'HLT_Random_v*', " * 40,
    "reportSummary": "f=0.97619047619047616",
}
"""What DQMEventInfo of CMSSW writes into the folder, with the type of each value."""


DAY_S = 86400


WRITE = """
import json, sys, ROOT
for line in sys.stdin:
    path, folders = json.loads(line)
    file = ROOT.TFile(path, "RECREATE")
    for folder, values in folders.items():
        place = file.mkdir(folder, "", True)
        for name, value in values.items():
            place.WriteTObject(ROOT.TObjString(f"<{name}>{value}</{name}>"))
    file.Close()
    print("written", flush=True)
"""


@lru_cache
def root() -> subprocess.Popen[str]:
    """ROOT in a process of its own, which writes all files of these tests: its start takes longer than each of them."""
    command = [sys.executable, "-W", "ignore", "-c", WRITE]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)


@pytest.fixture(scope="module", autouse=True)
def end_of_root() -> Iterator[None]:
    """End ROOT after these tests."""
    yield
    if root.cache_info().currsize:
        root().communicate(timeout=PATIENCE_S)
        root.cache_clear()


def write_file(path: Path, run: int, folders: Mapping[str, Mapping[str, str]]) -> None:
    """A legacy file with numbers and texts: `f=` and a real, `i=` and a whole number, `s=` and a text, by folder and name."""
    placed = {f"DQMData/Run {run}/{folder.replace('/', '/Run summary/', 1)}": values for folder, values in folders.items()}
    process = root()
    assert process.stdin
    assert process.stdout
    print(json.dumps([str(path), placed]), file=process.stdin, flush=True)
    assert process.stdout.readline() == "written\n"


def client_with(hub: Settings, folder: Path, run: int, folders: Mapping[str, Mapping[str, str]], dataset: str = "/A/B/C") -> FlaskClient:
    """A client of a hub with such a file."""
    write_file(folder / "file.root", run, folders)
    register([Entry(dataset, run, 0, str(folder / "file.root"), "tdirectory")])
    return create_app(hub.replace(file_roots=(str(folder),))).test_client()


def read(client: FlaskClient, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, answer.text
    return answer.text


def panel(page: str) -> dict[str, tuple[str, str]]:
    """Text and address of each value in the panel, by its label."""
    found = re.search(r'<details class="runinfo".*?</details>', page, re.S)
    facts = re.findall(r'<dt>(.*?)</dt><dd><a href="(.*?)"[^>]*>(.*?)</a>', found[0], re.S) if found else []
    return {label: (unescape(re.sub("<[^>]*>", "", value)), unescape(address)) for label, address, value in facts}


def test_the_run_information_has_every_value_that_cmssw_writes_and_each_leads_to_its_me(hub: Settings, tmp_path: Path) -> None:
    client = client_with(hub, tmp_path, 367129, {"Info/EventInfo": FILE_OF_CMSSW})
    facts = panel(read(client, "/browse/367129/A/B/C/Info"))
    assert {label: text for label, (text, _) in facts.items() if label != "Event selection"} == {
        "Run": "367129",
        "Lumisection": "42",
        "Event": "123,456,789",
        "Start of the run": "2023-05-10 15:00:00 CEST",
        "Time of the last event": "2023-05-10 15:05:00 CEST",
        "Last event processed": "2023-05-10 15:05:12 CEST",
        "Time since the event before": "0.2346 s",
        "Processed events": "8,400",
        "Rate": "none yet",
        "Report summary": "97.62 %",
        "Release": "CMSSW_13_0_10",
        "Process": "Info",
        "Process ID": "4711",
        "Start of the process": "2023-05-10 14:59:00 CEST",
        "Host": "dqmfu-c2b03-45-01.cms",
        "Working directory": "/dqmdata/a <b> & c",
    }
    assert facts["Event selection"][0].endswith(" …")
    names = set()
    for _, address in facts.values():
        page = read(client, address)
        names.add(re.findall(r'id="plot-title"><bdi>(.*?)</bdi>', page)[0])
    assert names == FILE_OF_CMSSW.keys() - {"processUpdates"}


def test_the_times_of_the_run_information_are_in_the_zone_of_the_address(hub: Settings, tmp_path: Path) -> None:
    client = client_with(hub, tmp_path, 367129, {"Info/EventInfo": FILE_OF_CMSSW})
    page = read(client, "/browse/367129/A/B/C?tz=utc")
    assert panel(page)["Start of the run"][0] == "2023-05-10 13:00:00 UTC"
    assert "/browse/367129/A/B/C/Info?tz=utc" in page, "folders keep the zone"
    assert "data-local>2023-05-10 15:00:00 CEST</time>" in read(client, "/browse/367129/A/B/C?tz=local")
    assert "none of cern, utc, local" in unescape(client.get("/browse/367129/A/B/C?tz=mars").text)


@pytest.mark.parametrize(
    ("folders", "source"),
    [
        ({"HLT/EventInfo": {"iRun": "i=7"}, "CSC/EventInfo": {"iRun": "i=8"}}, "HLT/EventInfo"),
        ({"RPC/EventInfo": {"iRun": "i=7"}, "CSC/Other": {"iRun": "i=8"}}, "RPC/EventInfo"),
        ({"Info/EventInfo": {"note": "s=x"}, "RPC/EventInfo": {"iRun": "i=7"}}, "RPC/EventInfo"),
        ({"CSC/Other": {"iRun": "i=7"}, "CSC/EventInfo/deep": {"iRun": "i=8"}, "EventInfo/x": {"iRun": "i=7"}}, ""),
    ],
)
def test_the_run_information_is_that_of_another_subsystem_where_info_has_none(
    hub: Settings, tmp_path: Path, folders: dict[str, dict[str, str]], source: str
) -> None:
    page = read(client_with(hub, tmp_path, 7, folders), "/browse/7/A/B/C")
    assert panel(page).get("Run", ("", ""))[0] == ("7" if source else "")
    assert (f'From <a href="/browse/7/A/B/C/{source}"><bdi>{source}</bdi>' in page) == bool(source)


@pytest.mark.parametrize("text", ["nan", "inf", "-inf", "1e308", "-5", "0", "x", "", "1_0", "²", "9" * 400])
def test_any_value_of_the_run_information_is_shown(text: str) -> None:
    for name in ("iEvent", "processTimeStamp", "reportSummary", "processLatency", "hostName"):
        assert readable_fact(name, text, "cern")


def test_the_number_of_an_event_has_all_its_digits() -> None:
    """CMS numbers events with 64 bits; a float has 53."""
    assert readable_fact("iEvent", "9223372036854775807", "utc") == "9,223,372,036,854,775,807"


def test_a_time_before_the_first_event_is_no_date_of_1970() -> None:
    assert {readable_fact("eventTimeStamp", text, "cern") for text in ("0", "-1", "-1.5")} == {"none yet"}


def test_release_and_global_tag_are_those_of_the_provenance_where_the_process_has_none(hub: Settings, tmp_path: Path) -> None:
    provenance = {"CMSSW": "s=CMSSW_13_0_7", "Globaltag": "s=130X_dataRun3_Prompt_v3"}
    client = client_with(hub, tmp_path, 7, {"Info/EventInfo": {"iRun": "i=7"}, "Info/ProvInfo": provenance})
    facts = panel(read(client, "/browse/7/A/B/C"))
    assert (facts["Release"][0], facts["Global tag"][0]) == ("CMSSW_13_0_7", "130X_dataRun3_Prompt_v3")


def process(run: int, lumi: int, age_s: float) -> dict[str, str]:
    """What the process of a subsystem writes whose last event was processed so long ago."""
    return {"iRun": f"i={run}", "iLumiSection": f"i={lumi}", "processTimeStamp": f"f={time.time() - age_s:.3f}"}


def updates_of(page: str) -> dict[str, str]:
    """The text below each top folder."""
    items = re.findall(r'<li><a class="folder stop".*?class="name">(.*?)</bdi>(.*?)</li>', page, re.S)
    found = {name: re.search(r'<span class="update">(.*)', rest, re.S) for name, rest in items}
    return {name: " ".join(re.sub("<[^>]*>", " ", match[1]).split()) if match else "" for name, match in found.items()}


def test_an_ongoing_run_shows_when_each_subsystem_was_updated_and_which_lag(hub: Settings, tmp_path: Path) -> None:
    ended = 10.4 * DAY_S  # long ago, so that the text is the same on a slow machine
    folders = {
        "Info/EventInfo": process(367201, 52, ended),
        "Current/EventInfo": process(367201, 50, ended + 40),
        "FewLumis/EventInfo": process(367201, 40, ended + 30),
        "Old/EventInfo": process(367201, 50, ended + 3 * DAY_S),
        "OldRun/EventInfo": process(367200, 400, ended + 20 * DAY_S),
        "NoTime/EventInfo": {"iLumiSection": "i=52"},
        "Started/EventInfo": {"iRun": "i=367201", "iLumiSection": "i=-1", "processTimeStamp": "f=-1"},
        "None/EventInfo": {"reportSummary": "f=1"},
    }
    client = client_with(hub, tmp_path, 367201, folders, ONLINE_DATASET)
    where = f"/browse/367201{ONLINE_DATASET}"
    found = {name: text.replace("  ", " ") for name, text in updates_of(read(client, where)).items()}
    assert found == {
        "Info": "updated 10 days ago, LS 52",
        "Current": "updated 10 days ago, LS 50",
        "FewLumis": "updated 10 days ago, LS 40 behind",
        "Old": "updated 13 days ago, LS 50 behind",
        "OldRun": "updated 30 days ago, LS 400 still run 367200",
        "NoTime": "LS 52",
        "Started": "no event yet",
        "None": "",
    }
    assert "Not updated since lumisection 40<" in read(client, f"{where}/FewLumis/EventInfo")
    assert "Not updated since lumisection 400 of run 367200<" in read(client, f"{where}?q=OldRun+iRun")
    assert "Not updated since lumisection 40<" in read(client, f"{where}?plot=FewLumis/EventInfo/iRun")
    assert "Not updated since lumisection 40<" in read(client, f"{where}?mark=FewLumis/EventInfo/iRun&show=marked")
    assert "Not updated" not in read(client, f"{where}/Current/EventInfo")


def test_a_process_whose_clock_is_ahead_is_no_younger_than_the_file_and_its_age_stays_on_a_wall(hub: Settings, tmp_path: Path) -> None:
    folders = {"Ahead/EventInfo": process(367201, 50, -2 * 3600), "Info/EventInfo": process(367201, 50, 500)}
    write_file(tmp_path / "file.root", 367201, folders)
    written = time.time() - 480
    os.utime(tmp_path / "file.root", (written, written))
    register([Entry(ONLINE_DATASET, 367201, 0, str(tmp_path / "file.root"), "tdirectory")])
    app = create_app(hub.replace(file_roots=(str(tmp_path),)))
    assert updates_of(read(app.test_client(), f"/browse/367201{ONLINE_DATASET}"))["Ahead"].replace("  ", " ") == "updated 8 min ago, LS 50"
    cells = [show(app, "subsystems", dataset=ONLINE_DATASET).partition("<main")[2].partition("<b>Ahead</b>") for _ in range(2)]
    state, age = (re.search(pattern, cells[0][2]) for pattern in (r"<span>([\w ]+)</span>", r'datetime="([^"]+)"'))
    assert state
    assert state[1] == "clock ahead"
    assert age
    assert abs(datetime.fromisoformat(age[1]).timestamp() - written) <= 1
    assert cells[0] == cells[1]
    assert cells[0][0].rstrip().endswith("<div>")
    assert " old" in cells[0][0].rpartition("<li")[2]


def test_a_wall_marks_the_plots_of_late_subsystems_and_no_others(hub: Settings, tmp_path: Path) -> None:
    folders = {
        "Info/EventInfo": process(367201, 93, 1),
        "RPC/EventInfo": process(367201, 50, STALLED_S + 700),
        "DT/EventInfo": process(367201, 80, 2),
        "CSC/EventInfo": process(367200, 400, 3),
    }
    app = client_with(hub, tmp_path, 367201, folders, ONLINE_DATASET).application
    cells = tuple(PlotCell(f"{name}/EventInfo/iRun") for name in ("Info", "RPC", "DT", "CSC", "None"))
    with app.app_context():
        import_all([Layout("00 Shift/Runs", ("online",), (cells, (PlotCell("RPC/EventInfo/absent"),)))])
    read(app.test_client(), f"/browse/367201{ONLINE_DATASET}")  # its lists are read
    page = show(app, "layout", layout="00 Shift/Runs", dataset=ONLINE_DATASET)
    figures = re.findall(r"<figure(.*?)>.*?<figcaption>(.*?)</figcaption>", page, re.S)
    marks = [(attributes, *re.findall('<b class="is-warning">(.*?)</b>', caption)) for attributes, caption in figures]
    late = ' class="late"'
    assert marks == [("",), (late, "stalled, LS 50"), (late, "behind, LS 80"), (late, "run 367200, LS 400"), ("",), ("",)]


def test_a_sample_that_is_no_ongoing_run_shows_no_times_of_subsystems(hub: Settings, tmp_path: Path) -> None:
    client = client_with(hub, tmp_path, 7, {"Info/EventInfo": process(7, 50, 1), "Late/EventInfo": process(7, 5, 9999)})
    assert updates_of(read(client, "/browse/7/A/B/C")) == {"Info": "", "Late": ""}
    assert "Not updated" not in read(client, "/browse/7/A/B/C/Late/EventInfo")


def test_a_process_has_stalled_only_while_another_goes_on() -> None:
    now = 1_700_000_000.0
    old = ProcessState(1, 9, now - STALLED_S - 1)
    assert compare({b"A": old, b"B": ProcessState(1, 9, now)}, now)[b"A"].is_stalled
    assert not compare({b"A": old, b"B": old._replace(at=now - STALLED_S - 100)}, now)[b"A"].is_stalled, "the run has ended"
    assert not compare({b"A": old._replace(at=now - STALLED_S), b"B": ProcessState(1, 9, now)}, now)[b"A"].is_stalled


ages = st.one_of(st.none(), st.floats(0, 10_000))
states = st.builds(
    lambda run, lumi, age: ProcessState(run, lumi, None if age is None else 1e9 - age),
    st.one_of(st.none(), st.integers(1, 3)),
    st.one_of(st.none(), st.integers(0, 100)),
    ages,
)


@given(st.dictionaries(st.binary(min_size=1, max_size=2), states, min_size=1, max_size=6))
def test_the_most_advanced_process_is_never_late_and_a_late_one_lags_as_documented(found: dict[bytes, ProcessState]) -> None:
    result = compare(found, 1e9)
    assert result.keys() == found.keys()
    runs = [state.run for state in found.values() if state.run is not None]
    for name, update in result.items():
        state = found[name]
        of_newest_run = [other.lumi or 0 for other in found.values() if other.run in (None, max(runs, default=None))]
        lag_lumis = max(of_newest_run) - (state.lumi or 0) if state.lumi is not None and of_newest_run else 0
        lag_s = max(other.at or 0.0 for other in found.values()) - state.at if state.at is not None else 0.0
        assert (update.old_run is not None) == (state.run is not None and state.run < max(runs))
        assert update.is_behind == (lag_s > BEHIND_S or (update.old_run is None and lag_lumis > BEHIND_LUMIS))
        if lag_s == 0:
            assert not update.is_stalled
