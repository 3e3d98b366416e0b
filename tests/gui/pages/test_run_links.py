"""The pages of a run in one area lead to what the others have of it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from app.core.settings import Settings
from app.gui.models import Dataset, File, Sample
from app.square.models import HiddenRun, Run
from tests.gui.pages.pages import MUON, ZERO_BIAS
from tests.gui.pages.test_event_info import client_with, end_of_root  # noqa: F401  a fixture, which ends the writer of files

pytestmark = pytest.mark.slow

ONLINE = "/Global/Online/ALL"


@pytest.fixture(autouse=True)
def runs_of_dqm2(hub: Settings) -> None:
    """One run of the demo in both systems of DQM^2, and one that the DQM GUI does not know."""
    for system, run in (("production", 367129), ("playback", 367129), ("production", 999999)):
        Run.create(system=system, run=run, first=1.0, last=2.0, jobs=1, runkey="pp_run", cmssw="CMSSW_13_0_10", version=1)


def links(page: str, begin: str) -> list[tuple[str, str]]:
    """Address and text of the links whose address begins like this."""
    return re.findall(rf'<a[^>]* href="({begin}[^"]*)">([^<]*)</a>', page)


def test_the_page_of_a_sample_leads_to_dqm2(client: FlaskClient) -> None:
    page = client.get(f"/api/v1/archive/367129{ZERO_BIAS}/") and client.get(f"/browse/367129{ZERO_BIAS}").text
    assert links(page, "/square/runs/") == [
        ("/square/runs/367129", "DQM^2 (Production)"),
        ("/square/runs/367129?system=playback", "DQM^2 (Playback)"),
    ]


def test_the_page_of_a_run_of_dqm2_leads_to_its_plots(client: FlaskClient) -> None:
    page = client.get("/square/runs/367129").text
    assert links(page, "/browse/") == [
        (f"/browse/367129{MUON}", f"Plots of {MUON}"),
        (f"/browse/367129{ZERO_BIAS}", f"Plots of {ZERO_BIAS}"),
    ]


def test_a_run_that_the_other_area_does_not_know_has_no_link(client: FlaskClient) -> None:
    client.get(f"/api/v1/archive/367131{MUON}/")
    assert links(client.get(f"/browse/367131{MUON}").text, "/square/runs/") == []
    assert links(client.get("/square/runs/999999").text, "/browse/") == []


@pytest.mark.both_databases
def test_a_run_that_dqm2_does_not_list_has_no_link(client: FlaskClient) -> None:
    HiddenRun.create(system="production", run=367129, user="operator", at=3.0, reason="a test of hltd")
    page = client.get(f"/browse/367129{ZERO_BIAS}").text
    assert links(page, "/square/runs/") == [("/square/runs/367129?system=playback", "DQM^2 (Playback)")]
    Run.update(doubt="early").where(Run.system == "playback").execute()
    assert links(client.get(f"/browse/367129{ZERO_BIAS}").text, "/square/runs/") == []


@pytest.mark.both_databases
def test_the_plots_of_a_run_with_a_short_number_are_those_of_this_run_alone(client: FlaskClient) -> None:
    """Runs 36 and 3671 are no part of run 367129; runs of simulated data have such numbers."""
    dataset, file = Dataset.get(name=MUON), File.get()
    Sample.create(dataset=dataset, run=36, lumi=5, file=file, first=True)
    Sample.create(dataset=dataset, run=36, lumi=6, file=file, first=False)
    Run.create(system="production", run=36, first=1.0, last=2.0, jobs=1, runkey="pp_run", cmssw="CMSSW_13_0_10", version=1)
    Run.create(system="production", run=2**40, first=1.0, last=2.0, jobs=1, runkey="pp_run", cmssw="CMSSW_13_0_10", version=1)
    assert links(client.get("/square/runs/36").text, "/browse/") == [(f"/browse/36:5{MUON}", f"Plots of {MUON}")]
    assert links(client.get(f"/square/runs/{2**40}").text, "/browse/") == []


@pytest.mark.parametrize(("number", "expected"), [("i=999999", ["/square/runs/999999"]), ("i=-1", []), ("s=999999999999999999999999", [])])
def test_the_page_of_the_live_run_leads_to_the_jobs_of_the_run_that_it_shows(
    hub: Settings, tmp_path: Path, number: str, expected: list[str]
) -> None:
    client = client_with(hub, tmp_path, 0, {"Info/EventInfo": {"iRun": number}}, ONLINE)
    assert [address for address, _ in links(client.get(f"/browse/0{ONLINE}").text, "/square/runs/")] == expected
