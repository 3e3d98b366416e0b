"""A plot by lumisection: slider, buttons, player, difference, chart."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.slow

STREAM = "/StreamExpress/Run2023C-Demo-v1/DQMIO"


FOLDER = "PixelPhase1/Tracks/PXBarrel"


def plot_address(lumi: int) -> str:
    """Address of a plot of charges, which drift over the lumisections."""
    return f"/browse/367131:{lumi}{STREAM}/{FOLDER}?plot={FOLDER}/charge_PXLayer_1"


def test_slider_buttons_and_keys_change_the_lumisection(page: Page) -> None:
    page.goto(f"/browse/367131{STREAM}")
    page.get_by_label("Lumisection").fill("3")
    page.get_by_role("button", name="Show").click()
    expect(page).to_have_url(re.compile(f"/browse/367131:3{STREAM}"))
    page.goto(plot_address(3))
    expect(page.locator(".plot-large")).to_have_js_property("naturalWidth", 720)
    expect(page.get_by_role("heading", name="Lumisection 3")).to_be_visible()

    page.keyboard.press("]")
    expect(page).to_have_url(re.compile("/browse/367131:4/"))
    expect(page.get_by_role("heading", name="Lumisection 4")).to_be_visible()
    page.get_by_role("slider", name="Lumisection").fill("17")
    expect(page).to_have_url(re.compile("/browse/367131:17/"))
    expect(page.locator(".plot-large")).to_have_attribute("src", re.compile("/367131:17/"))
    page.go_back()
    expect(page.get_by_role("heading", name="Lumisection 4")).to_be_visible()


def test_chart_over_lumisections_marks_the_current_one_and_links_to_others(page: Page) -> None:
    page.goto(plot_address(3))
    chart = page.locator(".series-chart")
    expect(chart).to_have_attribute("aria-label", re.compile("Entries over lumisections 1 to 20"))
    expect(chart.locator("circle")).to_have_count(20)
    page.get_by_role("navigation", name="Quantity").get_by_role("link").nth(1).click()
    expect(page).to_have_url(re.compile("quantity=Mean"))
    chart.locator("a").nth(11).click()
    expect(page).to_have_url(re.compile("/browse/367131:12/.*quantity=Mean"))


def test_chart_and_details_follow_each_step_to_another_lumisection(page: Page) -> None:
    page.goto(plot_address(3))
    here = page.locator(".series-chart .here")
    position = here.get_attribute("x1")
    for lumi in (4, 5):
        page.keyboard.press("]")
        expect(page.get_by_role("heading", name=f"Lumisection {lumi}")).to_be_visible()
        expect(here).not_to_have_attribute("x1", position or "")
        position = here.get_attribute("x1")
        content = page.request.get(f"/api/v1/json/367131:{lumi}{STREAM}/{FOLDER}/charge_PXLayer_1").json()
        expect(page.locator(".details")).to_contain_text(f"{content['fEntries']:,}")


def test_play_runs_to_the_last_lumisection(page: Page) -> None:
    page.goto(plot_address(18))
    page.get_by_role("button", name="Play").click()
    expect(page).to_have_url(re.compile("/browse/367131:20/"))
    expect(page.get_by_role("button", name="Play")).to_be_visible()


def test_difference_from_the_previous_lumisection(page: Page) -> None:
    page.goto(plot_address(3))
    page.get_by_role("link", name="Difference from previous LS").click()
    expect(page).to_have_url(re.compile("diff=1"))
    image = page.locator(".plot-large")
    expect(image).to_have_attribute("src", re.compile("ref=difference&norm=false"))
    expect(image).to_have_js_property("naturalWidth", 720)
    page.keyboard.press("]")
    expect(page).to_have_url(re.compile("/browse/367131:4/.*diff=1"))
    page.goto(f"{plot_address(1)}&diff=1")
    expect(page.get_by_text("This is the first lumisection")).to_be_visible()
