"""The list of jobs in a real browser: it follows typing and changes by itself, and all of it works by the keyboard."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from app.core.settings import Settings
from app.diary.observations.store import store
from tests.browser.pages import PHONE, Watch, content_width, open_page
from tests.diary.observations import NOW, seen
from tests.support.site import address, bound, site

pytestmark = pytest.mark.slow

LONG: dict[str, Any] = {"name": "a_name_" * 30, "user": "u" * 60, "project": "p" * 60, "labels": {"label" * 10: "/long" * 40}}


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[Settings]:
    """A hub with 60 jobs of two users, the oldest with long names; its list is refreshed each second."""
    given = Settings(data_dir=str(tmp_path_factory.mktemp("d")), web_workers=1, log_level="error", diary_refresh_s=1.0)
    with site(given, sqlite_template, []) as settings, bound(settings):
        facts = [{"submitted": NOW - number, "name": f"fit_{number:02}", "user": ("bob", "anna")[number % 2]} for number in range(1, 60)]
        store("slurm", [seen(NOW, "failed", str(number), **each) for number, each in enumerate(facts)], NOW)
        store("slurm", [seen(NOW, "done", "long", submitted=NOW - 900, **LONG)], NOW)
        yield settings


@pytest.fixture
def page(browser: Browser, hub: Settings, watch: Watch) -> Iterator[Page]:
    watch.expected += ["htmx:sendAbort", "htmx:afterRequest"]  # a search ends a poll
    with open_page(browser, address(hub), watch) as page:
        page.goto("/diary")
        yield page


def test_the_list_follows_typing_and_values_are_chosen_by_the_keyboard(page: Page) -> None:
    page.keyboard.press("/")
    page.keyboard.insert_text("fit state:failed")  # at once: half a word is a wrong search
    expect(page.locator("#jobs-title")).to_have_text("59 jobs, page 1 of 2")
    expect(page).to_have_url(re.compile(r"/diary\?q=fit%20state%3Afailed$"))
    expect(page.get_by_label("Search jobs")).to_be_focused()
    page.locator("summary", has_text="User").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#jobs-title")).to_have_text("30 jobs")
    expect(page.locator(".facet[open] [aria-current]")).to_be_focused()
    expect(page.locator(".selected li")).to_contain_text(["fit", "state:failed", "anna", "All jobs"])
    page.keyboard.press("Escape")
    expect(page.locator(".facet[open]")).to_have_count(0)
    page.keyboard.press("j")
    expect(page.locator(".diary .stop").first).to_be_focused()
    page.go_back()
    expect(page.locator("#jobs-title")).to_have_text("59 jobs, page 1 of 2")


def test_an_answer_for_the_earlier_list_does_not_replace_a_search(page: Page) -> None:
    held: list[Route] = []
    page.route(lambda url: "since=" in url and not held, lambda route: held.append(route))
    with page.expect_request(lambda request: "since=" in request.url):
        pass
    store("slurm", [seen(NOW, "running", "other", submitted=NOW - 899, name="an_other_one")], NOW)  # so that the held answer has a list
    page.get_by_label("Search jobs").fill("fit_07")
    expect(page.locator("#jobs-title")).to_have_text("1 job")
    with page.expect_response(lambda answer: "since=" in answer.url and "fit_07" in answer.url):
        held[0].continue_()
    expect(page.locator("#jobs-title")).to_have_text("1 job")
    expect(page.locator(".diary .stop")).to_have_text("fit_07")


def test_a_new_job_appears_in_the_open_list_and_an_open_line_stays_open(page: Page) -> None:
    page.locator(".sources summary").click()
    store("slurm", [seen(NOW, "running", "new", submitted=NOW, name="a_new_one")], NOW)
    expect(page.locator(".diary .stop").first).to_have_text("a_new_one")
    expect(page.locator(".sources table")).to_be_visible()


def test_a_search_that_cannot_be_read_is_named_until_it_is_mended(page: Page, watch: Watch) -> None:
    watch.expected += ["status of 400", "Error Code 400"]
    field = page.get_by_label("Search jobs")
    field.fill("state:fine")
    expect(page.get_by_role("alert")).to_contain_text("state:fine: state is one of unknown, pending")
    expect(field).to_have_attribute("aria-invalid", "true")
    field.fill("state:failed")
    expect(page.get_by_role("alert")).to_have_count(0)
    expect(field).not_to_have_attribute("aria-invalid", "true")
    expect(page.locator("#jobs-title")).to_have_text("59 jobs, page 1 of 2")


def test_long_names_fit_a_phone(browser: Browser, hub: Settings, watch: Watch) -> None:
    with open_page(browser, address(hub), watch, **PHONE) as page:
        page.goto("/diary?q=a_name&columns=labels,user,project,source,id")
        expect(page.locator(".diary .stop")).to_have_text(LONG["name"])
        assert content_width(page) == PHONE["viewport"]["width"]
        page.locator("summary", has_text="Project").click()
        assert content_width(page) == PHONE["viewport"]["width"]
