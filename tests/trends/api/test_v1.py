"""/api/v1/trends: configurations, selections, and points as columns with full precision."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.trends.api.conftest import SELECTION
from tests.trends.query.points_of_tests import TrendStore

pytestmark = pytest.mark.slow

A, B = "DT/a/StreamExpress/Express", "DT/b/StreamExpress/Express"
POINTS = "/api/v1/trends/points"


def _json(client: FlaskClient, address: str, status: int = 200) -> Any:
    response = client.get(address)
    assert response.status_code == status, response.text
    return response.json


def test_configured_trends_are_listed(client: FlaskClient) -> None:
    first, second = _json(client, "/api/v1/trends")["trends"]
    assert (first["subsystem"], first["name"], first["metric"], first["me"], first["retired"]) == ("DT", "a", "basic.Mean()", "DT/a", False)
    assert (second["name"], second["metric"], second["y_title"]) == ("b", "basic.BinCount(2)", "Mean of b")
    assert _json(client, "/api/v1/trends?subsystem=Pixel") == {"trends": []}
    assert [each["name"] for each in _json(client, f"/api/v1/trends?{SELECTION}")["trends"]] == ["a", "b"]


def test_retired_trends_are_listed_if_wanted(store: TrendStore, client: FlaskClient) -> None:
    store.configure("DT", b="basic.BinCount(3) DT/b")
    assert [each["name"] for each in _json(client, "/api/v1/trends")["trends"]] == ["b"]
    found = _json(client, "/api/v1/trends?retired=1")["trends"]
    assert [(each["name"], each["retired"], each["metric"]) for each in found] == [
        ("a", True, "basic.Mean()"),
        ("b", False, "basic.BinCount(3)"),
    ]


def test_selections_are_a_tree(client: FlaskClient) -> None:
    assert _json(client, "/api/v1/trends/selections") == {"selections": {"DT": {"StreamExpress": ["Express"]}}}


def test_points_are_columns_of_equal_length_with_full_precision(client: FlaskClient) -> None:
    found = _json(client, f"{POINTS}?{SELECTION}&significant=all")
    assert found["runs"]["run"] == [355555, 355556, 355557, 357000]
    assert found["runs"]["fill"] == [8000, 8000, 8000, None]
    assert found["runs"]["significant"] == [True, False, True, None]
    assert found["runs"]["run_class"] == ["Collisions22", "Commissioning22", "Collisions22", None]
    assert found["runs"]["recorded_lumi"] == [100.0, 100.0, 100.0, None]
    first, second = found["series"]
    assert (first["key"], first["name"], first["metric"], first["current"]) == (A, "a", "basic.Mean()", True)
    assert first["values"] == [1 / 3, 7.0, 12.1049, 8.0]
    assert first["errors"] == [0.1, 0.5, 0.27094, 0.5]
    assert (second["values"], second["errors"]) == ([5.0, None, None, None], [0.0, None, None, None])
    assert (second["marks"], second["reasons"]) == ({"0": "few entries: 5 of 100"}, {"2": "ZeroDivisionError: division by zero"})


def test_runs_that_are_not_significant_are_hidden_and_counted(client: FlaskClient) -> None:
    found = _json(client, f"{POINTS}?{SELECTION}")
    assert (found["runs"]["run"], found["hidden"]) == ([355555, 355557, 357000], 1)
    assert "1 of 3 runs are shown although it is not known whether they are significant" in found["note"]
    assert _json(client, f"{POINTS}?{SELECTION}&significant=known")["runs"]["run"] == [355555, 355557]
    assert _json(client, f"{POINTS}?{SELECTION}&significant=all&class=commiss")["runs"]["run"] == [355556]


@pytest.mark.parametrize(
    ("runs", "expected"),
    [("latest:2", [355557, 357000]), ("355556-355600", [355557]), ("355555,355557,1", [355555, 355557]), ("1-9", [])],
)
def test_runs_are_chosen(client: FlaskClient, runs: str, expected: list[int]) -> None:
    assert _json(client, f"{POINTS}?series={A}&runs={runs}")["runs"]["run"] == expected


def test_series_of_any_kind_are_chosen_in_their_order(client: FlaskClient) -> None:
    found = _json(client, f"{POINTS}?series={B}&series=oms/duration&series=DT/plot:a/StreamExpress/Express&series={B}")
    assert [each["key"] for each in found["series"]] == [B, "oms/duration", A]
    assert found["series"][1]["values"] == [3600.0, 3600.0, None]
    assert (found["series"][1]["name"], found["series"][1]["subsystem"]) == ("duration", None)


def test_other_versions_are_series_of_their_own_if_wanted(store: TrendStore, client: FlaskClient) -> None:
    store.configure("DT", a="basic.StdDev() DT/a")
    store.add(358000, {"a": (3.0, 0.1)})
    found = _json(client, f"{POINTS}?series={A}&older=1&significant=all")
    assert [(each["metric"], each["current"]) for each in found["series"]] == [("basic.StdDev()", True), ("basic.Mean()", False)]
    assert [each["values"][-1] for each in found["series"]] == [3.0, None]
    assert [each["values"] for each in _json(client, f"{POINTS}?series={A}")["series"]] == [[3.0]]


@pytest.mark.parametrize(
    ("query", "status", "words"),
    [
        ("", 400, "Expected series="),
        ("subsystem=DT", 400, "pd and ps are missing"),
        (f"{SELECTION}&series={A}", 400, "not both"),
        ("series=DT/a", 400, "expected subsystem/name/primary dataset/processing"),
        ("series=oms/colour", 400, "one of duration, "),
        (f"series={A}&runs=new", 400, "expected latest:50"),
        (f"series={A}&runs=golden:0123456789abcdef", 404, "golden"),
        (f"series={A}&significant=no", 400, "significant"),
        ("series=DT/x/StreamExpress/Express", 404, "There is no series DT/x/StreamExpress/Express"),
        ("subsystem=DT&pd=ZeroBias&ps=Express", 404, "There are no trends of DT in ZeroBias with processing Express"),
    ],
)
def test_wrong_requests_are_refused_with_a_sentence(client: FlaskClient, query: str, status: int, words: str) -> None:
    found = _json(client, f"{POINTS}?{query}", status)
    assert found["status"] == status
    assert words in found["message"] + str(found["errors"])


def test_too_many_values_are_refused(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.trends.query.size.MAX_VALUES", 7)
    assert "request them in parts" in _json(client, f"{POINTS}?{SELECTION}&runs=1-999999", 400)["message"]
    assert _json(client, f"{POINTS}?{SELECTION}&runs=latest:3")["runs"]["run"]


@pytest.mark.parametrize("address", ["/api/v1/trends", "/api/v1/trends/selections", f"{POINTS}?{SELECTION}", "/hdqm/api/selection"])
def test_an_answer_is_304_until_something_changes(store: TrendStore, client: FlaskClient, address: str) -> None:
    etag = client.get(address).headers["ETag"]
    assert client.get(address, headers={"If-None-Match": etag}).status_code == 304
    store.configure("DT", a="basic.Mean() DT/a", b="basic.BinCount(4) DT/b")
    later = client.get(address, headers={"If-None-Match": etag})
    assert (later.status_code, later.headers["ETag"] == etag) == (200, False)


def test_trends_of_a_selection_are_listed_as_soon_as_they_have_points(store: TrendStore, client: FlaskClient) -> None:
    store.configure("DT", a="basic.Mean() DT/a", b="basic.BinCount(2) DT/b", c="basic.Mean() DT/c")
    address = f"/api/v1/trends?{SELECTION}"
    before = client.get(address)
    assert [each["name"] for each in before.json["trends"]] == ["a", "b"]
    store.add(357000, {"c": (1.0, 0.1)})
    after = client.get(address, headers={"If-None-Match": before.headers["ETag"]})
    assert after.status_code == 200
    assert [each["name"] for each in after.json["trends"]] == ["a", "b", "c"]


@pytest.mark.parametrize("change", ["a point", "facts of a run"])
def test_points_are_no_longer_304_after(store: TrendStore, client: FlaskClient, change: str) -> None:
    address = f"{POINTS}?{SELECTION}"
    etag = client.get(address).headers["ETag"]
    if change == "a point":
        store.add(355557, {"a": (1.0, 0.1)})
    else:
        store.facts(357000)
    assert client.get(address, headers={"If-None-Match": etag}).status_code == 200
