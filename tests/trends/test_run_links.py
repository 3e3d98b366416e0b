"""Pages of a run in other areas lead to the trends around it."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from app.core.settings import Settings
from app.square.models import Run
from tests.trends.query.points_of_tests import TrendStore

pytestmark = pytest.mark.both_databases

PROMPT = "/StreamExpress/Run2022C-PromptReco-v1/DQMIO"


@pytest.fixture
def store(hub: Settings) -> TrendStore:
    """100 runs of trend a of DT, 355000, 355002 and so on."""
    store = TrendStore(hub)
    store.configure("DT", a="basic.Mean() DT/a")
    for number in range(100):
        store.add(355000 + 2 * number, {"a": (1.0, 0.1)})
    return store


def run_page(client: FlaskClient, run: int) -> str:
    """The page of a run of DQM^2."""
    Run.insert(system="production", run=run, first=0.0, last=0.0, version=1).on_conflict_ignore().execute()
    return client.get(f"/square/runs/{run}").text


def test_a_run_leads_to_trends_of_25_runs_on_each_side(client: FlaskClient, store: TrendStore) -> None:
    link = '<a href="/trends?pd=StreamExpress&amp;ps=Express&amp;runs=355050-355150">Trends around this run</a>'
    assert link in run_page(client, 355100)
    assert "runs=355146-355198" in run_page(client, 355196)
    store.add(355102, {"a": (1.0, 0.1)}, PROMPT)
    assert '<a href="/trends?runs=355052-355152">' in run_page(client, 355102), "of several processings, people choose"


def test_a_run_without_points_has_no_such_link(client: FlaskClient, store: TrendStore) -> None:
    assert "Trends around" not in run_page(client, 355001)
