"""Datasets and lumisection ranges of the Run Registry: fetched with the run, kept through failures, shown and answered."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from app import create_app
from app.core.settings import Settings
from app.runs import dataset_store, errors, store
from app.runs.fetching import RANGES_AT_ONCE, RunRegistrySource, fetch_due
from app.runs.models import KNOWN, RunRecord, SourceState
from app.runs.run_registry import DATASETS_PER_PAGE, ComponentRange, RunRegistryClient
from tests.support.run_services import RunServicesProcess

pytestmark = pytest.mark.slow

RUN = 367123
OFFLINE = "/PromptReco/Collisions23/DQM"
RANGES_PATH = "/rr_lumisection_ranges_by_component"
RANGES = {
    "dt-dt": [
        {"start": 1, "end": 24, "status": "BAD", "comment": "HV <off>", "cause": "HV"},
        {"start": 25, "end": 90, "status": "GOOD", "comment": "", "cause": ""},
    ],
    "csc-csc": [{"start": 1, "end": 90, "status": "GOOD", "comment": "", "cause": ""}],
}
SUMMARY = {
    "dt-dt": {"BAD": 24, "GOOD": 66, "EMPTY": 0, "causes": ["HV"], "comments": []},
    "csc-csc": {"GOOD": 90, "EMPTY": 0, "causes": [], "comments": []},
}
NONE_OF_THE_GENERATED = dict.fromkeys(("online", "/Express/Commissioning23/DQM", "/PromptReco/Commissioning23/DQM"))


@pytest.fixture
def one_dataset(services: RunServicesProcess) -> None:
    """The run has one dataset, in part bad."""
    dataset = {"dataset_attributes": {"global_state": "SIGNOFF", "dt_state": "OPEN"}, "DatasetTripletCache": {"triplet_summary": SUMMARY}}
    services.change(RUN, rr={"class": "Collisions23"}, datasets={**NONE_OF_THE_GENERATED, OFFLINE: dataset}, ranges={OFFLINE: RANGES})


@pytest.fixture
def source(hub: Settings, services: RunServicesProcess) -> Iterator[RunRegistrySource]:
    found = RunRegistrySource(services.settings())
    yield found
    found.close()


@pytest.fixture
def rr(services: RunServicesProcess) -> Iterator[RunRegistryClient]:
    client = RunRegistryClient(services.settings())
    yield client
    client.close()


def fetch(source: RunRegistrySource) -> None:
    RunRecord.update(rr_due=0.0).execute()
    SourceState.update(retry_at=0.0).execute()
    fetch_due(source, lambda: False)


def record(run: int = RUN) -> RunRecord:
    found = store.find_facts(run)
    assert found is not None
    return found


@pytest.mark.usefixtures("one_dataset")
def test_a_dataset_has_states_counts_and_ranges(rr: RunRegistryClient) -> None:
    ((dataset,),) = rr.datasets([RUN]).values()
    assert (dataset.run, dataset.name, dataset.states) == (RUN, OFFLINE, {"global": "SIGNOFF", "dt": "OPEN"})
    assert dataset.components == {"dt-dt": {"BAD": 24, "GOOD": 66}, "csc-csc": {"GOOD": 90}}
    assert rr.lumisection_ranges(RUN, OFFLINE) == {
        "csc-csc": [ComponentRange(1, 90, "GOOD", "", "")],
        "dt-dt": [ComponentRange(1, 24, "BAD", "HV", "HV <off>"), ComponentRange(25, 90, "GOOD", "", "")],
    }


def test_the_datasets_of_many_runs_come_in_pages(services: RunServicesProcess, rr: RunRegistryClient) -> None:
    numbers = list(range(RUN, RUN + 100))  # each with three datasets
    found = rr.datasets(numbers)
    assert {run: len(datasets) for run, datasets in found.items()} == dict.fromkeys(numbers, 3)
    requests = services.requests("rr", "/datasets_filtered_ordered")
    assert [json.loads(request["body"])["page"] for request in requests] == list(range(-(-300 // DATASETS_PER_PAGE)))


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ('{"datasets": []}', "no number of pages"),
        ('{"datasets": [], "pages": 1e9}', "more than 20 pages of datasets"),
        ('{"datasets": [], "pages": NaN}', "more than 20 pages of datasets"),
        ('{"datasets": [], "pages": -Infinity}', "no number of pages"),
        ('{"datasets": [], "pages": -1}', "no number of pages"),
        ('{"datasets": [{"run_number": 1}], "pages": 1}', "a dataset without run number or name"),
        ('{"datasets": [5], "pages": 1}', "no list `datasets`"),
        ("[]", "no JSON object"),
    ],
)
def test_datasets_of_another_form_are_an_error(services: RunServicesProcess, rr: RunRegistryClient, body: str, words: str) -> None:
    services.fault("rr", "text", body=body)
    with pytest.raises(errors.BadAnswer, match=words):
        rr.datasets([RUN])


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ('{"dt-dt": 5}', "lumisection ranges that are no lists"),
        ('{"dt-dt": [5]}', "a lumisection range without start or end"),
        ('{"dt-dt": [{"start": 1, "end": "2"}]}', "a lumisection range without start or end"),
        ("[]", "no JSON object"),
    ],
)
def test_ranges_of_another_form_are_an_error(services: RunServicesProcess, rr: RunRegistryClient, body: str, words: str) -> None:
    services.fault("rr", "text", body=body)
    with pytest.raises(errors.BadAnswer, match=words):
        rr.lumisection_ranges(RUN, OFFLINE)


@pytest.mark.both_databases
@pytest.mark.usefixtures("one_dataset")
def test_ranges_are_fetched_once_and_again_when_their_dataset_changes(services: RunServicesProcess, source: RunRegistrySource) -> None:
    store.enroll([RUN])
    versions = []
    for _ in range(2):
        fetch(source)
        versions.append(record().version)
    assert versions[0] == versions[1]
    assert len(services.requests("rr", RANGES_PATH)) == 1
    (dataset,) = dataset_store.datasets_of(RUN)
    assert dataset.ranges is not None
    assert dataset.ranges["dt-dt"][0] == ComponentRange(1, 24, "BAD", "HV", "HV <off>")
    services.change(RUN, datasets={OFFLINE: {"dataset_attributes": {"global_state": "COMPLETED"}}}, ranges={OFFLINE: {"dt-dt": []}})
    fetch(source)
    (dataset,) = dataset_store.datasets_of(RUN)
    assert (dataset.states, dataset.ranges) == ({"global": "COMPLETED"}, {"dt-dt": []})
    assert record().version > versions[1]


def test_a_removed_dataset_is_removed(services: RunServicesProcess, source: RunRegistrySource) -> None:
    store.enroll([RUN])
    fetch(source)
    assert len(dataset_store.datasets_of(RUN)) == 3
    services.change(RUN, rr=None)
    fetch(source)
    assert dataset_store.datasets_of(RUN) == []


def test_a_batch_with_many_datasets_is_fetched_in_parts(services: RunServicesProcess, source: RunRegistrySource) -> None:
    runs = range(RUN, RUN + 20)  # 60 datasets
    store.enroll(runs)
    fetch(source)
    assert len(services.requests("rr", RANGES_PATH)) == RANGES_AT_ONCE
    assert {record(run).rr_state for run in runs} == {KNOWN}
    fetch_due(source, lambda: False)  # the rest is due at once
    found = [dataset for run in runs for dataset in dataset_store.datasets_of(run)]
    assert (len(found), [dataset.name for dataset in found if dataset.ranges is None]) == (60, [])
    assert len(services.requests("rr", RANGES_PATH)) == 60


@pytest.mark.usefixtures("one_dataset")
@pytest.mark.parametrize("fault", [{"kind": "err"}, {"kind": "status", "code": 404}, {"kind": "text"}])
def test_datasets_that_cannot_be_read_keep_no_class_from_being_stored(
    services: RunServicesProcess, source: RunRegistrySource, fault: dict[str, Any]
) -> None:
    store.enroll([RUN])
    fetch(source)
    services.change(RUN, rr={"class": "Cosmics23"})
    services.fault("rr", "slow", seconds=0)  # the request for the run
    services.fault("rr", **fault)
    fetch(source)
    assert (record().run_class, record().rr_error.startswith("The datasets cannot be read: ")) == ("Cosmics23", True)
    assert record().rr_due is not None
    assert [dataset.name for dataset in dataset_store.datasets_of(RUN)] == [OFFLINE], "the stored ones stay"
    fetch(source)
    assert record().rr_error == ""


@pytest.mark.usefixtures("one_dataset")
def test_ranges_that_cannot_be_read_have_the_reason_and_are_fetched_again(services: RunServicesProcess, source: RunRegistrySource) -> None:
    store.enroll([RUN])
    services.change(RUN, ranges={OFFLINE: {"dt-dt": 5}})
    fetch(source)
    (dataset,) = dataset_store.datasets_of(RUN)
    assert (dataset.ranges, "ranges that are no lists" in dataset.error) == (None, True)
    services.change(RUN, ranges={OFFLINE: RANGES})
    fetch(source)
    (dataset,) = dataset_store.datasets_of(RUN)
    assert (dataset.ranges is None, dataset.error) == (False, "")


@pytest.mark.usefixtures("one_dataset")
def test_pages_and_api_have_datasets_with_their_bad_lumisections(
    hub: Settings, services: RunServicesProcess, source: RunRegistrySource
) -> None:
    store.enroll([RUN])
    fetch(source)
    with create_app(hub.replace(**services.values)).test_client() as client:
        page = " ".join(client.get(f"/runs/{RUN}/facts").text.split())
        assert OFFLINE in page
        assert '<span>SIGNOFF</span> <span class="label">1 BAD, 1 GOOD</span>' in page
        assert "1–24 BAD (HV HV &lt;off&gt;); 25–90 GOOD" in page
        facts = client.get(f"/api/v1/runs/{RUN}/facts").json
        assert facts["run_registry"]["datasets"] == [
            {
                "name": OFFLINE,
                "states": {"global": "SIGNOFF", "dt": "OPEN"},
                "components": {"dt-dt": {"BAD": 24, "GOOD": 66}, "csc-csc": {"GOOD": 90}},
            }
        ]
        (dataset,) = client.get(f"/api/v1/runs/{RUN}/lumisections").json["datasets"]
        assert dataset["components"]["dt-dt"][0] == {"first": 1, "last": 24, "status": "BAD", "cause": "HV", "comment": "HV <off>"}
        assert client.get("/api/v1/runs/1/lumisections").status_code == 404
        assert client.get("/runs/1/facts").status_code == 404


@pytest.mark.usefixtures("one_dataset")
def test_a_panel_polls_while_facts_are_young_and_has_them_when_they_change(
    hub: Settings, services: RunServicesProcess, source: RunRegistrySource
) -> None:
    store.enroll([RUN])
    with create_app(hub.replace(**services.values)).test_client() as client:

        def poll(address: str) -> Any:
            return client.get(address, headers={"HX-Request": "true"})

        def address_of(page: str) -> str:
            return page.partition('hx-get="')[2].partition('"')[0].replace("&amp;", "&")

        address = address_of(client.get(f"/runs/{RUN}/facts?tz=utc").text)
        assert address.startswith(f"/runs/{RUN}/facts?tz=utc&since=")
        assert poll(address).status_code == 204
        fetch(source)
        changed = poll(address)
        assert (changed.status_code, OFFLINE in changed.text) == (200, True)
        assert poll(address_of(changed.text)).status_code == 204
        RunRecord.update(rr_due=None, oms_due=None).execute()
        assert "hx-get" not in poll(address).text, "settled facts do not change"
