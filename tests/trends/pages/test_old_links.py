"""Addresses of the pages of the original lead to the same view; the meaning of their fields is that of its scripts."""

from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient

from app.trends.golden.store import store_golden
from app.trends.groups import DisplayGroup
from app.trends.groups.store import add_group
from tests.trends.query.points_of_tests import TrendStore

pytestmark = pytest.mark.slow

CHOICE = "subsystem=DT&pd=StreamExpress&ps=Express"
NEW = f"/trends?{CHOICE}"


@pytest.fixture
def six_trends(store: TrendStore) -> TrendStore:
    """Trends a to f of DT with points of Express."""
    store.configure("DT", **{name: f"basic.Mean() DT/{name}" for name in "abcdef"})
    store.facts(355001)
    store.add(355001, dict.fromkeys("abcdef", (1.0, 0.1)))
    return store


@pytest.mark.parametrize("path", ["/hdqm", "/hdqm/", "/hdqm/index.html", "/trends"])
@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("filter=latest&filterValue=50&options=14&page=1", "&page=1"),
        ("filter=latest&filterValue=100&options=14", "&runs=latest:100"),
        ("filter=range&filterValue=355000,355100&options=15", "&runs=355000-355100&errors=1"),
        ("filter=list&filterValue=355001,355003&options=0", "&runs=355001,355003&fills=0&duration=0&regression=0"),
        ("filter=latest&filterValue=50&options=30&search=a", "&search=a&x=duration"),
        ("filter=latest&filterValue=50&options=46&page=2", "&page=2&x=delivered"),
        ("filter=latest&filterValue=50&options=78", "&x=time"),
        ("filter=json&filterValue=&options=46", "&filter=json&x=delivered"),
    ],
)
def test_an_old_address_leads_to_the_same_view(client: FlaskClient, six_trends: TrendStore, path: str, old: str, new: str) -> None:
    answer = client.get(f"{path}?{CHOICE}&{old}")
    assert answer.status_code == 302
    location = answer.headers["Location"]
    assert location == NEW + new
    followed = client.get(location)
    assert followed.status_code == (400 if "json" in new else 200), "a golden JSON was never in an address; the page says so"


def test_the_address_without_a_view_leads_to_the_page(client: FlaskClient, six_trends: TrendStore) -> None:
    assert client.get("/hdqm/").headers["Location"] == "/trends"


@pytest.mark.parametrize(
    "wrong", ["options=200", "options=x", "options=48", "filter=month&filterValue=3", "filter=range&filterValue=355000", "fsPlot=9"]
)
def test_what_an_old_address_has_wrong_is_named_by_the_page(client: FlaskClient, six_trends: TrendStore, wrong: str) -> None:
    answer = client.get(f"/hdqm/?{CHOICE}&{wrong}", follow_redirects=True)
    assert answer.status_code == 400
    for field in wrong.split("&"):
        assert f"<b><bdi>{field.partition('=')[0]}</bdi></b>" in answer.text


def test_an_old_address_with_a_golden_json_shows_the_usual_runs_not_those_of_another_list(
    client: FlaskClient, six_trends: TrendStore
) -> None:
    store_golden(b'{"300000": [[1, 2]]}', "other.json")
    answer = client.get(f"/hdqm/?{CHOICE}&filter=json&filterValue=&options=14", follow_redirects=True)
    assert answer.status_code == 400
    assert "<b><bdi>filter</bdi></b>" in answer.text
    assert "HDQM kept no golden JSON in its addresses: upload it on the page /trends/golden" in answer.text
    assert re.search(r'name="latest"[^>]* value="50"', answer.text), "the usual runs"
    assert "golden:" not in answer.text


def test_the_full_screen_of_an_old_address_is_that_of_its_chart(client: FlaskClient, six_trends: TrendStore) -> None:
    add_group(DisplayGroup("g", "", "", "DT", True, ("c", "d")))
    old = f"/hdqm/?{CHOICE}&filter=range&filterValue=355000,355100&options=15&page=1&fsPlot="
    options = "&runs=355000-355100&errors=1"
    pair = "series=DT/c/StreamExpress/Express&series=DT/d/StreamExpress/Express"

    def chart(address: str) -> str:
        return client.get(address).headers["Location"].partition("&back=")[0]

    assert chart(old + "0") == f"/trends/chart?{pair}{options}&correlate=1"
    assert chart(old + "2") == f"/trends/chart?series=DT/b/StreamExpress/Express{options}"
    second_page = f"/hdqm/?{CHOICE}&page=2&fsPlot=0"
    assert chart(second_page) == "/trends/chart?series=DT/f/StreamExpress/Express"
