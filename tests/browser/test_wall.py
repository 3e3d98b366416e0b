"""A wall on a screen: nobody touches it, for a week, and the server restarts in between."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from app.core.settings import Settings
from app.core.zones import CERN
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


@pytest.fixture(scope="module")
def running(stopped: Settings) -> Iterator[Settings]:
    """The hub with its web server, for all tests after the one that restarts it."""
    with web_server(stopped):
        yield stopped


def store(settings: Settings, **changes: Any) -> None:
    """Change the wall."""
    with bound(settings):
        save_wall(parse_wall(wall_document() | changes))


def navigations(page: Page) -> list[str]:
    """The addresses that the page loads from now on."""
    found: list[str] = []
    page.on("request", lambda request: found.append(request.url) if request.is_navigation_request() else None)
    return found


def wait_for_tab(page: Page, title: str) -> None:
    """Let the time of a tab pass, and wait for the next one."""
    page.clock.run_for(TAB_S * 1000)
    assert becomes_true(page, lambda: page.locator("nav [aria-current]").inner_text() == title), f"{title} is never shown"


def test_tabs_change_by_themselves_and_a_wall_survives_restarts_of_the_server(browser: Browser, stopped: Settings, watch: Watch) -> None:
    watch.expected += ["Failed to load resource"]
    with open_page(browser, address(stopped), watch, **SCREEN) as page:
        page.clock.install()
        with web_server(stopped):
            page.goto("/wall/shift")
            expect(page.locator(".panel-subsystems .cell").first).to_contain_text("error")
            wait_for_tab(page, "Pixel")
            expect(page).to_have_url(re.compile(r"\?tab=2$"))
            wait_for_tab(page, "Now")
        page.clock.run_for(3000)
        expect(page.locator("#contact")).to_contain_text("No contact with DQM Hub. Last contact ")
        expect(page.locator("body")).to_have_class("no-contact")
        with web_server(stopped):
            page.clock.run_for(3000)
            expect(page.locator("#contact")).to_be_empty()
            wait_for_tab(page, "Pixel")
            expect(page.locator("body")).not_to_have_class("no-contact")


def test_a_wall_is_readable_from_far_away_and_nothing_of_it_is_hidden(browser: Browser, running: Settings, watch: Watch) -> None:
    with open_page(browser, address(running), watch, **SCREEN) as page:
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


def test_a_wall_changed_just_after_its_page_was_loaded_is_shown_without_a_navigation(
    browser: Browser, running: Settings, watch: Watch
) -> None:
    with open_page(browser, address(running), watch, **SCREEN) as page:
        page.goto("/wall/shift?tab=2")
        loads = navigations(page)
        store(running, title="New crew")
        expect(page.locator("h1")).to_have_text("New crew")
        store(running, title="One tab", tabs=wall_document()["tabs"][:1])  # without the tab that is shown
        expect(page.locator("h1")).to_have_text("One tab")
        expect(page.locator(".panel-subsystems .cell").first).to_contain_text("error")
        expect(page.locator("body")).not_to_have_class("no-contact")
        assert page.url.endswith("?tab=1")
        store(running)
        expect(page.locator("nav a")).to_have_count(2)
        assert loads == []  # the page of an error would have no script that repeats the navigation


def test_a_new_version_is_shown_when_its_script_and_style_can_be_loaded(browser: Browser, running: Settings, watch: Watch) -> None:
    watch.expected += ["Failed to load resource", "MIME type"]
    failures = {"wall.js": 1, "wall.css": 1}

    def upgraded(route: Route) -> None:
        if name := next((name for name in failures if name in route.request.url), ""):
            failures[name] -= 1
            return route.fulfill(status=502, body="Bad Gateway") if failures[name] >= 0 else route.continue_()
        answer = route.fetch()
        text = re.sub(r'(data-page="|wall\.(?:js|css)\?)', r"\1new", answer.text())
        return route.fulfill(response=answer, body=text)

    with open_page(browser, address(running), watch, **SCREEN) as page:
        page.goto("/wall/shift")
        expect(page.locator("body")).not_to_have_class("no-contact")
        loads = navigations(page)
        page.route(re.compile(r"/wall/shift\?|wall\.(js|css)\?new"), upgraded)
        expect(page.locator('body[data-page^="new"]')).to_be_visible()
        assets = page.locator("head script, head link[rel=stylesheet]")
        assert assets.evaluate_all("all => all.every(one => /\\?new/.test(one.src || one.href))")
        with page.expect_request(re.compile(r"since=")) as poll:
            pass
        assert poll.value.response()
        expect(page.locator("body")).not_to_have_class("no-contact")
        assert loads == []
        assert all(left < 0 for left in failures.values())


def test_a_wall_whose_script_could_not_be_loaded_is_grey_and_tries_again(browser: Browser, running: Settings, watch: Watch) -> None:
    watch.expected += ["Failed to load resource", "MIME type"]
    failures = iter([502])

    def sooner(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, body=answer.text().replace('http-equiv="refresh" content="10;', 'http-equiv="refresh" content="1;'))

    def once(route: Route) -> None:
        if status := next(failures, 0):
            route.fulfill(status=status, body="Bad Gateway")
        else:
            route.continue_()

    with open_page(browser, address(running), watch, **SCREEN) as page:
        page.route(re.compile(r"/wall/shift(\?tab=\d)?$"), sooner)
        page.route("**/wall.js*", once)
        page.goto("/wall/shift")
        assert page.locator("body.no-contact #contact").inner_text() == "The script of this page is missing: states may be old."
        expect(page.locator("body")).not_to_have_class("no-contact")  # the next page
        expect(page.locator("nav [aria-current]")).to_have_text("Pixel")
        loads = navigations(page)
        for _ in range(3):
            with page.expect_request(re.compile(r"since=")):
                pass
        assert loads == []  # the script has ended the refresh


def test_panels_that_did_not_change_stay_while_pictures_of_others_are_loaded(browser: Browser, running: Settings, watch: Watch) -> None:
    pixel = wall_document()["tabs"][1]
    text = {"kind": "text", "options": {"text": "Emergency: 74444"}}
    store(running, tabs=[pixel | {"columns": 2, "panels": [text, *pixel["panels"]]}])
    held: list[Route] = []
    with open_page(browser, address(running), watch, **SCREEN) as page:
        page.goto("/wall/shift")
        assert becomes_true(page, lambda: page.evaluate(PICTURES) == 4)
        page.evaluate("document.querySelector('.panel-text').isFirst = true")
        page.route(re.compile(r"/wall/shift/1/2/\d.*again"), lambda route: held.append(route))
        page.route(re.compile(r"since="), lambda route: changed_pictures(route))
        assert becomes_true(page, lambda: len(held) == 4)
        assert page.locator(".panel-text").inner_text().endswith("Emergency: 74444")
        assert page.evaluate(PICTURES) == 4
        for route in held:
            route.continue_()
        expect(page.locator("img[src*=again]")).to_have_count(4)
        assert page.evaluate("document.querySelector('.panel-text').isFirst")
    store(running)


def changed_pictures(route: Route) -> None:
    """Answer a poll with other pictures in the second panel."""
    answer = route.fetch(url=re.sub("since=[^&]*", "since=", route.request.url))
    text = answer.text()
    start = text.index("panel-1-2")
    text = text[:start] + re.sub(r'data-version="[^"]*"', 'data-version="again"', text[start:]).replace("?v=", "?again=1&amp;v=")
    route.fulfill(response=answer, body=text)


def test_a_third_of_a_screen_has_room_for_all_clients_of_a_run_and_what_is_left_out_is_healthy(
    browser: Browser, running: Settings, watch: Watch
) -> None:
    panels = [{"kind": "clients", "width": 2}, {"kind": "clients"}]
    store(running, tabs=[wall_document()["tabs"][0] | {"rows": 2, "panels": panels}])
    with open_page(browser, address(running), watch, **SCREEN) as page:
        page.goto("/wall/shift")
        wide, narrow = (page.locator(f"#panel-1-{number}") for number in (1, 2))
        expect(page.locator("body")).not_to_have_class("no-contact")
        assert wide.locator(".cell:visible").count() >= 31
        expect(narrow.locator(".more")).to_have_text(re.compile(r"^\d+ more$"))
        expect(narrow.locator(".cell:visible").first).to_contain_text("crashed")
        assert page.evaluate(CUT_WORDS) == []
        assert page.evaluate(CUT_OFF) == []
    store(running)


def test_long_titles_texts_and_many_tabs_push_nothing_off_the_screen(browser: Browser, running: Settings, watch: Watch) -> None:
    text = {"kind": "text", "options": {"text": "\n".join(f"Line {number}" for number in range(40))}}
    tab = wall_document()["tabs"][0] | {"title": "T" * 60, "columns": 1, "rows": 2, "panels": [text]}
    store(running, title="W" * 60, tabs=[tab] * 20)
    with open_page(browser, address(running), watch, **SCREEN) as page:
        page.clock.install(time=datetime.now() + timedelta(hours=5))  # the clock of the screen is wrong
        page.goto("/wall/shift")
        assert page.evaluate("[document.documentElement.scrollWidth, document.documentElement.scrollHeight]") == [1920, 1080]
        assert page.evaluate("document.querySelector('.clock').getBoundingClientRect().right") <= 1920
        expect(page.locator(".panel-text .more")).to_have_text(re.compile(r"^\d+ more$"))
        hours = {f"{datetime.now(CERN) + timedelta(minutes=minutes):%H}" for minutes in (-5, 0)}
        assert page.locator("#clock").inner_text()[:2] in hours
    store(running)


def test_old_data_become_grey_by_themselves_while_the_word_stays(browser: Browser, running: Settings, watch: Watch) -> None:
    with open_page(browser, address(running), watch, **SCREEN) as page:
        page.route("**/wall/shift?*since=*", lambda route: route.fulfill(status=204))  # nothing new
        page.clock.install()
        page.goto("/wall/shift")
        running = page.locator(".panel-subsystems .cell", has_text="OK").first
        page.clock.fast_forward(3_600_000)
        expect(running).to_have_class("cell cell-ok old")
        expect(running).to_contain_text(re.compile(r"\d (min|h)"))


def test_the_memory_of_a_wall_stays_flat(browser: Browser, running: Settings, watch: Watch) -> None:
    with open_page(browser, address(running), watch, **SCREEN) as page:
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
