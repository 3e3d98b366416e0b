"""A wall on a screen: nobody touches it, for a week, and the server restarts in between."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from app.core.settings import Settings
from app.wall.definition import parse_wall
from app.wall.store import save_wall
from tests.browser.pages import LAPTOP, Watch, becomes_true, open_page
from tests.support.site import address, bound
from tests.wall.screen import SCREEN, TAB_S, memory, wall_document, wall_site, web_server

pytestmark = pytest.mark.slow

CUT_WORDS = """() => [...document.querySelectorAll("#wall b, #wall .state, #wall .age, #wall h2, #wall p, header *")]
    .filter(one => one.checkVisibility() && one.textContent.trim())
    .filter(one => parseFloat(getComputedStyle(one).fontSize) < 28).map(one => one.textContent)"""
CUT_OFF = """() => [...document.querySelectorAll(".cell:not([hidden])")].filter(one =>
    one.getBoundingClientRect().bottom > one.parentElement.getBoundingClientRect().bottom + 1).map(one => one.textContent)"""
PICTURES = "[...document.querySelectorAll('#wall img')].filter(one => one.naturalWidth > 0).length"


@pytest.fixture(scope="module")
def stopped(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path, demo_files: list[Path]) -> Iterator[Settings]:
    """A hub with a wall, whose web server is not running."""
    with wall_site(tmp_path_factory.mktemp("w"), sqlite_template, demo_files) as settings:
        yield settings


def wait_for_tab(page: Page, title: str) -> None:
    """Let the time of a tab pass, and wait for the next one."""
    page.clock.run_for(TAB_S * 1000)
    assert becomes_true(page, lambda: page.locator("nav [aria-current]").inner_text() == title), f"{title} is never shown"


def test_a_wall_is_readable_from_far_away_and_nothing_of_it_is_hidden(browser: Browser, stopped: Settings, watch: Watch) -> None:
    with web_server(stopped), open_page(browser, address(stopped), watch, **SCREEN) as page:
        for tab in (1, 2):
            page.goto(f"/wall/shift?tab={tab}")
            expect(page.locator("#clock")).not_to_be_empty()
            assert page.evaluate("[document.documentElement.scrollWidth, document.documentElement.scrollHeight]") == [1920, 1080]
            assert page.evaluate("getComputedStyle(document.body).cursor") == "none"
            assert page.evaluate(CUT_WORDS) == []
            assert page.evaluate(CUT_OFF) == []
            page.set_viewport_size(LAPTOP)
            assert page.evaluate("[document.documentElement.scrollWidth, document.documentElement.scrollHeight]") == [1366, 768]
            page.set_viewport_size(SCREEN["viewport"])
        assert becomes_true(page, lambda: page.evaluate(PICTURES) == 4)


def test_tabs_change_by_themselves_and_a_wall_survives_restarts_of_the_server(browser: Browser, stopped: Settings, watch: Watch) -> None:
    watch.expected += ["Failed to load resource"]
    with open_page(browser, address(stopped), watch, **SCREEN) as page:
        page.clock.install()
        with web_server(stopped):
            page.goto("/wall/shift")
            expect(page.locator(".panel-subsystems .cell").first).to_contain_text("error")
            wait_for_tab(page, "Pixel")
            assert page.url.endswith("?tab=2")
            wait_for_tab(page, "Now")
        page.clock.run_for(3000)
        expect(page.locator("#contact")).to_contain_text("No contact with DQM Hub. Last contact ")
        expect(page.locator("body")).to_have_class("away")
        with web_server(stopped):
            page.clock.run_for(3000)
            expect(page.locator("#contact")).to_be_empty()
            wait_for_tab(page, "Pixel")
            expect(page.locator("body")).not_to_have_class("away")
            with bound(stopped):
                save_wall(parse_wall(wall_document() | {"title": "New crew"}))
            page.clock.run_for(40_000)
            expect(page.locator("h1")).to_have_text("New crew")


def test_old_data_become_grey_by_themselves_while_the_word_stays(browser: Browser, stopped: Settings, watch: Watch) -> None:
    with web_server(stopped), open_page(browser, address(stopped), watch, **SCREEN) as page:
        page.route("**/wall/shift?*since=*", lambda route: route.fulfill(status=204))  # nothing new
        page.clock.install()
        page.goto("/wall/shift")
        running = page.locator(".panel-subsystems .cell", has_text="OK").first
        page.clock.fast_forward(3_600_000)
        expect(running).to_have_class("cell cell-ok old")
        expect(running).to_contain_text(re.compile(r"\d (min|h)"))


def test_the_memory_of_a_wall_stays_flat(browser: Browser, stopped: Settings, watch: Watch) -> None:
    with web_server(stopped), open_page(browser, address(stopped), watch, **SCREEN) as page:
        page.clock.install()
        page.goto("/wall/shift")
        for title in ("Pixel", "Now") * 5:
            wait_for_tab(page, title)
        before = memory(page)
        for title in ("Pixel", "Now") * 10:
            wait_for_tab(page, title)
        after = memory(page)
        assert after.nodes <= before.nodes * 1.1
        assert after.listeners <= before.listeners
        assert after.heap_kb < before.heap_kb * 1.1
