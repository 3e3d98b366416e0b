"""The stand-ins behave as the originals: refusals without a token, filters, paging, and the runs of the simulated P5."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.support.p5 import run_simulator
from tests.support.patience import PATIENCE_S
from tests.support.processes import until
from tests.support.run_services import RunServicesProcess, run_services

pytestmark = pytest.mark.slow


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


def send(services: RunServicesProcess, path: str, body: bytes | None = None, **headers: str) -> tuple[int, Any]:
    request = urllib.request.Request(services.address + path, body, headers)
    try:
        with urllib.request.build_opener(NoRedirect).open(request, timeout=PATIENCE_S) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        text = error.read()
        return error.code, json.loads(text) if text else None


def token(services: RunServicesProcess, audience: str) -> str:
    form = {"grant_type": "client_credentials", "audience": audience, "client_id": "dqmhub", "client_secret": "dqmhub-demo-secret"}
    _, body = send(services, "/auth/realms/cern/api-access/token", urlencode(form).encode())
    return f"Bearer {body['access_token']}"


@pytest.fixture
def oms(services: RunServicesProcess) -> Any:
    header = token(services, "cmsoms-prod")
    return lambda query: send(services, f"/agg/api/v1/{query}", Authorization=header)


def test_without_a_token_oms_redirects_and_a_wrong_one_is_401(services: RunServicesProcess) -> None:
    path = "/agg/api/v1/runs?filter[run_number]=367100"
    assert send(services, path)[0] == 302
    assert send(services, path, Authorization="Bearer x")[0] == 401
    assert send(services, path, Authorization=token(services, "cmsrunregistry-sso-proxy"))[0] == 401
    assert send(services, path, Authorization=token(services, "cmsoms-prod"))[0] == 200


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ("filter[run_number][eq]=367100", [367100]),
        ("filter[run_number]=367100", [367100]),
        ("filter[run_number][EQ]=367100", [367100]),
        ("filter[run_number][GE]=399990&filter[run_number][lt]=399993&sort=run_number", [399990, 399991, 399992]),
        ("filter[run_number][ge]=399990&sort=-run_number&page[limit]=2", [399999, 399998]),
        ("filter[run_number][ge]=399990&sort=-run_number&page[limit]=2&page[offset]=2", [399997, 399996]),
        ("filter[run_number][eq]=500016", []),
    ],
)
def test_filters_sorting_and_pages_of_oms(oms: Any, query: str, numbers: list[int]) -> None:
    status, body = oms(f"runs?{query}&fields=run_number")
    assert status == 200
    assert [row["attributes"] for row in body["data"]] == [{"run_number": number} for number in numbers]


def test_a_page_has_ten_rows_by_default_and_a_link_to_the_next(oms: Any) -> None:
    _, body = oms("lumisections?filter[run_number][eq]=367101")
    assert len(body["data"]) == min(10, body["meta"]["totalResourceCount"])
    assert ("next" in body["links"]) == (body["meta"]["totalResourceCount"] > 10)


def test_an_unknown_attribute_is_refused(oms: Any) -> None:
    status, body = oms("runs?filter[colour][eq]=red&filter[run_number][eq]=367100")
    assert status == 400
    assert "colour" in body["errors"][0]["detail"]


@pytest.mark.parametrize(
    ("wanted", "numbers"),
    [
        ({"run_number": 367100}, [367100]),
        ({"run_number": {"and": [{">=": 367100}, {"<=": 367102}]}}, [367102, 367101, 367100]),
        ({"run_number": {"OR": [{"=": 367100}, {"=": 367105}]}}, [367105, 367100]),
        ({"run_number": {"and": [{">=": 367100}, {"<=": 367102}]}, "rr_attributes.class": {"like": "%ork%"}}, []),
    ],
)
def test_filters_of_the_run_registry(services: RunServicesProcess, wanted: dict[str, Any], numbers: list[int]) -> None:
    header = token(services, "cmsrunregistry-sso-proxy")
    body = json.dumps({"page": 0, "page_size": 10, "sortings": [], "filter": wanted}).encode()
    status, answer = send(services, "/api/runs_filtered_ordered", body, Authorization=header)
    assert status == 200
    assert [row["run_number"] for row in answer["runs"]] == numbers


def test_an_unknown_column_is_an_error_of_the_run_registry(services: RunServicesProcess) -> None:
    header = token(services, "cmsrunregistry-sso-proxy")
    status, answer = send(services, "/api/runs_filtered_ordered", b'{"filter": {"run_number": 367100, "colour": 1}}', Authorization=header)
    assert status == 500
    assert "colour" in answer["err"]


@pytest.mark.parametrize(
    ("change", "status", "error"),
    [
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"client_secret": "wrong"}, 401, "unauthorized_client"),
        ({"audience": "nobody"}, 400, "invalid_client"),
    ],
)
def test_refusals_of_the_token_server(services: RunServicesProcess, change: dict[str, str], status: int, error: str) -> None:
    form = {"grant_type": "client_credentials", "audience": "cmsoms-prod", "client_id": "dqmhub", "client_secret": "dqmhub-demo-secret"}
    answer = send(services, "/auth/realms/cern/api-access/token", urlencode({**form, **change}).encode())
    assert (answer[0], answer[1]["error"]) == (status, error)


@pytest.fixture
def following() -> Iterator[tuple[RunServicesProcess, dict[str, Any]]]:
    """Stand-ins beside a simulator of P5, and its production system."""
    with run_simulator("--speed", "0") as p5, run_services("--p5", p5.address) as services:
        yield services, p5.status()["systems"]["production"]


def test_the_runs_of_the_simulated_p5_have_their_times_from_the_first_answer_on(
    following: tuple[RunServicesProcess, dict[str, Any]],
) -> None:
    services, production = following
    header = token(services, "cmsoms-prod")
    starts = {run["run"]: run["started"] for run in production["conditions"]}
    newest = max(starts)
    for number in sorted(starts)[-2:]:
        _, body = send(services, f"/agg/api/v1/runs?filter[run_number]={number}", Authorization=header)
        attributes = body["data"][0]["attributes"]
        assert datetime.fromisoformat(attributes["start_time"]).timestamp() == int(starts[number])
        assert (attributes["end_time"] is None) == (number == newest)


def test_a_simulated_p5_without_a_run_yet_does_not_end_the_stand_ins() -> None:
    with run_simulator("--speed", "0", "--quiet-start") as p5, run_services("--p5", p5.address) as services:
        assert not p5.status()["systems"]["production"]["conditions"]
        run = p5.incident("start_run", lumis=10)["run"]
        header = token(services, "cmsoms-prod")
        started = p5.status()["systems"]["production"]["conditions"][0]["started"]

        def has_its_time() -> bool:
            _, body = send(services, f"/agg/api/v1/runs?filter[run_number]={run}", Authorization=header)
            return bool(datetime.fromisoformat(body["data"][0]["attributes"]["start_time"]).timestamp() == int(started))

        until(has_its_time, "the start of the first run of the simulated P5")
