"""Bands of reference runs and drifts on the page of trends: numbers for scripts, words with links for everybody."""

from __future__ import annotations

import math
import re
import statistics

import numpy as np
import pytest
from flask.testing import FlaskClient

from app.trends.query.packed import unpack
from tests.trends.query.points_of_tests import TrendStore

pytestmark = pytest.mark.slow

FIRST = 355_001
PAGE = "/trends?subsystem=DT&pd=StreamExpress&ps=Express&runs=355001-355400"
POINTS = PAGE.replace("/trends", "/trends/points")
STEP_AT = 120
VALUES = [round(19_700 + 100 * value, 1) for value in np.random.default_rng(7).normal(size=200).tolist()]
VALUES[STEP_AT:] = [value + 500 for value in VALUES[STEP_AT:]]


@pytest.fixture
def charge(store: TrendStore) -> TrendStore:
    """A trend with a step of 5 sigma at run 355121, of which run 355003 has no point, and a trend with 3 points."""
    store.configure("DT", charge="basic.Mean() DT/charge", rare="basic.Mean() DT/rare")
    runs = range(FIRST, FIRST + len(VALUES))
    store.facts(*runs)
    for index, run in enumerate(runs):
        store.add(run, {"charge": "Empty histogram" if run == 355003 else (VALUES[index], 10.0)})
        if index < 3:
            store.add(run, {"rare": (1.0, 0.1)})
    return store


def test_the_numbers_of_a_series_are_those_of_its_shown_points(client: FlaskClient, charge: TrendStore) -> None:
    series, rare = unpack(client.get(POINTS).data)["series"]
    points = VALUES[:2] + VALUES[3:]
    found = series["statistics"]
    assert found["count"] == 199
    assert (found["mean"], found["rms"]) == pytest.approx((statistics.fmean(points), statistics.pstdev(points)))
    assert (found["median"], found["weighted_mean"]) == pytest.approx((statistics.median(points), statistics.fmean(points)))
    assert (series["band"], series["drift"]) == (None, [])
    assert rare["statistics"]["count"] == 3


def test_a_band_is_that_of_the_reference_runs(client: FlaskClient, charge: TrendStore) -> None:
    series, rare = unpack(client.get(f"{POINTS}&band=355001-355100&sigma=2").data)["series"]
    reference = VALUES[:2] + VALUES[3:100]
    mean, sigma = statistics.fmean(reference), statistics.stdev(reference)
    assert (series["band"]["mean"], series["band"]["sigma"]) == pytest.approx((mean, sigma))
    assert (series["band"]["low"], series["band"]["high"]) == pytest.approx((mean - 2 * sigma, mean + 2 * sigma))
    assert (series["band"]["runs"], series["band"]["count"]) == ("355001-355100", 99)
    assert rare["band"] is None


def test_a_robust_band_is_that_of_the_median(client: FlaskClient, charge: TrendStore) -> None:
    charge.add(355001, {"charge": (1e6, 10.0)})
    address = f"{PAGE}&band=355001-355100&robust=1"
    series, _ = unpack(client.get(address.replace("/trends", "/trends/points")).data)["series"]
    reference = [1e6, *VALUES[1:2], *VALUES[3:100]]
    median = statistics.median(reference)
    distance = statistics.median(abs(value - median) for value in reference)
    sigma = distance / statistics.NormalDist().inv_cdf(0.75)
    assert (series["band"]["mean"], series["band"]["sigma"]) == pytest.approx((median, sigma))
    text = client.get(address).text
    assert "median 19," in text
    assert re.search(r'name="robust" value="1" checked', text)


def test_reference_runs_may_be_others_than_the_shown_ones(client: FlaskClient, charge: TrendStore) -> None:
    series = unpack(
        client.get(PAGE.replace("/trends", "/trends/points").replace("355001-355400", "latest:20") + "&band=355001-355100").data
    )["series"]
    assert series[0]["band"]["count"] == 99
    assert series[0]["statistics"]["count"] == 20


def test_a_step_is_marked_at_its_run_with_its_size(client: FlaskClient, charge: TrendStore) -> None:
    header = unpack(client.get(f"{POINTS}&drift=1").data)
    ((step,), _) = (series["drift"] for series in header["series"])
    assert (step["run"], int(header["runs"]["run"][step["index"]])) == (FIRST + STEP_AT, FIRST + STEP_AT)
    assert step["shift"] == pytest.approx(500, abs=3 * 100 * math.sqrt(1 / 80 + 1 / 120))


def test_band_and_drift_are_words_with_links_without_scripts(client: FlaskClient, charge: TrendStore) -> None:
    text = client.get(f"{PAGE}&band=355001-355100&drift=1").text
    reference = VALUES[:2] + VALUES[3:100]
    mean, sigma = statistics.fmean(reference), statistics.stdev(reference)
    assert f"mean {round(mean):,} ± {round(sigma)} from 99 runs 355001-355100, 3 sigma" in text
    assert "no band: 3 of the reference runs have a point, at least 5 are needed" in text
    assert re.search(
        r'<a href="/trends/point\?series=DT/charge/StreamExpress/Express&amp;run=355121">run 355121</a>: \+[45]\d\d \(\+\d\.\d sigma\)',
        text,
    )
    outside = sum(abs(value - mean) > 3 * sigma for value in VALUES[:2] + VALUES[3:])
    assert f"{outside} of 199" in text
    assert "Reference band and drift" in text
    assert "at most 1%" in text, "the parameters are on the page"
    assert "Sigma of a step is the spread of points without steps and slopes, not that of the band" in text


def test_the_page_without_band_and_drift_has_no_such_part(client: FlaskClient, charge: TrendStore) -> None:
    text = client.get(PAGE).text
    assert 'id="trend-analysis"' not in text
    assert 'name="band"' in text
    assert 'name="drift"' in text


def test_the_form_has_the_band_of_the_address(client: FlaskClient, charge: TrendStore) -> None:
    text = client.get(f"{PAGE}&band=355001-355100&sigma=2.5&drift=1").text
    assert re.search(r'name="band" value="355001-355100"', text)
    assert re.search(r'name="sigma"[^>]* value="2.5"', text)
    assert re.search(r'name="drift" value="1" checked', text)


def test_a_wrong_band_is_named_and_the_page_stays(client: FlaskClient, charge: TrendStore) -> None:
    answer = client.get(f"{PAGE}&band=yesterday")
    assert answer.status_code == 400
    assert "is no choice of runs" in answer.text
    assert '<figure class="trend-chart"' in answer.text
