"""The facts of a run on pages, in the API, on the status page and in metrics."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app import create_app
from app.core.settings import Settings
from app.gui.models import Dataset, File, Sample
from app.runs import store
from app.runs.fetching import SOURCES, fetch_due
from app.runs.settings import RunsSettings
from app.square.models import Run
from tests.support.run_services import RunServicesProcess

pytestmark = pytest.mark.slow

RUN = 367123
HOME = "http://127.0.0.1:8889"
GUI_PAGE, SQUARE_PAGE, API = f"/browse/{RUN}/A/B/DQM", f"/square/runs/{RUN}", f"/api/v1/runs/{RUN}/facts"

OMS = {
    "start_time": "2023-05-04T10:00:00Z",
    "end_time": "2023-05-04T12:30:00Z",
    "duration": 9000,
    "fill_number": 8736,
    "recorded_lumi": 174.6,
    "delivered_lumi": 183.33,
    "end_lumi": 14600,
    "b_field": 3.8,
    "energy": 6800,
    "l1_key": "l1_trg_collisions2023/v102",
    "hlt_key": "/cdaq/physics/Run2023/2e34/<b>v1</b>/HLT/V2",
}


@pytest.fixture
def configured(hub: Settings, services: RunServicesProcess) -> Settings:
    """A hub with a run in the DQM GUI and in DQM^2, whose facts are wanted and not fetched yet."""
    file = File.create(url="/a.root", format="dqmio", registered=1.0)
    Sample.create(dataset=Dataset.create(name="/A/B/DQM"), run=RUN, lumi=0, file=file)
    Run.create(system="production", run=RUN, first=1.0, last=2.0, jobs=0, version=1)
    services.change(RUN, oms=OMS, rr={"class": "Collisions23", "significant": False, "state": "SIGNOFF"})
    store.enroll([RUN])
    return hub.replace(**services.values)


@pytest.fixture
def fetch(configured: Settings) -> Callable[[], None]:
    """Fetches what is due from both sources."""

    def fetch_all() -> None:
        for kind in SOURCES.values():
            source = kind(configured.of(RunsSettings))
            try:
                fetch_due(source, lambda: False)
            finally:
                source.close()

    return fetch_all


@pytest.fixture
def app(configured: Settings) -> Flask:
    return create_app(configured)


def text_of(client: FlaskClient, path: str) -> str:
    answer = client.get(path, base_url=HOME, headers={"Accept": "text/html"})
    return answer.text


def panel_of(client: FlaskClient, path: str) -> str:
    """The text of the panel on a page; "" without one."""
    found = re.search(r'<details class="run-panel".*?</details>', text_of(client, path), re.S)
    return " ".join(re.sub(r"<[^>]+>", " ", found[0]).split()) if found else ""


@pytest.mark.parametrize("path", [GUI_PAGE, SQUARE_PAGE])
def test_the_pages_of_a_run_show_its_facts_with_age_and_source(client: FlaskClient, fetch: Callable[[], None], path: str) -> None:
    fetch()
    panel = panel_of(client, path)
    for words in (
        "Collisions23 fill 8736 174.6 /pb 3.8 T significant",
        "Start 2023-05-04 12:00:00 CEST End 2023-05-04 14:30:00 CEST",
        "Duration 2 h 30 min",
        "Recorded luminosity 174.6 /pb Delivered luminosity 183.3 /pb Luminosity at the end 1.46 × 10³⁴ cm⁻² s⁻¹",
        "Magnetic field 3.8 T Beam energy 6,800 GeV",
        "L1 key l1_trg_collisions2023/v102",
        "HLT key /cdaq/physics/Run2023/2e34/&lt;b&gt;v1&lt;/b&gt;/HLT/V2",
        "Class Collisions23 Significant in Run Registry no, SIGNOFF",
        "Significance here yes: The recorded luminosity is at least 0.1 /pb.",
    ):
        assert words in panel, words
    assert re.search(r"OMS: fetched \d+ \w+ ago", panel)
    html = text_of(client, path)
    assert f'href="https://cmsoms.cern.ch/cms/runs/report?cms_run={RUN}"' in html
    assert f'href="https://cmsrunregistry.web.cern.ch/online/global?run_number={RUN}"' in html


def test_times_are_in_the_zone_of_the_page(client: FlaskClient, fetch: Callable[[], None]) -> None:
    fetch()
    assert "Start 2023-05-04 10:00:00 UTC" in panel_of(client, f"{SQUARE_PAGE}?tz=utc")


@pytest.mark.parametrize("path", [GUI_PAGE, SQUARE_PAGE, API, "/status", "/metrics"])
def test_no_page_sends_a_request_to_a_source(client: FlaskClient, services: RunServicesProcess, path: str) -> None:
    for service in ("auth", "oms", "rr"):
        services.fault(service, "slow", count=-1, seconds=3600)
    assert "traceback" not in text_of(client, path).lower()
    assert services.requests() == []


def test_a_run_that_was_not_fetched_yet_says_so(client: FlaskClient) -> None:
    assert "not fetched yet" in panel_of(client, SQUARE_PAGE)


def test_in_an_outage_the_last_facts_stay_with_the_reason(
    client: FlaskClient, fetch: Callable[[], None], services: RunServicesProcess
) -> None:
    from app.runs.errors import ServiceOutage
    from app.runs.models import RunRecord

    fetch()
    RunRecord.update(oms_due=0.0).execute()
    services.fault("oms", "login_page")
    with pytest.raises(ServiceOutage):
        fetch()
    panel = panel_of(client, GUI_PAGE)
    assert "174.6 /pb" in panel
    assert "not up to date" in panel
    assert "The last attempt failed: OMS answers with a page in place of JSON" in panel


def test_an_unknown_and_an_ongoing_run_say_so(client: FlaskClient, fetch: Callable[[], None], services: RunServicesProcess) -> None:
    start = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 600))
    services.change(RUN, oms={"start_time": start, "end_time": None, "recorded_lumi": None, "duration": None}, rr=None)
    fetch()
    panel = panel_of(client, SQUARE_PAGE)
    assert "ongoing" in panel
    assert "unknown to Run Registry" in panel
    assert re.search(r"Run Registry: unknown run, last checked \d+ \w+ ago", panel)
    assert "Significance here unknown: The Run Registry does not know the run." in panel


def test_without_sources_there_is_no_panel(hub: Settings, configured: Settings) -> None:
    assert "run-panel" not in text_of(create_app(hub).test_client(), SQUARE_PAGE)


def test_the_api_has_numbers_units_and_ages(client: FlaskClient, fetch: Callable[[], None]) -> None:
    before = time.time()
    fetch()
    found: dict[str, Any] = client.get(API, base_url=HOME).json
    assert (found["run"], found["significant"]) == (RUN, True)
    oms = found["oms"]
    assert (oms["recorded_lumi"], oms["end_lumi"], oms["fill"], oms["energy"]) == (174.6, pytest.approx(1.46), 8736, 6800.0)
    assert (oms["start"], oms["end"]) == (1683194400.0, 1683203400.0)  # date -u -d 2023-05-04T10:00:00Z +%s
    assert (oms["units"]["recorded_lumi"], oms["units"]["end_lumi"]) == ("/pb", "1e34 cm⁻² s⁻¹")
    assert (found["run_registry"]["class"], found["run_registry"]["significant"]) == ("Collisions23", False)
    assert {name: each["state"] for name, each in found["sources"].items()} == {"oms": "known", "rr": "known"}
    assert found["sources"]["oms"]["fetched"] >= before


@pytest.mark.parametrize("run", [1, 2**40, 10**30])
def test_the_facts_of_a_run_that_the_hub_does_not_have_are_404(client: FlaskClient, run: int) -> None:
    answer = client.get(f"/api/v1/runs/{run}/facts", base_url=HOME)
    assert (answer.status_code, answer.json["status"]) == (404, 404)


def test_status_and_metrics_name_each_source(client: FlaskClient, fetch: Callable[[], None], services: RunServicesProcess) -> None:
    from app.runs.errors import ServiceOutage

    services.fault("rr", "redirect")
    with pytest.raises(ServiceOutage):
        fetch()
    page = " ".join(re.sub(r"<[^>]+>", " ", text_of(client, "/status")).split())
    assert "1 known, 0 unknown, 0 not fetched; 0 due" in page
    assert "The Run Registry redirects" in page
    metrics = text_of(client, "/metrics")
    assert 'dqmhub_run_facts{source="oms",state="known"} 1.0' in metrics
    assert 'dqmhub_run_facts_failures{source="rr"} 1.0' in metrics


def test_the_help_names_the_limits_of_this_hub(configured: Settings) -> None:
    page = text_of(create_app(configured.replace(runs_cosmics_s=7200.0)).test_client(), "/help/runs")
    assert "if it lasts at least 7200 s" in page


@pytest.mark.slow
def test_the_live_consumer_fetches_facts_of_new_runs(configured: Settings) -> None:
    from tests.support.processes import service, until

    with service(configured.replace(runs_period_s=0.2), "live"):
        until(lambda: (row := store.find_facts(RUN)) and row.oms_state == row.rr_state == "known", "the facts of the run")
