"""The client of the Run Registry against the stand-in: real records, classes of all runs, paging, and faults."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.runs import errors, run_registry
from app.runs.run_registry import RunRegistryClient
from tests.support.run_services import RunServicesProcess

RUN = 367123


@pytest.fixture
def rr(services: RunServicesProcess) -> Iterator[RunRegistryClient]:
    client = RunRegistryClient(services.settings())
    yield client
    client.close()


def test_the_real_records_are_read(fixtures_dir: Path, services: RunServicesProcess, rr: RunRegistryClient) -> None:
    records = json.loads((fixtures_dir / "hdqm" / "rr_runs_filtered_ordered.json").read_text())["runs"]
    for record in records:
        rest = {name: record[name] for name in ("oms_attributes", "DatasetTripletCache", "version")}
        services.change(record["run_number"], rr=record["rr_attributes"], record=rest)
    found = rr.runs([355555, 355556])
    assert [(run.run_class, run.significant, run.state) for run in (found[355555], found[355556])] == [
        ("Cosmics22", True, "SIGNOFF"),
        ("Commissioning22", True, "SIGNOFF"),
    ]
    assert found[355555].components["tracker-strip"] == {"GOOD": 304, "STANDBY": 31}
    assert found[355556].components["castor-castor"] == {"EXCLUDED": 226}


def test_a_run_that_is_not_significant_keeps_its_class(services: RunServicesProcess, rr: RunRegistryClient) -> None:
    services.change(RUN, rr={"class": "Collisions23", "significant": False})
    assert (rr.runs([RUN])[RUN].run_class, rr.runs([RUN])[RUN].significant) == ("Collisions23", False)


def test_an_absent_run_is_left_out(services: RunServicesProcess, rr: RunRegistryClient) -> None:
    services.change(RUN, rr=None)
    assert list(rr.runs([RUN, RUN + 1])) == [RUN + 1]
    assert rr.runs([]) == {}


def test_a_changed_class_is_found_by_a_second_request(services: RunServicesProcess, rr: RunRegistryClient) -> None:
    classes = []
    for name in ("Commissioning23", "Collisions23"):
        services.change(RUN, rr={"class": name})
        classes.append(rr.runs([RUN])[RUN].run_class)
    assert classes == ["Commissioning23", "Collisions23"]


def test_all_pages_are_read(rr: RunRegistryClient, services: RunServicesProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_registry, "PAGE_ROWS", 10)
    numbers = list(range(RUN, RUN + 25))
    assert sorted(rr.runs(numbers)) == numbers
    assert [json.loads(row["body"])["page"] for row in services.requests("rr")] == [0, 1, 2]


def test_datasets_and_ranges_of_lumisections_have_states(services: RunServicesProcess, rr: RunRegistryClient) -> None:
    services.change(RUN, rr={"class": "Collisions23"})
    datasets = {each.name: each.states for each in rr.datasets(RUN)}
    assert datasets["/PromptReco/Collisions23/DQM"]["global"] == "OPEN"
    ranges = rr.lumisections(RUN)
    assert (ranges[0].first, ranges[0].last, ranges[0].states["dt-dt"]) == (1, 2, "STANDBY")
    assert ranges[1].first == 3
    assert ranges[1].states["dt-dt"] in ("GOOD", "BAD")
    services.change(RUN, rr=None)
    assert rr.lumisections(RUN) == []


@pytest.mark.parametrize(
    ("fault", "kind", "words"),
    [
        ({"kind": "err", "message": "connection lost"}, errors.RequestRefused, "err: connection lost"),
        ({"kind": "err", "message": "connection lost", "code": 200}, errors.RequestRefused, "refuses the request: connection lost"),
        ({"kind": "unauthorized", "count": 2}, errors.AccessDenied, "refuses the token, also a new one"),
        ({"kind": "login_page"}, errors.SignInRequired, "a page in place of JSON"),
        ({"kind": "redirect"}, errors.SignInRequired, "The Run Registry redirects"),
        ({"kind": "status", "code": 502}, errors.ServiceFailed, "The Run Registry fails"),
        ({"kind": "status", "code": 431}, errors.RequestRefused, "status 431"),
        ({"kind": "text"}, errors.BadAnswer, "no JSON"),
        ({"kind": "text", "body": '{"runs": []}'}, errors.BadAnswer, "no list `runs`, or no number of pages"),
        ({"kind": "text", "body": '{"runs": [{"run_number": "1"}], "pages": 1}'}, errors.BadAnswer, "a run without number"),
    ],
)
def test_each_fault_is_an_outcome_of_its_own(
    services: RunServicesProcess, rr: RunRegistryClient, fault: dict[str, Any], kind: type[Exception], words: str
) -> None:
    services.fault("rr", **fault)
    with pytest.raises(kind, match=words) as error:
        rr.runs([RUN])
    assert type(error.value) is kind


def test_only_queries_are_sent(services: RunServicesProcess, rr: RunRegistryClient) -> None:
    rr.runs([RUN]), rr.datasets(RUN), rr.lumisections(RUN)
    paths = {row["path"] for row in services.requests("rr")}
    assert paths == {"/api/runs_filtered_ordered", "/api/datasets_filtered_ordered", "/api/lumisections/rr_lumisection_ranges"}
    assert "significant" not in services.requests("rr", "/runs_filtered_ordered")[0]["body"]
