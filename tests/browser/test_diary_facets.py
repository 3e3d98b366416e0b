"""The list of so many jobs that values are counted when a menu is opened, in a real browser."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from app.core.settings import Settings
from app.diary.observations.store import store
from tests.browser.pages import ABORTED, Watch, open_page
from tests.diary.observations import NOW, seen
from tests.support.site import address, bound, site

pytestmark = pytest.mark.slow

JOBS = 2_010  # more than are counted for each list


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[Settings]:
    """A hub with many jobs: every tenth belongs to bob and failed, the others belong to anna and are done."""
    given = Settings(data_dir=str(tmp_path_factory.mktemp("d")), web_workers=1, log_level="error")
    with site(given, sqlite_template, []) as settings, bound(settings):
        values = [("failed", "bob") if number % 10 == 0 else ("done", "anna") for number in range(JOBS)]
        store("s", [seen(NOW, state, str(number), user=user) for number, (state, user) in enumerate(values)], NOW)
        yield settings


@pytest.fixture
def page(browser: Browser, hub: Settings, watch: Watch) -> Iterator[Page]:
    watch.expected += ABORTED
    with open_page(browser, address(hub), watch) as page:
        page.goto("/diary")
        yield page


def test_a_menu_of_a_narrowed_list_counts_its_values_and_leaves_the_list(page: Page) -> None:
    page.locator("summary", has_text="State").click()
    page.get_by_role("link", name="failed 201").click()
    expect(page.locator("#jobs-title")).to_have_text("201 jobs, page 1 of 5")
    expect(page).to_have_url(re.compile(r"/diary\?state=failed$"))
    page.keyboard.press("Escape")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.locator("summary", has_text="User").click()
    expect(page.get_by_role("link", name="bob 201")).to_be_visible()
    expect(page.get_by_role("link", name="anna")).to_have_count(0)
    expect(page.locator("#diary #jobs-title")).to_have_text("201 jobs, page 1 of 5")
    assert [url for url in asked if "/values/" in url] == []


def test_a_menu_that_is_opened_after_a_search_counts_the_jobs_of_the_search(page: Page) -> None:
    page.get_by_label("Search jobs").fill("user:anna,bob")  # still too many to be counted for the list
    expect(page.locator(".selected")).to_contain_text("user:anna,bob")
    page.locator("summary", has_text="State").click()
    expect(page.get_by_role("link", name="failed 201")).to_be_visible()
    page.keyboard.press("Escape")
    page.get_by_label("Search jobs").fill("user:bob")
    expect(page.locator("#jobs-title")).to_have_text("201 jobs, page 1 of 5")
    page.locator("summary", has_text="User").click()
    expect(page.get_by_role("link", name="bob 201")).to_be_visible()
    expect(page.locator("#diary #jobs-title")).to_have_text("201 jobs, page 1 of 5")


def test_half_a_word_of_a_search_leaves_the_jobs_of_the_last_one(page: Page, watch: Watch) -> None:
    watch.expected += ["status of 400", "Error Code 400"]
    field = page.get_by_label("Search jobs")
    field.fill("state:failed")
    expect(page.locator("#jobs-title")).to_have_text("201 jobs, page 1 of 5")
    field.fill("state:failed state:fai")
    expect(page.get_by_role("alert")).to_contain_text("state:fai: state is one of")
    expect(field).to_be_focused()
    expect(field).to_have_value("state:failed state:fai")
    expect(page.locator("#jobs-title")).to_have_text("201 jobs, page 1 of 5")
    expect(page.locator(".facets")).to_be_visible()
    field.fill("state:failed user:bob")
    expect(page.get_by_role("alert")).to_have_count(0)
    expect(page.locator("#jobs-title")).to_have_text("201 jobs, page 1 of 5")
    expect(page.locator(".selected")).to_contain_text("user:bob")
