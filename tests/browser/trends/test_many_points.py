"""Charts of as many points as years of runs have: every point is drawn, also where libraries for charts leave some out."""

from __future__ import annotations

import numpy as np
import pytest
from playwright.sync_api import Page, Route

from app.trends.query.packed import PackedArray, pack
from tests.browser.trends import planted
from tests.browser.trends.chart_page import ChartOnPage
from tests.browser.trends.planted import PAGE

pytestmark = pytest.mark.slow

RUNS, LINES = 10_000, 20
ALONE = 7_000
"""Row of a point that is far from the others of its line."""


def answer() -> bytes:
    """A packed answer with one chart of 20 lines: more points than one path of a canvas can have."""
    zeros, ones = np.zeros(RUNS), np.ones(RUNS)
    facts = dict.fromkeys(("fill", "start", "end", "duration", "delivered_lumi", "recorded_lumi", "end_lumi"), PackedArray("f8", ones))
    waves = [np.sin(np.arange(RUNS) / 300 + line) for line in range(LINES)]
    waves[-1][ALONE] = 3
    series = [
        {
            "key": f"Strip/T{line}/StreamExpress/Express",
            "name": f"T{line}",
            "title": f"T{line}",
            "y_title": "",
            "subsystem": "Strip",
            "pd": "StreamExpress",
            "ps": "Express",
            "values": PackedArray("f4", wave),
            "errors": PackedArray("f4", 0.01 * ones),
            "marks": {},
            "statistics": {},
            "band": None,
            "drift": [],
        }
        for line, wave in enumerate(waves)
    ]
    header = {
        "runs": {
            "run": PackedArray("i4", 355000 + np.arange(RUNS)),
            **facts,
            "significant": PackedArray("u1", ones),
            "run_class": PackedArray("i4", zeros),
            "classes": ["Collisions22"],
        },
        "series": series,
        "charts": [{"title": planted.STEPS, "y_title": "", "correlation": False, "series": list(range(LINES)), "regression": None}],
        "note": "",
    }
    return pack(header)


def test_each_of_200_000_points_of_a_chart_is_drawn(page: Page) -> None:
    body = answer()

    def fulfil(route: Route) -> None:
        route.fulfill(body=body, content_type="application/octet-stream")

    page.route("**/trends/points*", fulfil)
    page.goto(f"{PAGE}&errors=1&duration=0&fills=0")
    chart = ChartOnPage(page, planted.STEPS).drawn()
    assert chart.points == RUNS * LINES
    assert chart.shows(ALONE, 3, (LINES - 1) % 8, around=1)
    assert not chart.shows(ALONE, 2.5, (LINES - 1) % 8, around=1)
