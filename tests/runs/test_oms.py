"""The client of OMS against the stand-in: real rows, paging, units, and each fault with an outcome of its own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from app.runs import errors, tokens
from app.runs.oms import MAX_ROW_BYTES, OmsClient
from app.runs.settings import BITS
from tests.support.processes import until
from tests.support.run_services import RunServicesProcess, run_services

pytestmark = pytest.mark.slow

RUN = 367123


@contextmanager
def client_of(services: RunServicesProcess, **changes: Any) -> Iterator[OmsClient]:
    client = OmsClient(services.settings(**changes))
    try:
        yield client
    finally:
        client.close()


@pytest.fixture
def oms(services: RunServicesProcess) -> Iterator[OmsClient]:
    with client_of(services) as client:
        yield client


def test_the_real_runs_of_2018_are_read_with_all_attributes(fixtures_dir: Path) -> None:
    file = fixtures_dir / "hdqm" / "oms_run_rows_2018.json"
    tokens._tokens.clear()
    with run_services("--rows", str(file)) as services, client_of(services) as oms:
        for row in json.loads(file.read_text()):
            run = oms.run(row["run"])
            assert run is not None
            start, end = (datetime.fromisoformat(row[name]).replace(tzinfo=UTC).timestamp() for name in ("start_time", "end_time"))
            assert (run.start, run.end, run.fill) == (start, end, row["fill_number"])
            assert (run.texts["l1_key"], run.texts["hlt_key"]) == (row["l1_key"], row["hlt_key"])
            for name, found in run.quantities.items():
                assert found.value == pytest.approx(row[name], rel=1e-12), name


def test_numbers_stay_numbers_whether_or_not_oms_sends_units(services: RunServicesProcess, oms: OmsClient) -> None:
    services.change(RUN, oms={"recorded_lumi": 174.6, "end_lumi": 14600})
    with_units = oms.run(RUN)
    services.change(RUN, oms={"end_lumi": 1.46})
    services.post("state", {"with_units": False})
    without = oms.run(RUN)
    assert with_units is not None
    assert without is not None
    assert with_units.quantities["end_lumi"].value == pytest.approx(1.46)
    assert with_units.quantities["recorded_lumi"] == without.quantities["recorded_lumi"] == (174.6, "/pb")
    assert without.quantities["end_lumi"] == (1.46, with_units.quantities["end_lumi"].unit)


def test_an_unknown_run_is_none(services: RunServicesProcess, oms: OmsClient) -> None:
    assert oms.run(500016) is None
    services.change(RUN, oms=None)
    assert oms.run(RUN) is None


def test_an_ongoing_run_has_no_end_and_null_luminosities(services: RunServicesProcess, oms: OmsClient) -> None:
    services.change(RUN, oms={"end_time": None, "recorded_lumi": None, "delivered_lumi": None, "duration": None, "b_field": None})
    run = oms.run(RUN)
    assert run is not None
    assert run.start is not None
    assert run.end is None
    assert {run.quantities[name].value for name in ("recorded_lumi", "delivered_lumi", "duration", "b_field")} == {None}


def test_late_luminosity_is_found_by_a_second_request(services: RunServicesProcess, oms: OmsClient) -> None:
    services.change(RUN, oms={"recorded_lumi": 1.0})
    first = oms.run(RUN)
    services.change(RUN, oms={"recorded_lumi": 1.5})
    second = oms.run(RUN)
    assert first is not None
    assert second is not None
    assert [run.quantities["recorded_lumi"].value for run in (first, second)] == [1.0, 1.5]


def test_the_answer_for_another_run_is_not_taken(services: RunServicesProcess, oms: OmsClient) -> None:
    services.fault("oms", "text", body='{"data": [{"id": "1", "attributes": {"run_number": 1}}]}')
    with pytest.raises(errors.BadAnswer, match=f"run 1 in place of {RUN}"):
        oms.run(RUN)


def test_lumisections_with_dcs_bits_are_counted(services: RunServicesProcess, oms: OmsClient) -> None:
    services.change(RUN, lumis=10, lumisections={f"{bit}_ready": True for bit in BITS})
    assert oms.lumis_with(RUN, BITS) == 10
    services.change(RUN, lumisections={"tob_ready": False})
    assert oms.lumis_with(RUN, BITS) == 0
    assert oms.lumis_with(RUN, ["dtm", "dtp"]) == 10
    services.change(RUN, lumisections={"dtm_ready": None})
    assert oms.lumis_with(RUN, ["dtm", "dtp"]) == 0


def test_a_fill_has_scheme_and_era(oms: OmsClient) -> None:
    fill = oms.fill(8700)
    assert fill is not None
    assert fill.era.startswith("2023")
    assert fill.injection_scheme.startswith("25ns_")


@pytest.mark.parametrize(
    ("fault", "kind", "words"),
    [
        ({"kind": "status", "code": 429, "retry_after": "17"}, errors.TooManyRequests, "OMS demands a pause of 17 s"),
        ({"kind": "status", "code": 503, "retry_after": "5"}, errors.TooManyRequests, "OMS demands a pause of 5 s"),
        ({"kind": "status", "code": 500}, errors.ServiceFailed, "OMS fails .status 500"),
        ({"kind": "status", "code": 503}, errors.ServiceFailed, "OMS fails .status 503"),
        ({"kind": "status", "code": 403}, errors.AccessDenied, "OMS refuses access .status 403"),
        ({"kind": "status", "code": 400, "body": '{"errors": [{"detail": "no such field"}]}'}, errors.RequestRefused, "no such field"),
        ({"kind": "login_page"}, errors.SignInRequired, "a page in place of JSON"),
        ({"kind": "redirect"}, errors.SignInRequired, "OMS redirects .status 302. to https://auth.cern.ch"),
        ({"kind": "text"}, errors.BadAnswer, "no JSON"),
        ({"kind": "text", "body": "[" * 100_000}, errors.BadAnswer, "no JSON"),
        ({"kind": "text", "body": "[]"}, errors.BadAnswer, "no JSON object"),
        ({"kind": "text", "body": '{"data": {}}'}, errors.BadAnswer, "no list `data`"),
        ({"kind": "text", "body": '{"data": [{"id": "1"}]}'}, errors.BadAnswer, "a row without attributes"),
        ({"kind": "close", "count": 2}, errors.ServiceUnreachable, "OMS is unreachable"),
    ],
)
def test_each_fault_is_an_outcome_of_its_own(
    services: RunServicesProcess, oms: OmsClient, fault: dict[str, Any], kind: type[Exception], words: str
) -> None:
    assert oms.run(RUN) is not None
    services.fault("oms", **fault)
    with pytest.raises(kind, match=words) as error:
        oms.run(RUN)
    assert type(error.value) is kind
    services.fault("oms")
    assert oms.run(RUN) is not None


def test_an_answer_much_longer_than_a_row_is_not_parsed(services: RunServicesProcess, oms: OmsClient) -> None:
    services.fault("oms", "text", body='{"data": [' + "{}," * 100_000 + "{}]}")
    with pytest.raises(errors.BadAnswer, match="the answer is longer than 256 kB"):
        oms.run(RUN)


def test_a_row_with_all_attributes_of_oms_is_far_below_the_limit(services: RunServicesProcess, oms: OmsClient) -> None:
    row = oms.client.get("runs", {"filter[run_number][eq]": RUN}, 1 << 24)
    assert 10 * len(json.dumps(row)) < MAX_ROW_BYTES


def test_a_slow_answer_ends_with_the_deadline(services: RunServicesProcess, oms: OmsClient) -> None:
    assert oms.run(RUN) is not None  # with a token that the client below uses, too
    services.fault("oms", "slow", count=-1, seconds=3600)
    caught: list[errors.ServiceError] = []

    def is_cut_behind_its_request() -> bool:
        with client_of(services, runs_timeout_s=1.0) as patient, pytest.raises(errors.ServiceError) as error:
            patient.run(RUN)
        caught.append(error.value)
        return isinstance(error.value, errors.ServiceTimeout)

    until(is_cut_behind_its_request, "the deadline, when the client is connected")
    assert "OMS is too slow: no answer within" in str(caught[-1])


def test_nobody_listens(services: RunServicesProcess) -> None:
    from tests.support.raw_server import closed

    with (
        client_of(services, runs_oms_url=f"http://{closed()}") as oms,
        pytest.raises(errors.ServiceUnreachable, match="OMS is unreachable"),
    ):
        oms.run(RUN)


def test_authorities_that_cannot_be_read_are_named_with_the_setting(services: RunServicesProcess) -> None:
    changes = {"runs_oms_url": "https://127.0.0.1:1/agg/api/v1", "runs_ca": "/nonexistent.pem", "runs_client_id": ""}
    with (
        client_of(services, **changes) as oms,
        pytest.raises(errors.ServiceUnreachable, match=r"/nonexistent.pem.*check its address and runs_ca"),
    ):
        oms.run(RUN)
