"""/api/v1/transfers: reports of processes, and what scripts get."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from flask.testing import FlaskClient

from app.core.settings import Settings
from app.security import Role, tokens
from app.security.models import Audit, User
from app.transfers import runs
from tests.transfers.samples import (
    NOW,
    RUN,
    bu_state,
    cleanup_record,
    concatenation_record,
    delivery_record,
    file_record,
    fu_state,
    merge_record,
    process,
    report,
    root_record,
)

PATH = "/api/v1/transfers"
FAR = {"REMOTE_ADDR": "192.0.2.7"}


def token(role: Role) -> dict[str, str]:
    """The header of a user with this role."""
    user = User.create(name=f"the-{role.title}", role=role, password="", created=time.time())
    return {"Authorization": f"Bearer {tokens.make(user, 'test', role, 1)[1]}"}


def post(client: FlaskClient, document: Any, status: int = 200, **options: Any) -> Any:
    answer = client.post(f"{PATH}/reports", json=document, **options)
    assert answer.status_code == status, answer.text
    return answer.json


def test_a_report_is_acknowledged_with_its_last_number_and_the_refused_records(client: FlaskClient) -> None:
    answer = post(client, report(file_record(7), file_record(8, size=-1), file_record(9)))
    assert answer["acknowledged"] == 9
    assert answer["refused"] == [{"number": 8, "problem": f"size: expected a whole number from 0 to {2**53}"}]
    assert post(client, report()) == {"acknowledged": 9, "refused": []}


def test_a_report_whose_last_record_is_refused_is_acknowledged_whole(client: FlaskClient) -> None:
    assert post(client, report(file_record(7), {"number": 8}))["acknowledged"] == 8


def test_reports_of_other_networks_need_the_token_of_an_operator(client: FlaskClient) -> None:
    answer = client.post(f"{PATH}/reports", json=report(file_record(1)), environ_base=FAR)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert "Reporting transfers from this network needs the API token of an operator" in answer.json["message"]
    post(client, report(file_record(1)), 403, environ_base=FAR, headers=token(Role.SHIFTER))
    (row,) = Audit.select().where(Audit.action == "report transfers")
    assert (row.user, row.answer) == ("the-shifter", "Reporting transfers from this network needs the API token of an operator")
    assert runs.runs() == []
    post(client, report(file_record(1)), 200, environ_base=FAR, headers=token(Role.OPERATOR))
    assert [each.run for each in runs.runs()] == [RUN]


@pytest.mark.parametrize(
    ("body", "field"),
    [(b"[{", "body"), (b"[]", "body"), (json.dumps(report() | {"mode": "x"}).encode(), "mode"), (b"[" * 50 + b"]" * 50, "body")],
)
def test_a_report_that_cannot_be_read_is_400_with_its_field_and_in_the_audit_log_once(client: FlaskClient, body: bytes, field: str) -> None:
    for _ in range(3):
        answer = client.post(f"{PATH}/reports", data=body)
        assert answer.status_code == 400
        assert [error["field"] for error in answer.json["errors"]] == [field]
    (row,) = Audit.select().where(Audit.action == "report transfers")
    assert row.target == "nothing"


def test_refused_records_are_in_the_audit_log_once_for_each_problem(client: FlaskClient) -> None:
    for number in (1, 2):
        post(client, report(file_record(number, file="")))
    post(client, report(file_record(3, name="")))
    found = [(row.target, row.answer) for row in Audit.select().where(Audit.action == "report transfers").order_by(Audit.id)]
    assert found == [("fu of fu-1", "file: expected one of snapshot, ROOT file"), ("fu of fu-1", "name: expected a name")]


def test_a_report_that_is_too_long_is_413(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.transfers.api.v1.MAX_BODY_BYTES", 1000)
    post(client, report(file_record(1, error="x" * 1000)), 413)


def test_names_of_files_that_are_no_text_are_stored(client: FlaskClient) -> None:
    post(client, report(file_record(1, sent=0, error="cannot copy a\udcff.pb")))
    assert client.get(f"{PATH}/{RUN}").json["clients"][0]["error"] == "cannot copy a\ufffd.pb"


def test_runs_come_in_pages_the_newest_first(client: FlaskClient) -> None:
    post(client, report(*(file_record(n, run=RUN + n) for n in range(1, 4))))
    first = client.get(f"{PATH}?limit=2").json
    assert ([each["run"] for each in first["runs"]], first["next"]) == ([RUN + 3, RUN + 2], RUN + 2)
    last = client.get(f"{PATH}?limit=2&before={first['next']}").json
    assert [each["run"] for each in last["runs"]] == [RUN + 1, RUN]
    assert client.get(f"{PATH}?befor=3").status_code == 400
    assert client.get(f"{PATH}?before={2**62}").status_code == 200


def test_a_run_has_all_that_was_reported_of_it(client: FlaskClient) -> None:
    post(client, report(file_record(1), root_record(2), state=fu_state(clients=(process(7),))))
    post(client, report(concatenation_record(1), merge_record(2), delivery_record(3), mode="bu", state=bu_state()))
    answer = client.get(f"{PATH}/{RUN}")
    found = answer.json
    assert found["state"] == "ongoing"
    assert [(each["host"], each["client"], each["snapshots"], len(each["processes"])) for each in found["clients"]] == [
        ("fu-1", "SiStrip", 1, 1)
    ]
    assert [len(found[name]) for name in ("hosts", "concatenations", "merges", "deliveries", "problems")] == [2, 1, 1, 1, 0]
    assert client.get(f"{PATH}/{RUN}", headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304


def test_a_run_has_the_inputs_of_its_newest_concatenation_and_each_other_has_an_address(client: FlaskClient) -> None:
    post(client, report(*(concatenation_record(n, digest=f"{n:032x}") for n in (1, 2)), mode="bu", state=bu_state()))
    newest, older = client.get(f"{PATH}/{RUN}").json["concatenations"]
    assert [each["client"] for each in newest["inputs"]] == ["SiStrip", "CTPPS"]
    assert "inputs" not in older
    whole = client.get(f"{PATH}/{RUN}/concatenations/{older['number']}").json
    assert {**older, "inputs": newest["inputs"], "examples": newest["examples"]} == whole
    for run, number in ((RUN, 2**70), (RUN, 99), (RUN + 1, older["number"])):
        assert client.get(f"{PATH}/{run}/concatenations/{number}").status_code == 404


@pytest.mark.parametrize("run", [1, 2**31, 2**70])
def test_a_run_without_reports_is_404(client: FlaskClient, run: int) -> None:
    answer = client.get(f"{PATH}/{run}")
    assert answer.status_code == 404
    assert "message" in answer.json


def test_hosts_have_their_clocks_and_what_clean_up_did(client: FlaskClient) -> None:
    post(client, report(cleanup_record(1), mode="cleanup", now=time.time() + 7200))
    found = client.get(f"{PATH}/hosts").json
    (host,) = found["hosts"]
    assert host["skew_s"] == pytest.approx(7200, abs=60)
    assert not host["is_silent"]
    assert [each["removed"] for each in found["cleanup"]] == [3]
    assert found["cleanup"][0]["at"] == pytest.approx(NOW - 7200, abs=60)


def test_the_state_of_clean_up_before_its_first_round_is_stored(client: FlaskClient, hub: Settings) -> None:
    assert post(client, report(mode="cleanup", state={"folder": "/data", "mark": 0.9}))["refused"] == []
    assert client.get(f"{PATH}/hosts").json["hosts"][0]["disks"] == {}


def test_examples_of_a_concatenation_may_be_an_object_of_the_clients_by_name(client: FlaskClient) -> None:
    post(client, report(concatenation_record(1, examples={"DQM/a": ["SiStrip", "CTPPS"]}), mode="bu"))
    assert client.get(f"{PATH}/{RUN}").json["concatenations"][0]["examples"] == [["DQM/a", "SiStrip", "CTPPS"]]
