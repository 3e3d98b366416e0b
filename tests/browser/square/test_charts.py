"""The charts and the timeline of DQM^2, and times in the zone of the browser."""

from __future__ import annotations

import re
from statistics import fmean

import pytest
from playwright.sync_api import Page, expect

from app.core.counters import advance
from app.core.database import proxy
from app.square import run_files
from app.square.models import Graph, GraphPart, Run
from app.square.systems import SYSTEMS
from tests.browser.pages import PHONE
from tests.square import data

pytestmark = pytest.mark.slow


def test_charts_show_every_stream_and_add_new_points(page: Page) -> None:
    page.goto("/square")
    expect(page.locator("[data-chart=delivery] .u-legend .u-series")).to_have_count(6)
    expect(page.locator("[data-chart=delivery]")).to_contain_text("streamDQMHistograms")
    expect(page.locator("[data-chart=rate] canvas")).to_be_visible()
    delays = [
        file.delay for stream in run_files.files_of_run(SYSTEMS[0], 358792).streams for file in stream.files if file.delay is not None
    ]
    expect(page.locator("[data-chart=delivery] [data-summary]")).to_contain_text(
        f"{len(delays):,} files of 5 streams: mean {fmean(delays):.1f} s"
    )
    with page.expect_request(re.compile(r"/files\?system=production&since=[1-9]")):
        add_files()


def test_chart_keeps_its_zoom_when_points_arrive(page: Page) -> None:
    page.goto("/square")
    area, lumi = page.locator("[data-chart=delivery] .u-over"), page.locator("[data-chart=delivery] .u-legend .u-series").first
    expect(area).to_be_visible()
    area.scroll_into_view_if_needed()
    box = area.bounding_box()
    assert box
    left, middle = box["x"], box["y"] + box["height"] / 2
    page.mouse.move(left + 0.7 * box["width"], middle)
    page.mouse.down()
    page.mouse.move(left + 0.9 * box["width"], middle, steps=5)
    page.mouse.up()
    page.mouse.move(left + 0.5 * box["width"], middle)
    expect(lumi).to_contain_text(re.compile(r"3[6-8]\d"))
    with page.expect_response(re.compile(r"/files\?system=production&since=[1-9]")):
        add_files()
    page.mouse.move(left + 0.51 * box["width"], middle)
    page.mouse.move(left + 0.5 * box["width"], middle)
    expect(lumi).to_contain_text(re.compile(r"3[6-8]\d"))


def add_files() -> None:
    """Add the files of another lumisection."""
    with proxy.atomic():
        version = advance(SYSTEMS[0])
        graph = Graph.get(Graph.run == 358792)
        points = {"lumis": [467], "mtimes": [1663253000.0], "ctimes": [0], "evt_processed": [1], "evt_accepted": [1], "fsize": [1]}
        same = (GraphPart.graph == graph.id) & (GraphPart.stream == "streamDQM_sm-c2a11-43-01") & (GraphPart.part == 7)
        GraphPart.update(points=data.pack_json(points), version=version).where(same).execute()
        Graph.update(version=version).where(Graph.id == graph.id).execute()
        Run.update(version=version).where(Run.run == 358792).execute()


def test_times_in_the_zone_of_the_browser(page: Page) -> None:
    page.goto("/square/runs/358788?tz=local")
    expect(page.locator(".zone")).to_contain_text("America/Chicago")
    expect(page.locator(".jobs .when time").first).to_have_text(re.compile("2022-09-15 06:4"))


def test_timeline_keeps_the_runs_in_view_and_explains_its_colours(page: Page) -> None:
    page.set_viewport_size(PHONE["viewport"])
    page.goto("/square/timeline")
    legend = page.get_by_role("list", name="Legend")
    for word in ("crashed", "stuck", "running", "stopped by command", "finished"):
        expect(legend).to_contain_text(word)
    table = page.locator(".wide-table")
    assert table.evaluate("box => box.scrollWidth > box.clientWidth + 100")
    table.evaluate("box => { box.scrollLeft = box.scrollWidth }")
    for cell in (table.locator("thead th").first, table.locator("tbody th").first):
        box, around = cell.bounding_box(), table.bounding_box()
        assert box
        assert around
        assert 0 <= box["x"] - around["x"] < 3
        assert cell.evaluate("(cell, at) => document.elementFromPoint(at[0], at[1])?.closest('th') === cell", [box["x"] + 9, box["y"] + 6])


def test_timeline_filters_while_typing(page: Page) -> None:
    page.goto("/square/timeline")
    expect(page.locator("#timeline tbody tr")).to_have_count(3)
    page.locator("#from").fill("358791")
    expect(page.locator("#timeline tbody tr")).to_have_count(2)
    expect(page).to_have_url(re.compile("from=358791"))
