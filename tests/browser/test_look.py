"""What pages look like: themes, a laptop's screen, a phone, and what people need who do not see or cannot use a mouse."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.watch import Watch

pytestmark = pytest.mark.slow

SAMPLE = "/browse/367140/Cosmics/Run2023C-Demo-v1/DQMIO"
PLOT = f"{SAMPLE}/EcalBarrel/EventInfo?plot=EcalBarrel%2FEventInfo%2FreportSummaryMap"
PAGES = [
    "/", "/?run=3671&dataset=zero", "/?run=nothing", SAMPLE, f"{SAMPLE}/Info/EventInfo", f"{SAMPLE}/Muons/diMuonHistograms",
    f"{SAMPLE}?q=reportSummaryMap", PLOT, f"{PLOT}&size=xl", "/help", "/help/gui", "/help/report", "/status", "/files", "/account/sign-in",
]  # fmt: skip
AUDIT = (Path(__file__).parent / "audit.js").read_text(encoding="utf-8")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("address", PAGES)
def test_pages_can_be_read_and_used_by_everybody(page: Page, address: str, theme: str) -> None:
    page.emulate_media(color_scheme=theme)
    page.goto(address)
    assert page.evaluate(AUDIT) == []


def ground(page: Page) -> str:
    return str(page.evaluate("getComputedStyle(document.body).backgroundColor"))


def test_the_theme_is_that_of_the_system_until_another_is_chosen(page: Page) -> None:
    page.emulate_media(color_scheme="light")
    page.goto("/")
    light = ground(page)
    page.emulate_media(color_scheme="dark")
    dark = ground(page)
    assert light != dark
    button = page.get_by_role("button", name="Theme")
    button.click()
    expect(button).to_have_text("Theme: light")
    assert ground(page) == light
    page.goto("/help")
    assert ground(page) == light, "the choice is kept"
    expect(button).to_have_text("Theme: light")
    button.click()
    assert ground(page) == dark
    button.click()
    expect(button).to_have_text("Theme: auto")
    page.emulate_media(color_scheme="light")
    assert ground(page) == light


@pytest.mark.parametrize("name", ["reportSummaryMap", "reportSummary"])
def test_a_laptop_shows_folders_and_the_first_row_of_plots_without_scrolling(page: Page, name: str) -> None:
    page.goto(f"{SAMPLE}/EcalBarrel/EventInfo")
    expect(page.locator(".folder").first).to_be_in_viewport(ratio=1)
    expect(page.locator(".tile", has_text=name).first).to_be_in_viewport(ratio=1)


def test_a_laptop_shows_a_large_plot_and_its_quality_tests_without_scrolling(page: Page) -> None:
    page.goto(PLOT)
    expect(page.locator(".plot-large")).to_be_in_viewport(ratio=1)
    expect(page.locator(".tests")).to_be_in_viewport(ratio=1)


def test_nothing_moves_when_the_plots_come(page: Page) -> None:
    page.goto(f"{SAMPLE}/EcalBarrel/EBTimingTask", wait_until="commit")
    page.add_init_script("")
    shift = """() => new Promise(done => {
        let moved = 0;
        new PerformanceObserver(list => { for (const entry of list.getEntries()) moved += entry.value; }).observe({type: "layout-shift", buffered: true});
        setTimeout(() => done(moved), 1500);
    })"""
    assert page.evaluate(shift) < 0.01


@pytest.mark.parametrize("address", PAGES)
def test_a_phone_needs_no_scrolling_sideways(browser: Browser, home: str, watch: Watch, address: str) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844}, base_url=home, is_mobile=True, has_touch=True)
    page = context.new_page()
    watch.at(page)
    page.goto(address)
    page.wait_for_load_state("networkidle")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    context.close()
    watch.judge(home)


def test_the_instance_is_told_by_name_and_colour(page: Page) -> None:
    page.goto("/")
    expect(page.locator(".brand")).to_have_text("DQM Hub")
    expect(page.locator("body")).to_have_class(re.compile("instance-blue"))
    assert page.evaluate("getComputedStyle(document.querySelector('.appbar')).backgroundColor") == "rgb(20, 71, 127)"
