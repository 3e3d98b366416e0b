"""A chart as a file has every run with exact numbers, and no text that a spreadsheet takes for a formula."""

from __future__ import annotations

import csv
import io
import json

import pytest
from flask.testing import FlaskClient

from tests.support.queries import queries
from tests.trends.query.points_of_tests import TrendStore

pytestmark = pytest.mark.both_databases

A = "series=DT/a/StreamExpress/Express"
B = "series=DT/b/StreamExpress/Express"
EXACT = 0.1 + 0.2


@pytest.fixture
def points(store: TrendStore) -> TrendStore:
    """Trends a and b of DT in three runs; one value is negative, one reason looks like a formula."""
    store.configure("DT", a="basic.Mean() DT/a", b="basic.Mean() DT/b")
    store.facts(355001, fill=8001, start=1657661000.0, end=1657664600.0)
    store.add(355001, {"a": (EXACT, 1e-7), "b": "=1+1"})
    store.add(355002, {"a": (-1.5, 0.0), "b": (3.0, 0.25, "few entries: 1 of 9")})
    store.add(355003, {"a": (2.0, 0.5)})
    return store


def test_csv_has_each_run_with_exact_values_and_notes(client: FlaskClient, points: TrendStore) -> None:
    answer = client.get(f"/trends/chart.csv?{A}&{B}")
    assert answer.headers["Content-Disposition"] == "attachment; filename=DT_a_StreamExpress_Express_and_1_more.csv"
    first, second, third = list(csv.DictReader(io.StringIO(answer.text)))
    key = "DT/a/StreamExpress/Express"
    assert (first["run"], first["fill"], first["start (UTC)"], first["class"]) == ("355001", "8001", "2022-07-12T21:23:20Z", "Collisions22")
    assert (float(first[f"value of {key}"]), float(first[f"error of {key}"])) == (EXACT, 1e-7)
    assert second[f"value of {key}"] == "-1.5", "a number stays a number"
    other = "DT/b/StreamExpress/Express"
    assert (first[f"value of {other}"], first[f"note of {other}"]) == ("", "'=1+1")
    assert (second[f"value of {other}"], second[f"note of {other}"]) == ("3", "few entries: 1 of 9")
    assert third[f"note of {other}"] == "no file of this dataset"
    assert (third["fill"], third["significant"]) == ("", "unknown")


def test_json_has_null_where_nothing_is_known(client: FlaskClient, points: TrendStore) -> None:
    found = json.loads(client.get(f"/trends/chart.json?{A}&{B}&series=oms/duration").text)
    assert found["runs"]["run"] == [355001, 355002, 355003]
    assert found["runs"]["duration"] == [3600, None, None]
    a, b, duration = found["series"]
    assert a["values"] == [EXACT, -1.5, 2]
    assert (b["values"], b["errors"]) == ([None, 3, None], [None, 0.25, None])
    assert b["notes"] == {"355001": "=1+1", "355002": "few entries: 1 of 9", "355003": "no file of this dataset"}
    assert duration["values"] == [3600, None, None]


def test_files_have_the_runs_of_their_address(client: FlaskClient, points: TrendStore) -> None:
    assert json.loads(client.get(f"/trends/chart.json?{A}&runs=355002-355009").text)["runs"]["run"] == [355002, 355003]


def test_a_chart_of_many_series_with_missing_points_takes_as_many_queries_as_one_of_few(
    client: FlaskClient, store: TrendStore, database_kind: str
) -> None:
    if database_kind != "sqlite":
        pytest.skip("queries are counted with SQLite alone")
    names = [f"t{number}" for number in range(30)]
    store.configure("DT", **{name: f"basic.Mean() DT/{name}" for name in names})
    store.add(355001, dict.fromkeys(names, (1.0, 0.1)))
    store.add(355002, {"t0": (1.0, 0.1), "t1": (2.0, 0.1)})

    def address(*few: str) -> str:
        return "/trends/chart.csv?" + "&".join(f"series=DT/{name}/StreamExpress/Express" for name in few)

    client.get(address(*names))
    few, many = (len(queries(lambda each=each: client.get(address(*each)))) for each in (names[1:4], names[1:]))
    assert many == few
    (_, last) = csv.DictReader(io.StringIO(client.get(address(*names)).text))
    notes = [last[f"note of DT/{name}/StreamExpress/Express"] for name in names]
    assert notes == ["", "", *["no file of this dataset"] * 28]


@pytest.mark.parametrize("path", ["chart.csv", "chart.json", "chart/points", "chart"])
def test_more_values_than_an_answer_may_have_are_refused(
    client: FlaskClient, points: TrendStore, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    """Two series of three runs are six values."""
    monkeypatch.setattr("app.trends.query.size.MAX_VALUES", 5)
    answer = client.get(f"/trends/{path}?{A}&{B}&runs=355001-355003")
    assert answer.status_code == 400
    assert "request them in parts" in answer.text
    assert client.get(f"/trends/{path}?{A}&{B}&runs=latest:2").status_code == 200


@pytest.mark.parametrize("query", ["", "series=a", f"{A}&runs=x"])
def test_a_wrong_address_is_400(client: FlaskClient, points: TrendStore, query: str) -> None:
    assert client.get(f"/trends/chart.csv?{query}").status_code == 400
