"""The address of a chart holds all of its state."""

from __future__ import annotations

import string
from urllib.parse import urlsplit

from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from app.trends.pages.chart_options import AXES
from app.trends.pages.chart_view import ChartView, chart_view_from_query
from app.trends.query.run_choice import RunChoice
from app.trends.query.series_key import QUANTITIES, RunQuantity, SeriesKey

parts = st.text(string.ascii_letters + string.digits + "_+-.&=%# é", min_size=1).filter(lambda text: text.strip() == text and text != "oms")
keys = st.builds(SeriesKey, parts, parts, parts, parts) | st.sampled_from([RunQuantity(name) for name in QUANTITIES])
ends = st.none() | st.floats(-1e12, 1e12)
choices = st.integers(1, 100_000).map(RunChoice.newest) | st.lists(st.integers(1, 2**31 - 1), min_size=1, max_size=5).map(RunChoice.of)
app = Flask(__name__)


@st.composite
def views(draw: st.DrawFn) -> ChartView:
    series = tuple(draw(st.lists(keys, min_size=1, max_size=5, unique=True)))
    low, high = draw(ends), draw(ends)
    return ChartView(
        series=series,
        runs=draw(choices),
        x=draw(st.sampled_from(list(AXES))),
        errors=draw(st.booleans()),
        fills=draw(st.booleans()),
        y_min=low,
        y_max=high if low is None or high is None or high > low else None,
        correlate=draw(st.booleans()) and len(series) in (2, 3),
        run=draw(st.integers(0, 2**31 - 1)),
        chosen=draw(st.integers(0, len(series) - 1)),
        table=draw(st.booleans()),
        back=draw(st.text(string.ascii_letters + "=&%/:", max_size=50)),
    )


@given(views())
def test_every_chart_is_the_same_after_its_address(view: ChartView) -> None:
    with app.test_request_context():
        assert chart_view_from_query(urlsplit(view.address).query) == view


@given(st.text(max_size=200))
def test_any_query_is_a_chart_whose_address_has_no_problems(query: str) -> None:
    with app.test_request_context():
        view = chart_view_from_query(query)
        assert chart_view_from_query(urlsplit(view.address).query).problems == ()
