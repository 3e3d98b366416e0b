"""Charts of values and titles that detectors seldom have: none is lost, and none is in the way of others."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from app.core.settings import Settings
from tests.browser.pages import PHONE, Watch, content_width, open_page
from tests.browser.trends.chart_page import ChartOnPage
from tests.browser.trends.odd import COUNT, PAGE, fill_odd
from tests.support.site import address, bound, site

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def odd_hub(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[Settings]:
    """A hub with the points of `tests.browser.trends.odd`."""
    base_settings = Settings(data_dir=str(tmp_path_factory.mktemp("odd")), web_workers=1)
    with site(base_settings, sqlite_template, []) as settings:
        with bound(settings):
            fill_odd(settings)
        yield settings


@pytest.fixture
def page(browser: Browser, odd_hub: Settings, watch: Watch) -> Iterator[Page]:
    """Its page of trends, of a laptop's size."""
    with open_page(browser, address(odd_hub), watch) as page:
        page.goto(PAGE)
        yield page


def axis_texts(chart: ChartOnPage) -> list[str]:
    """The texts at the y axis, as uPlot draws them."""
    return [text for text in chart.get("chart.plot.axes[1]._values ?? []") if text]


def test_huge_and_tiny_values_do_not_hide_charts_after_them(page: Page) -> None:
    for title in ("Huge", "Tiny", "Same"):
        chart = ChartOnPage(page, title).drawn()
        assert chart.get("chart.counts") == {"points": COUNT, "above": 0, "below": 0}, title
    assert ChartOnPage(page, "Same").shows(1, 0.3), "a later chart has its points"


@pytest.mark.parametrize(("title", "power"), [("Huge", "×10³⁰"), ("Tiny", "×10⁻²⁹")])
def test_the_axis_of_huge_and_of_tiny_values_has_ticks(page: Page, title: str, power: str) -> None:
    texts = axis_texts(ChartOnPage(page, title).drawn())
    assert len(texts) >= 3
    assert all(text == "0" or power in text for text in texts)


def test_values_at_both_ends_of_all_numbers_have_signs_at_the_edges(page: Page) -> None:
    chart = ChartOnPage(page, "Ends").drawn()
    assert chart.get("chart.counts") == {"points": 0, "above": COUNT / 2, "below": COUNT / 2}


def test_values_that_differ_by_rounding_only_are_drawn_as_equal_ones(page: Page) -> None:
    chart = ChartOnPage(page, "Same").drawn()
    assert chart.points == COUNT
    assert chart.view["y"] == pytest.approx([0.27, 0.33])
    assert 3 <= len(axis_texts(chart)) <= 12


def test_a_range_that_is_as_narrow_as_numbers_are_has_few_ticks(page: Page) -> None:
    ChartOnPage(page, "Same").drawn()
    count = page.evaluate("dqm.trends.ticks.numbers([1e6, 1e6 + 2e-10], 300).length")
    assert count <= 10


def test_a_long_name_in_a_legend_does_not_widen_the_page_of_a_phone(browser: Browser, odd_hub: Settings, watch: Watch) -> None:
    with open_page(browser, address(odd_hub), watch, **PHONE) as page:
        page.goto(PAGE)
        chart = ChartOnPage(page, "Against").drawn()
        expect(chart.figure.locator(".trend-legend button").first).to_be_visible()
        assert content_width(page) == PHONE["viewport"]["width"]


def test_the_switches_of_the_form_are_three_in_a_row_on_a_phone(browser: Browser, odd_hub: Settings, watch: Watch) -> None:
    with open_page(browser, address(odd_hub), watch, **PHONE) as page:
        page.goto(PAGE)
        boxes = [page.get_by_label(name, exact=True).bounding_box() for name in ("errors", "fills", "duration")]
        assert len({box["y"] for box in boxes if box}) == 1
        assert content_width(page) == PHONE["viewport"]["width"]
