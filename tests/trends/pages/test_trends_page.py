"""The page of trends: choices in steps, charts of what was chosen, and a sentence wherever there is nothing to show."""

from __future__ import annotations

import numpy as np
import pytest
from flask.testing import FlaskClient

from app.trends.query.packed import unpack
from tests.trends.query.points_of_tests import TrendStore

ALL = "/trends?subsystem=DT&pd=StreamExpress&ps=Express"


@pytest.fixture
def three_runs(store: TrendStore) -> TrendStore:
    """Trends a and b of DT in three runs, of which the second is not significant."""
    store.configure("DT", a="basic.Mean() DT/a", b="basic.Mean() DT/b")
    store.facts(355001, 355003)
    store.facts(355002, rr_significant=False, duration=10.0, recorded_lumi=0.0)
    for run in (355001, 355002, 355003):
        store.add(run, {"a": (run - 355000.0, 0.5), "b": "Empty histogram"})
    return store


def test_the_points_of_a_page_are_those_of_its_charts(client: FlaskClient, three_runs: TrendStore) -> None:
    header = unpack(client.get(ALL.replace("/trends", "/trends/points")).data)
    assert header["runs"]["run"].tolist() == [355001, 355003]
    assert [chart["title"] for chart in header["charts"]] == ["a", "b"]
    values = header["series"][header["charts"][0]["series"][0]]["values"]
    assert values.tolist() == [1.0, 3.0]
    assert np.isnan(header["series"][1]["values"]).all()


def test_the_page_has_a_figure_for_each_trend(client: FlaskClient, three_runs: TrendStore) -> None:
    text = client.get(ALL).text
    assert text.count('<figure class="trend-chart"') == 2
