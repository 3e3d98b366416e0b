"""A point chosen in a chart: its value, its run and its plot by the render service, beside the charts and on the page of one chart."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from app.core.settings import Settings
from tests.browser.axe import add_axe, all_faults
from tests.browser.pages import PHONE, Watch, accessibility_faults, open_page
from tests.support import gui
from tests.support.site import address, bound, site
from tests.trends.query.points_of_tests import TrendStore

pytestmark = pytest.mark.slow

RUNS = (367098, 367099, 367100)
"""The last one has a file in the DQM GUI, the first ones do not."""
DATASET = "/ZeroBias/Run2023C-Demo-v1/DQMIO"
CHI2 = "Tracking/TrackParameters/generalTracks/GeneralProperties/Chi2oNDF_GenTk"
SERIES = "Tracking/chi2/ZeroBias/Demo"
TRENDS = "/trends?subsystem=Tracking&pd=ZeroBias&ps=Demo"
CHART = f"/trends/chart?series={SERIES}"


@pytest.fixture(scope="module")
def chi2_hub(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path, demo_files: list[Path]) -> Iterator[Settings]:
    """A hub with a render service, two trends, and points of three runs."""
    data = tmp_path_factory.mktemp("pt")
    base = Settings(data_dir=str(data), file_roots=(str(demo_files[0].parent),), web_workers=1)
    with gui.render_service(data / "render"), site(base, sqlite_template, demo_files) as settings:
        with bound(settings):
            store = TrendStore(settings)
            store.configure("Tracking", chi2=f"basic.Mean() {CHI2}", other=f"basic.Count() {CHI2}")
            store.facts(*RUNS, fill=8736)
            for number, run in enumerate(RUNS):
                store.add(run, {"chi2": (1.25 + number, 0.05), "other": (5.0, 1.0)}, DATASET)
        yield settings


@pytest.fixture
def page(browser: Browser, chi2_hub: Settings, watch: Watch) -> Iterator[Page]:
    """A page of the hub, of a laptop's size."""
    with open_page(browser, address(chi2_hub), watch) as page:
        yield page


def choose_last_point(page: Page) -> None:
    """Choose the last point of the first chart by keyboard."""
    chart = page.locator(".trend-canvas").first
    expect(chart.locator(".u-over")).to_be_visible()
    chart.focus()
    page.keyboard.press("End")
    page.keyboard.press("Enter")


def expect_drawn(page: Page) -> None:
    """The picture of the monitor element is there, and whole."""
    picture = page.locator("#trend-point img.plot")
    picture.scroll_into_view_if_needed()
    expect(picture).to_have_attribute("alt", f"Plot {CHI2}")
    expect(picture).to_have_js_property("complete", True)
    expect(picture).to_have_js_property("naturalWidth", 400)


def test_a_point_chosen_by_keyboard_appears_with_its_value_and_plot(page: Page) -> None:
    page.goto(TRENDS)
    choose_last_point(page)
    panel = page.locator("#trend-point")
    expect(panel.get_by_role("heading", name="Run 367100").first).to_be_visible()
    expect(panel.locator(".point-number")).to_have_text("3.250 ± 0.050")
    expect_drawn(page)
    assert accessibility_faults(page) == []
    page.keyboard.press("Escape")
    expect(panel).to_be_empty()


def test_the_panel_leads_along_the_points_and_the_mark_follows(page: Page) -> None:
    page.goto(CHART)
    choose_last_point(page)
    expect(page).to_have_url(f"{page.url.partition('?')[0]}?series={SERIES}&run=367100")
    expect_drawn(page)
    page.locator("h1").click()
    page.keyboard.press("ArrowLeft")
    expect(page.locator(".point-number")).to_have_text("2.250 ± 0.050")
    expect(page.locator("#trend-point")).to_contain_text("has no file of run 367099")
    expect(page.locator("#trend-point img")).to_have_count(0)
    expect(page.locator("#trend-charts")).to_have_attribute("data-run", "367099")
    expect(page).to_have_url(f"{page.url.partition('?')[0]}?series={SERIES}&run=367099")
    page.reload()
    expect(page.locator(".point-number")).to_have_text("2.250 ± 0.050")


def test_escape_leads_back_to_the_page_as_it_was(page: Page) -> None:
    page.goto(f"{TRENDS}&search=chi2&grid=1x1")
    page.get_by_role("link", name="Full screen").click()
    expect(page.locator(".full-screen .trend-canvas .u-over")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_label("Search")).to_have_value("chi2")
    expect(page.locator(".trend-chart")).to_have_count(1)


def test_a_series_is_added_while_typing_and_survives_a_change_of_range(page: Page) -> None:
    page.goto(CHART)
    page.keyboard.press("s")
    search = page.get_by_label("Add a series")
    expect(search).to_be_focused()
    page.keyboard.type("delivered")
    found = page.locator("#series-results a")
    expect(found).to_have_count(1)
    found.click()
    series = page.locator(".chart-series li")
    expect(series).to_have_count(2)
    expect(page.locator(".trend-legend")).to_contain_text("Delivered luminosity")
    page.locator("#chart-form [name=how]").select_option("range")
    page.get_by_label("First run").fill("367099")
    page.get_by_label("First run").press("Tab")
    expect(page.locator(".trend-notes")).to_contain_text("2 runs, 367099–367100.")
    expect(series).to_have_count(2)
    assert "series=oms/delivered_lumi" in page.url
    page.get_by_role("link", name="Remove Delivered luminosity (quantity of runs)").click()
    expect(series).to_have_count(1)
    expect(page.locator(".trend-notes")).to_contain_text("2 runs, 367099–367100.")


def test_all_works_without_scripts(browser: Browser, chi2_hub: Settings, watch: Watch) -> None:
    with open_page(browser, address(chi2_hub), watch, java_script_enabled=False) as page:
        page.goto(CHART)
        page.get_by_role("link", name="Add a series").click()
        page.get_by_label("Add a series").fill("other")
        page.get_by_role("button", name="Find").click()
        page.locator("#series-results a").click()
        page.get_by_label("correlate").check()
        page.get_by_label("Number of the latest runs").fill("2")
        page.get_by_role("button", name="Show").click()
        assert page.url.endswith(f"?series={SERIES}&series=Tracking/other/ZeroBias/Demo&runs=latest:2&correlate=1")
        page.get_by_role("link", name="Previous point: run 367100").click()
        expect(page.locator("#trend-point .point-number")).to_have_text("3.250 ± 0.050")
        page.get_by_role("link", name="Table", exact=True).click()
        expect(page.locator(".trend-chart tbody tr")).to_have_count(2)


def test_on_a_phone_the_point_is_below_its_chart(browser: Browser, chi2_hub: Settings, watch: Watch) -> None:
    with open_page(browser, address(chi2_hub), watch, **PHONE) as page:
        page.goto(CHART)
        box = {name: page.locator(name).bounding_box() for name in ("#trend-charts", "#trend-point", ".chart-series")}
        tops = [place["y"] for place in box.values() if place]
        assert tops == sorted(tops), "the chart, the point below it, then the series"


def test_axe_finds_nothing_moderate_or_worse_on_charts_and_points(page: Page, watch: Watch) -> None:
    watch.expected.append("status of 400")  # there is no quantity fill: the page says so
    add_axe(page)
    places = ("&series=oms/fill&run=367100", "&adding=1&table=1&series=oms/duration", "&run=367100&adding=1&table=1")
    assert all_faults(page, [CHART + place for place in places]) == []
    assert all_faults(page, [f"/trends/point?series={SERIES}&run=367099"]) == []
