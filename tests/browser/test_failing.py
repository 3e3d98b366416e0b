"""Finding trouble as a shifter does: from the chip of a sample through its failing plots, and by the language of the search."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.slow

SAMPLE = "/browse/367140/Cosmics/Run2023C-Demo-v1/DQMIO"


def test_the_chip_leads_to_the_list_and_keys_lead_through_its_plots(page: Page) -> None:
    page.goto(SAMPLE)
    expect(page.locator(".failing-chip")).to_have_text(re.compile(r"^\d+ errors?, \d+ warnings?, \d+ invalid$"))
    page.keyboard.press("e")
    expect(page).to_have_url(re.compile(r"\?failing=1$"))
    expect(page.get_by_role("heading", name="Failing quality tests")).to_be_visible()
    links = page.locator("table.failing tbody th a")
    names = links.all_inner_texts()
    links.first.click()
    for number, name in enumerate(names[:3], 1):
        expect(page.get_by_role("heading", name=name, exact=True)).to_be_visible()
        expect(page.locator(".position")).to_have_text(f"{number} of {len(names)}")
        page.wait_for_load_state()
        page.keyboard.press("j")
    expect(page.locator(".position")).to_have_text(f"4 of {len(names)}")
    page.wait_for_load_state()
    page.keyboard.press("u")
    expect(page).to_have_url(re.compile(r"\?failing=1$"))


def test_a_wrong_search_marks_the_field_and_keeps_the_text_until_it_is_right(page: Page) -> None:
    page.goto(SAMPLE)
    field = page.get_by_role("searchbox", name="Search the monitor elements of this sample")
    field.press_sequentially('status:error "no ')
    problem = page.get_by_role("alert")
    expect(problem).to_contain_text("has no quotation mark")
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_have_accessible_description(re.compile("has no quotation mark"))
    expect(field).to_have_value('status:error "no ')
    field.fill("status:error")
    expect(page.get_by_role("heading", name=re.compile(r"\d+ match(es)? for status:error"))).to_be_visible()
    expect(problem).to_have_count(0)
    expect(field).not_to_have_attribute("aria-invalid", "true")
    expect(page).to_have_url(re.compile(r"\?q=status(:|%3A)error$"))


def test_the_list_of_failing_tests_follows_the_search_while_typing(page: Page) -> None:
    page.goto(f"{SAMPLE}?failing=1")
    every = page.locator("table.failing tbody tr")
    expect(every.first).to_be_visible()
    count = every.count()
    page.get_by_role("searchbox").fill("status:invalid")
    expect(page.get_by_role("heading", name="Failing quality tests for status:invalid")).to_be_visible()
    assert 0 < every.count() < count
    expect(page).to_have_url(re.compile(r"failing=1&q=status(:|%3A)invalid$"))


def test_failing_plots_come_first_on_demand_and_in_the_address(page: Page) -> None:
    page.goto(f"{SAMPLE}?q=report")
    page.get_by_role("link", name="Failing first").click()
    expect(page).to_have_url(re.compile(r"\?q=report&first=failing$"))
    badges = page.locator(".tile").evaluate_all("tiles => tiles.map(tile => tile.querySelector('.badge-text')?.textContent ?? '')")
    ranks = [{"error": 0, "warning": 1, "invalid": 2}.get(badge, 3) for badge in badges]
    assert ranks == sorted(ranks)
    assert ranks[0] < 3


def test_all_datasets_of_a_run_are_one_list(page: Page) -> None:
    page.goto("/browse/367129/Muon/Run2023C-Demo-v1/DQMIO")
    page.get_by_role("link", name="Failing tests of all datasets").click()
    expect(page.get_by_role("heading", name=re.compile("^All datasets: .*invalid$"))).to_be_visible()
    datasets = page.locator("[data-label=Dataset]")
    expect(datasets.filter(has_text="/Muon/").first).to_be_visible()
    expect(datasets.filter(has_text="/ZeroBias/").first).to_be_visible()
    page.locator("table.failing tbody th a").first.click()
    expect(page.get_by_role("link", name="Back to failing tests")).to_be_visible()
