"""The choice of a dataset in steps: each list has what goes with the other choices."""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import urlencode

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.core.settings import Settings
from app.gui.dataset_parts import choose
from app.gui.files.entries import Entry
from app.gui.files.register import register
from app.home.datasets import MAX_VALUES

pytestmark = pytest.mark.both_databases

DATASETS = {
    "/Muon/Run2023C-v1/DQMIO": [366001, 366002],
    "/Muon/Run2023C-v2/DQMIO": [366001],
    "/Muon/Run2023D-v1/DQM": [366100],
    "/Muon0/Run2023D-v1/DQMIO": [366100],
    "/ZeroBias/Run2023C-v1/DQM": [366001],
    "/ZeroBias/A 50% & more/DQM": [366001],
    "/Global/Online/ALL": [0, 366100],
}
COLUMNS = ("primary", "processed", "tier", "run")


@pytest.fixture
def datasets(hub: Settings) -> None:
    register(
        [Entry(name, run, 0, f"/data/{number}-{run}", "dqmio") for number, (name, runs) in enumerate(DATASETS.items()) for run in runs]
    )


def page(client: FlaskClient, **query: str) -> str:
    answer = client.get(f"/datasets?{urlencode(query)}")
    assert answer.status_code == 200
    return answer.text


def lists(page: str) -> dict[str, list[str]]:
    """The links of each list."""
    sections = re.findall(r'aria-labelledby="title-(\w+)">(.*?)</section>', page, re.S)
    return {name: [unescape(text) for text in re.findall(r'class="stop"[^>]*>(.*?)</a>', section)] for name, section in sections}


def links(page: str) -> dict[str, str]:
    """The addresses of the links of the lists, by their texts."""
    return {unescape(text): unescape(address) for address, text in re.findall(r'class="stop" href="(.*?)"[^>]*>(.*?)</a>', page)}


@pytest.mark.usefixtures("datasets")
def test_the_steps_lead_to_a_sample_in_any_order(client: FlaskClient) -> None:
    start = page(client)
    assert lists(start) == {
        "primary": ["Global", "Muon", "Muon0", "ZeroBias"],
        "processed": ["A 50% & more", "Online", "Run2023C-v1", "Run2023C-v2", "Run2023D-v1"],
        "tier": ["ALL", "DQM", "DQMIO"],
        "run": [],
    }
    muon = client.get(links(start)["Muon"]).text
    assert lists(muon)["processed"] == ["Run2023C-v1", "Run2023C-v2", "Run2023D-v1"]
    assert lists(muon)["tier"] == ["DQM", "DQMIO"]
    tier = client.get(links(muon)["DQMIO"]).text
    assert lists(tier)["processed"] == ["Run2023C-v1", "Run2023C-v2"]
    assert lists(tier)["primary"] == ["Muon", "Muon0"], "what can be chosen instead"
    whole = client.get(links(tier)["Run2023C-v1"]).text
    assert lists(whole)["run"] == ["366002", "366001"]
    assert links(whole)["366001"] == "/browse/366001/Muon/Run2023C-v1/DQMIO"
    assert 'href="/?dataset=/Muon/Run2023C-v1/DQMIO"' in whole


@pytest.mark.usefixtures("datasets")
def test_a_text_filters_its_list_and_a_value_chooses_itself_alone(client: FlaskClient) -> None:
    filtered = lists(page(client, primary="muon"))
    assert (filtered["primary"], filtered["processed"]) == (["Muon", "Muon0"], ["Run2023C-v1", "Run2023C-v2", "Run2023D-v1"])
    assert lists(page(client, primary="Muon0"))["processed"] == ["Run2023D-v1"], "a part of no other name"
    assert lists(page(client, primary="Muon", tier="DQM"))["processed"] == ["Run2023D-v1"], "DQM is not DQMIO"
    assert lists(page(client, processed="50% &"))["primary"] == ["ZeroBias"]
    assert lists(page(client, processed="%"))["primary"] == ["ZeroBias"]
    nothing = page(client, primary="Muon", tier="ALL")
    assert "No dataset matches" in nothing
    assert lists(nothing)["tier"] == [], "ALL is typed, and Muon has no such tier"


