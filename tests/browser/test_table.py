"""The table of a plot by keyboard alone: shown, sorted, paged, saved, and kept from plot to plot."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.test_navigation import SAMPLE, TIMING, expect_page, expect_plot

pytestmark = pytest.mark.slow

MAP = f"{SAMPLE}/Hcal/DigiTask/Occupancy/depth?plot=Hcal%2FDigiTask%2FOccupancy%2Fdepth%2Fdepth1"
TIMES = f"{TIMING}?plot=EcalBarrel%2FEBTimingTask%2FEBTMT%20timing%20EB%2B02"


def table(page: Page) -> Locator:
    return page.get_by_role("region", name="Table").get_by_role("table")


def press(link: Locator) -> None:
    """Follow a link by keyboard."""
    link.focus()
    link.press("Enter")


def column(page: Page, number: int) -> list[str]:
    return page.locator(f".bins tbody tr > :nth-child({number})").all_inner_texts()


def test_a_table_is_shown_and_sorted_by_keys_and_the_address_has_its_order(page: Page, home: str) -> None:
    page.goto(home + TIMES)
    expect_plot(page, "EBTMT timing EB+02", 720)
    page.keyboard.press("t")
    expect_page(page, "table=1")
    expect(table(page).get_by_role("rowheader")).to_have_text(["underflow", *map(str, range(1, 41)), "overflow"])
    expect(page.get_by_role("region", name="Table")).to_be_in_viewport()
    content = table(page).get_by_role("columnheader", name="Content")
    press(content.get_by_role("link"))
    expect(content).to_have_attribute("aria-sort", "descending")
    expect_page(page, "sort=-content")
    expect(content.get_by_role("link")).to_be_focused()
    values = [float(text) for text in column(page, 4)]
    assert values == sorted(values, reverse=True)
    press(content.get_by_role("link"))
    expect(content).to_have_attribute("aria-sort", "ascending")
    page.go_back()
    expect(content).to_have_attribute("aria-sort", "descending")
    shared = page.url
    page.goto(home)
    page.goto(shared)
    expect(content).to_have_attribute("aria-sort", "descending")
    page.keyboard.press("j")
    expect_page(page, r"timing%20EB%2B03&table=1&sort=-content")
    expect(table(page)).to_be_visible()
    page.keyboard.press("t")
    expect_page(page, r"timing%20EB%2B03$")
    expect(table(page)).to_have_count(0)


def test_a_map_is_paged_and_saved_by_keyboard(page: Page, home: str) -> None:
    page.goto(f"{home}{MAP}&table=1")
    expect(page.get_by_text("Rows 1 to 200 of 3,230")).to_be_visible()
    press(page.get_by_role("link", name="Next page"))
    expect(page.get_by_text("Rows 201 to 400 of 3,230")).to_be_visible()
    expect(page.get_by_role("link", name="Next page")).to_be_focused()
    press(page.get_by_role("link", name="Last page"))
    expect(page.get_by_text("Rows 3,201 to 3,230 of 3,230")).to_be_visible()
    expect(page.get_by_role("link", name="Next page")).to_have_count(0)
    with page.expect_download() as saved:
        press(page.get_by_role("link", name="Download CSV"))
    assert saved.value.suggested_filename == "depth1_run367129.csv"
    with Path(saved.value.path()).open(newline="") as file:
        assert [row["x bin"] for row in csv.DictReader(file)][-30:] == column(page, 1)
