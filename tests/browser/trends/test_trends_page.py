"""The page of trends in a browser: three clicks to the charts, and an address that holds everything."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from app.core.settings import Settings
from tests.browser.pages import PHONE, Watch, accessibility_faults, content_width, open_page
from tests.browser.trends.points import INSIGNIFICANT, RUNS, SHOWN, value
from tests.support.site import address

pytestmark = pytest.mark.slow

PIXEL = "/trends?subsystem=Pixel&pd=StreamExpress&ps=Express"


def open_charts(page: Page, more: str = "") -> None:
    """Open the page of Pixel, until its first chart is drawn."""
    page.goto(PIXEL + more)
    expect(page.locator("figure.trend-chart canvas").first).to_be_visible()


def test_three_clicks_lead_from_the_menu_to_the_charts(page: Page) -> None:
    page.goto("/trends")
    for choice in ("Pixel", "StreamExpress", "Express"):
        page.get_by_role("link", name=choice, exact=True).click()
    expect(page.locator("figure.trend-chart")).to_have_count(4)
    expect(page.locator("figure.trend-chart canvas").first).to_be_visible()


def test_each_change_of_the_form_is_one_step_of_the_history(page: Page) -> None:
    open_charts(page)
    page.get_by_label("Significance").select_option("all")
    expect(page).to_have_url(re.compile(r"significant=all$"))
    page.get_by_label("errors").check()
    expect(page).to_have_url(re.compile(r"significant=all&errors=1$"))
    page.get_by_label("fills").uncheck()
    expect(page).to_have_url(re.compile(r"&errors=1&fills=0$"))
    page.go_back()
    expect(page.get_by_label("fills")).to_be_checked()
    page.go_back()
    expect(page.get_by_label("errors")).not_to_be_checked()
    page.go_back()
    expect(page.get_by_label("Significance")).to_have_value("")
    expect(page).to_have_url(re.compile(r"ps=Express$"))
    expect(page.locator("figure.trend-chart canvas").first).to_be_visible()


def test_charts_follow_a_change_of_the_form(page: Page) -> None:
    open_charts(page)
    with page.expect_response(lambda response: "/trends/points" in response.url) as points:
        page.get_by_label("Number of the latest runs").fill("7")
        page.get_by_label("Number of the latest runs").press("Enter")
    assert "runs=latest:7" in points.value.url
    expect(page.locator(".trend-notes")).to_contain_text(f"7 runs, {SHOWN[-7]}–{SHOWN[-1]}.")
    expect(page.locator("figure.trend-chart canvas").first).to_be_visible()


def test_another_kind_of_choice_has_the_shown_runs(page: Page) -> None:
    open_charts(page)
    page.get_by_role("combobox", name="Runs", exact=True).select_option("range")
    expect(page.get_by_label("First run")).to_have_value(str(SHOWN[-50]))
    expect(page.get_by_label("Last run")).to_have_value(str(SHOWN[-1]))
    page.get_by_label("First run").fill(str(RUNS[0]))
    page.get_by_label("First run").press("Tab")
    expect(page.locator(".trend-notes")).to_contain_text(f"{len(SHOWN)} runs, {SHOWN[0]}–{SHOWN[-1]}.")
    expect(page).to_have_url(re.compile(rf"runs={RUNS[0]}-{SHOWN[-1]}$"))


def test_keyboard_users_stay_at_the_field_that_they_change(page: Page) -> None:
    open_charts(page)
    axis = page.get_by_role("combobox", name="X axis")
    axis.focus()
    page.keyboard.type("time")
    expect(page).to_have_url(re.compile(r"x=time$"))
    expect(page.locator(".trend-notes")).to_contain_text("not on the x axis")
    expect(axis).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(page.get_by_label("errors")).to_be_focused()
    page.keyboard.press("Space")
    expect(page).to_have_url(re.compile(r"errors=1$"))
    expect(page.get_by_label("errors")).to_be_focused()


def test_a_wrong_number_is_named_and_the_address_stays_the_one_that_works(page: Page) -> None:
    open_charts(page)
    page.get_by_label("Number of the latest runs").fill("0")
    page.get_by_label("Number of the latest runs").press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("latest: expected a whole number from 1")
    expect(page).to_have_url(re.compile(r"ps=Express$"))


def test_the_search_shows_the_matching_trends_and_leads_back(page: Page) -> None:
    open_charts(page)
    page.keyboard.press("/")
    page.keyboard.type("charge GEV")
    page.keyboard.press("Enter")
    expect(page.locator("figure.trend-chart h2")).to_have_text(["Cluster charge (pT > 5 GeV)"])
    page.get_by_label("Search").fill("nothing")
    page.get_by_label("Search").press("Enter")
    expect(page.get_by_text("No trend of Pixel matches nothing")).to_be_visible()
    page.get_by_role("link", name="Show all trends of Pixel").click()
    expect(page.locator("figure.trend-chart")).to_have_count(4)


def test_hidden_runs_are_one_click_away_and_marked_then(page: Page) -> None:
    open_charts(page, f"&runs={RUNS[0]}-{RUNS[-1]}")
    expect(page.locator(".trend-notes")).to_contain_text(f"{len(INSIGNIFICANT)} runs are hidden: they are not significant.")
    page.get_by_role("link", name="Show them").click()
    expect(page.locator(".trend-notes")).to_contain_text(f"{len(INSIGNIFICANT)} runs are not significant and marked.")


def test_keys_go_through_the_pages_and_switch_tables(page: Page) -> None:
    open_charts(page)
    page.keyboard.press("n")
    expect(page).to_have_url(re.compile("page=2"))
    expect(page.locator("figure.trend-chart")).to_have_count(2)
    page.keyboard.press("t")
    expect(page.locator("figure.trend-chart table")).to_have_count(2)
    page.keyboard.press("p")
    expect(page.locator("figure.trend-chart table")).to_have_count(4)


def test_the_list_of_charts_leads_to_a_chart_of_another_page(page: Page) -> None:
    open_charts(page)
    page.get_by_text("List of charts").click()
    page.get_by_role("link", name="Dead channels").click()
    expect(page).to_have_url(re.compile(r"page=2#trend-6$"))
    expect(page.locator("#trend-6 h2")).to_be_in_viewport()


def test_a_title_with_markup_is_plain_text(page: Page) -> None:
    open_charts(page)
    expect(page.locator("figure.trend-chart h2").nth(1)).to_have_text("Cluster charge (pT > 5 GeV)")
    expect(page.locator("figure.trend-chart h2").nth(3)).to_have_text("Occupancy window.hurt = 1")


def test_without_scripts_the_form_and_the_tables_work(browser: Browser, trends_hub: Settings) -> None:
    with open_page(browser, address(trends_hub), Watch(), java_script_enabled=False) as page:
        page.goto(PIXEL)
        page.get_by_label("Significance").select_option("all")
        page.get_by_role("combobox", name="Runs", exact=True).select_option("list")
        page.get_by_label("fills").uncheck()
        page.get_by_role("button", name="Show").click()
        expect(page).to_have_url(re.compile(r"significant=all&fills=0$"))
        assert f",{RUNS[-1]}&" in page.url, "the list of the shown runs"
        page.get_by_role("link", name="Show tables").click()
        row = page.locator("#trend-1 tr", has_text=str(RUNS[-1]))
        expect(row.locator("td").first).to_have_text(repr(value("Ntracks", len(RUNS) - 1)))
        page.get_by_label("Search").fill("dead")
        page.get_by_role("button", name="Show").click()
        expect(page.locator("#trend-1 tr", has_text="The histogram is empty").first).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("more", ["", "&ps2=PromptReco&table=1&significant=all", "&search=nothing", "&runs=x"])
def test_the_page_is_for_everybody(browser: Browser, trends_hub: Settings, watch: Watch, scheme: str, more: str) -> None:
    watch.expected.append("status of 400")
    with open_page(browser, address(trends_hub), watch, color_scheme=scheme) as page:
        page.goto(PIXEL + more)
        assert accessibility_faults(page) == []


@pytest.mark.parametrize("more", ["", "&ps2=PromptReco&table=1", "&runs=x"])
def test_nothing_is_wider_than_a_phone(browser: Browser, trends_hub: Settings, watch: Watch, more: str) -> None:
    watch.expected.append("status of 400")
    with open_page(browser, address(trends_hub), watch, **PHONE) as page:
        page.goto(PIXEL + more)
        expect(page.locator("figure.trend-chart canvas").first).to_be_visible()
        assert content_width(page) == PHONE["viewport"]["width"]
