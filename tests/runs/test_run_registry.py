"""The client of the Run Registry against the stand-in: real records, classes of all runs, and faults."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.runs import errors
from app.runs.run_registry import MAX_RUN_BYTES, RunRegistryClient
from tests.support.run_services import RunServicesProcess

pytestmark = pytest.mark.slow

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


def test_all_runs_of_a_batch_are_read_by_one_request(services: RunServicesProcess, rr: RunRegistryClient) -> None:
    numbers = list(range(RUN, RUN + 125))
    assert sorted(rr.runs(numbers)) == numbers
    assert len(services.requests("rr")) == 1


@pytest.mark.parametrize("rows", [0, 1, 100])
@pytest.mark.parametrize("pages", ["2", "1e9", "1e999", "NaN"])
def test_more_pages_than_the_runs_need_are_an_error_after_one_request(
    services: RunServicesProcess, rr: RunRegistryClient, rows: int, pages: str
) -> None:
    runs = [{"run_number": number, "rr_attributes": {}} for number in range(RUN, RUN + rows)]
    services.fault("rr", "text", count=-1, body=f'{{"runs": {json.dumps(runs)}, "pages": {pages}}}')
    with pytest.raises(errors.BadAnswer, match="several pages for 100 runs"):
        rr.runs(range(RUN, RUN + 100))
    assert len(services.requests("rr")) == 1


def test_an_answer_much_longer_than_its_runs_is_not_parsed(services: RunServicesProcess, rr: RunRegistryClient) -> None:
    services.fault("rr", "text", body='{"pages": 1, "runs": [' + "{}," * 30_000 + "{}]}")
    with pytest.raises(errors.BadAnswer, match="the answer is longer than 64 kB"):
        rr.runs([RUN, RUN + 1])


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ({"kind": "text", "content_type": "text/html"}, errors.SignInRequired),
        ({"kind": "status", "code": 429}, errors.TooManyRequests),
        ({"kind": "status", "code": 403}, errors.AccessDenied),
        ({"kind": "status", "code": 502}, errors.ServiceFailed),
    ],
)
def test_a_page_longer_than_the_limit_is_the_outage_that_its_status_says(
    services: RunServicesProcess, rr: RunRegistryClient, fault: dict[str, Any], kind: type[Exception]
) -> None:
    services.fault("rr", body="<p>Single Sign-On</p>" * 10_000, **fault)
    with pytest.raises(kind):
        rr.runs([RUN])


def test_the_real_records_are_far_below_the_limit(fixtures_dir: Path) -> None:
    records = json.loads((fixtures_dir / "hdqm" / "rr_runs_filtered_ordered.json").read_text())["runs"]
    assert max(len(json.dumps(record)) for record in records) * 5 < MAX_RUN_BYTES


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
        ({"kind": "text", "body": '{"runs": []}'}, errors.BadAnswer, "no number of pages"),
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
    rr.runs([RUN])
    (request,) = services.requests("rr")
    assert request["path"] == "/api/runs_filtered_ordered"
    assert "significant" not in request["body"]
