"""The pages of the transfer in a real browser: they follow reports by themselves, and work by the keyboard."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from app.core.settings import Settings
from tests.browser.pages import Watch, open_page
from tests.support.site import address, bound, site
from tests.transfers.samples import RUN, bu_state, concatenation_record, file_record, fu_state, process, receive, report
from tests.transfers.seed import OLDER, fill

pytestmark = pytest.mark.slow

PAGE = f"/transfers/runs/{RUN}"


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[Settings]:
    """A hub with two runs, whose pages are refreshed each second."""
    base = Settings(data_dir=str(tmp_path_factory.mktemp("t")), web_workers=1, log_level="error", transfer_refresh_s=1.0)
    with site(base, sqlite_template, []) as settings, bound(settings):
        fill(settings, time.time())
        yield settings


@pytest.fixture
def page(browser: Browser, hub: Settings, watch: Watch) -> Iterator[Page]:
    with open_page(browser, address(hub), watch) as page:
        yield page


def expect_page(page: Page, path: str) -> None:
    """Wait until a page is open and its scripts take keys."""
    expect(page).to_have_url(re.compile(f"{path}$"))
    expect(page.locator("#keys-button")).not_to_have_class(re.compile("reserved"))


def test_all_pages_are_reached_by_the_keyboard(page: Page) -> None:
    page.goto("/transfers")
    expect_page(page, "/transfers")
    page.keyboard.press("j")
    expect(page.locator("main .stop").first).to_be_focused()
    page.keyboard.press("Enter")
    expect_page(page, PAGE)
    page.keyboard.press("p")
    expect_page(page, f"/transfers/runs/{OLDER}")
    page.keyboard.press("n")
    expect_page(page, PAGE)
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect_page(page, r"/concatenations/\d+")
    page.keyboard.press("u")
    expect_page(page, PAGE)
    page.keyboard.press("u")
    expect_page(page, "/transfers")


def test_an_open_page_of_a_run_follows_reports_and_leaves_what_is_open(page: Page, hub: Settings) -> None:
    page.goto(PAGE)
    expect(page.locator("#clients-title")).to_have_text("5 clients, 2 with a missing file")
    page.locator("summary", has_text="earlier concatenations").click()
    opened = page.locator("details[open] .stop").first
    opened.focus()
    now = time.time()
    running = process(7, snapshot=now), process(8, tag="CSC", snapshot=now), process(9, tag="BRIL", snapshot=now)
    receive(hub, report(file_record(80, "CSC", at=now), now=now, state=fu_state(clients=running)), now)
    expect(page.locator("#clients-title")).to_have_text("4 clients")
    receive(hub, report(concatenation_record(80, at=now), mode="bu", now=now, state=bu_state("merging")), now)
    expect(page.locator(".stages")).to_contain_text("merging")
    expect(page.locator("#problems-title")).to_have_count(0)
    expect(opened).to_be_visible()


def test_an_open_list_shows_a_new_run(page: Page, hub: Settings) -> None:
    page.goto("/transfers")
    rows = page.locator('section[aria-labelledby="runs-title"] tbody .stop')
    expect(rows.first).to_have_text(str(RUN))
    now = time.time()
    receive(hub, report(file_record(1, run=RUN + 1, at=now), host="fu-3", now=now, state=fu_state(run=RUN + 1)), now)
    expect(rows.first).to_have_text(str(RUN + 1))


def test_names_of_files_do_not_make_rows_tall_on_a_narrow_window(page: Page) -> None:
    page.set_viewport_size({"width": 900, "height": 768})
    page.goto(f"/transfers/runs/{OLDER}")
    rows = page.locator('section[aria-labelledby="deliveries-title"] tbody tr')
    expect(rows).to_have_count(3)
    line_px = 20
    assert max(row.bounding_box()["height"] for row in rows.all()) < 4 * line_px
