"""Themes and window sizes of the pages of runs and plots; test_axe.py looks at every page."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.pages import PHONE, Watch, becomes_true, open_page

pytestmark = pytest.mark.slow

SAMPLE = "/browse/367140/Cosmics/Run2023C-Demo-v1/DQMIO"
PLOT = f"{SAMPLE}/EcalBarrel/EventInfo?plot=EcalBarrel%2FEventInfo%2FreportSummaryMap"


@pytest.fixture
def page(page: Page) -> Page:
    """A page of the hub, which has read the file of the sample."""
    assert becomes_true(page, lambda: page.request.get(SAMPLE).status == 200)
    return page


def background(page: Page) -> str:
    return str(page.evaluate("getComputedStyle(document.body).backgroundColor"))


def test_theme_follows_the_system_until_one_is_selected(page: Page) -> None:
    page.emulate_media(color_scheme="light")
    page.goto("/")
    light = background(page)
    page.emulate_media(color_scheme="dark")
    dark = background(page)
    assert light != dark
    button = page.get_by_role("button", name="Theme")
    button.click()
    expect(button).to_have_text("Theme: light")
    assert background(page) == light
    page.goto("/help")
    assert background(page) == light, "the theme is kept"
    expect(button).to_have_text("Theme: light")
    button.click()
    assert background(page) == dark
    button.click()
    expect(button).to_have_text("Theme: auto")
    page.emulate_media(color_scheme="light")
    assert background(page) == light


def test_plots_do_not_glare_in_the_dark_unless_that_is_chosen(page: Page) -> None:
    filters = "getComputedStyle(document.querySelector('.plot')).filter"
    page.emulate_media(color_scheme="light")
    page.goto(PLOT)
    button = page.get_by_role("button", name="Plots in the dark")
    expect(button).to_be_hidden()
    assert page.evaluate(filters) == "none"
    page.emulate_media(color_scheme="dark")
    assert page.evaluate(filters).startswith("brightness(0.")
    red, *_ = page.evaluate("getComputedStyle(document.querySelector('.plot')).backgroundColor.match(/[0-9]+/g).map(Number)")
    assert red < 64, "the place of a plot is dark until it is loaded"
    button.click()
    expect(button).to_have_text("Plots in the dark: bright")
    assert page.evaluate(filters) == "none"
    page.reload()
    expect(button).to_have_text("Plots in the dark: bright")
    assert page.evaluate(filters) == "none", "the choice is kept"


@pytest.mark.parametrize("name", ["reportSummaryMap", "reportSummary"])
def test_laptop_shows_folders_and_first_plots_without_scrolling(page: Page, name: str) -> None:
    page.goto(f"{SAMPLE}/EcalBarrel/EventInfo")
    expect(page.locator(".folder").first).to_be_in_viewport(ratio=1)
    expect(page.locator(".tile", has_text=name).first).to_be_in_viewport(ratio=1)


def test_laptop_shows_large_plot_and_quality_tests_without_scrolling(page: Page) -> None:
    page.goto(PLOT)
    expect(page.locator(".plot-large")).to_be_in_viewport(ratio=1)
    expect(page.locator(".tests")).to_be_in_viewport(ratio=1)


def test_layout_is_stable_while_plots_load(page: Page) -> None:
    page.goto(f"{SAMPLE}/EcalBarrel/EBTimingTask", wait_until="commit")
    layout_shift = """() => new Promise(done => {
        let moved = 0;
        new PerformanceObserver(list => { for (const entry of list.getEntries()) moved += entry.value; }).observe({type: "layout-shift", buffered: true});
        setTimeout(() => done(moved), 1500);
    })"""
    assert page.evaluate(layout_shift) < 0.01


def test_instance_name_and_colour_are_visible(page: Page) -> None:
    page.goto("/")
    expect(page.locator(".brand")).to_have_text("DQM Hub")
    expect(page.locator("body")).to_have_class(re.compile("instance-blue"))
    assert page.evaluate("getComputedStyle(document.querySelector('.appbar')).backgroundColor") == "rgb(20, 71, 127)"


LINES = "cell => { const range = document.createRange(); range.selectNodeContents(cell); return range.getClientRects().length; }"
"""Number of lines of a text."""


def test_phone_shows_whole_words_in_the_table_of_services(browser: Browser, home: str, watch: Watch) -> None:
    with open_page(browser, home, watch, **PHONE) as page:
        page.goto("/status")
        assert page.get_by_role("rowheader", name="worker", exact=True).evaluate(LINES) == 1