@pytest.mark.usefixtures("datasets")
def test_with_a_run_the_lists_have_its_datasets_and_the_form_leads_to_the_sample(client: FlaskClient) -> None:
    assert lists(page(client, run="366100"))["primary"] == ["Global", "Muon", "Muon0"]
    assert "3 datasets with run 366100" in page(client, run="366100")
    assert "there is no run 3661" in page(client, run="3661"), "these are the datasets of all runs"
    one = page(client, run="366100", primary="Muon0")
    assert 'id="open-sample" href="/browse/366100/Muon0/Run2023D-v1/DQMIO"' in one
    answer = client.get("/datasets?run=366100&primary=Muon0&go=1")
    assert (answer.status_code, answer.location) == (302, "/browse/366100/Muon0/Run2023D-v1/DQMIO")
    assert client.get("/datasets?run=3661&primary=Muon&go=1").status_code == 200, "several runs match"
    assert lists(page(client, primary="Global", run="0"))["run"] == ["366100", "Live"]


def test_a_run_of_lumisections_alone_leads_to_its_first_one(client: FlaskClient) -> None:
    register([Entry("/A/B/C", 20, lumi, f"/data/{lumi}", "dqmio") for lumi in (3, 4)])
    assert links(page(client))["20"] == "/browse/20:3/A/B/C"


def test_a_dataset_that_is_registered_later_is_there_at_once(client: FlaskClient) -> None:
    for name in ("A", "B"):
        register([Entry(f"/{name}/P/T", 20, 0, f"/data/{name}", "dqmio")])
        assert name in lists(page(client))["primary"]


def test_long_lists_say_how_much_more_there_is(client: FlaskClient) -> None:
    register([Entry(f"/P{number:03}/Run/T", 20 + number, 0, f"/data/{number}", "dqmio") for number in range(MAX_VALUES + 7)])
    register([Entry("/Runs/Many/T", 1000 + number, 0, f"/data/r{number}", "dqmio") for number in range(MAX_VALUES + 1)])
    found = page(client)
    assert len(lists(found)["primary"]) == MAX_VALUES
    assert "8 more. Type to find them." in found
    runs = page(client, primary="Runs")
    assert len(lists(runs)["run"]) == MAX_VALUES
    assert "The latest ones." in runs
    assert lists(page(client, primary="Runs", run="1000"))["run"] == ["1000"]


@pytest.mark.usefixtures("datasets")
def test_htmx_gets_the_lists_alone(client: FlaskClient) -> None:
    fragment = client.get("/datasets?primary=Muon", headers={"HX-Request": "true", "HX-Target": "builder"}).text
    assert "<html" not in fragment
    assert fragment.strip() in page(client, primary="Muon")


parts = st.sampled_from([*{part for name in DATASETS for part in name.split("/")[1:]}, "", "2023", "o", "nothing", "%", "_"])


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(typed=st.tuples(parts, parts, parts))
@pytest.mark.usefixtures("datasets")
def test_each_value_of_a_list_exists_with_the_other_choices_and_none_is_missing(typed: tuple[str, str, str]) -> None:
    names = [name.split("/")[1:] for name in DATASETS]

    def fits(value: str, place: int) -> bool:
        is_value = any(name[place] == typed[place] for name in names)
        return value == typed[place] if is_value else typed[place].lower() in value.lower()

    found = choose(typed)
    for place, part in enumerate(found.parts):
        others = [name for name in names if all(fits(name[other], other) for other in range(3) if other != place)]
        assert part.values == sorted({name[place] for name in others if typed[place].lower() in name[place].lower()})
    whole = ["/" + "/".join(name) for name in names if all(fits(name[place], place) for place in range(3))]
    assert found.matches == len(whole)
    assert found.dataset == (whole[0] if len(whole) == 1 else "")
