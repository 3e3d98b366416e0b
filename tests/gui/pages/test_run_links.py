"""The pages of a run in one area lead to what the others have of it."""

from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient

from app.core.settings import Settings
from app.square.models import Run
from tests.gui.pages.test_views import MUON, ZERO_BIAS


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
