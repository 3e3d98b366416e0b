"""The review of a job in a real browser: preview, tags and unsaved changes while somebody types, and all by the keyboard."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from app.core.settings import Settings
from app.diary.observations.store import store
from app.diary.review.review import ReviewChange
from app.diary.review.reviews import review_of, save_review
from app.security import Role, accounts
from tests.browser.pages import PHONE, Watch, content_width, open_page, sign_in
from tests.diary.observations import NOW, only_job, seen
from tests.support.site import address, bound, site

pytestmark = pytest.mark.slow

PASSWORD = "seven-horses-in-the-rain"


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[Settings]:
    """A hub with a failed job, which has a tag, and the shifter bob."""
    given = Settings(data_dir=str(tmp_path_factory.mktemp("d")), web_workers=1, log_level="error")
    with site(given, sqlite_template, []) as settings, bound(settings):
        accounts.add("bob", Role.SHIFTER, PASSWORD)
        store("slurm", [seen(NOW, "failed", name="a_name_" * 12, user="anna")], NOW)
        save_review(only_job().id, ReviewChange(tags=("geometry",)), 0, "anna")
        yield settings


def test_a_review_is_written_with_preview_completion_and_a_warning_before_it_is_lost(browser: Browser, hub: Settings, watch: Watch) -> None:
    job = f"/diary/jobs/{only_job().id}"
    with open_page(browser, address(hub), watch) as page:
        sign_in(page, "/account/sign-in", "bob", PASSWORD)
        expect(page.locator(".account summary")).to_have_text("bob")
        page.goto(f"{job}?list=state%3Dfailed")
        note = page.locator("[data-unsaved]")
        expect(note).to_have_text("")
        page.get_by_label("Notes in Markdown").press_sequentially("No **geometry**")
        expect(page.locator("#notes strong")).to_have_text("geometry")
        expect(note).to_have_text("You have unsaved changes")
        page.get_by_label("Tags").press_sequentially(" disk #geo")
        expect(page.locator("#tag-choices option")).to_have_count(0)  # the job has it already
        page.get_by_label("Tags").fill("geo")
        expect(page.locator("#tag-choices option")).to_have_attribute("value", "geometry")
        page.get_by_label("Tags").fill("geometry disk")
        watch.expected.append("dialog: ")
        page.get_by_role("link", name="Back to the list").click()
        expect(page.get_by_label("Notes in Markdown")).to_have_value("No **geometry**")
        assert [error for error in watch.errors if error.startswith("dialog")], "the browser asks before the page is left"
        page.get_by_label("Summary").focus()
        page.keyboard.type("Checked")
        page.keyboard.press("Enter")
        expect(page.locator(".saved")).to_contain_text("Saved")
        expect(note).to_have_text("")
        saved = review_of(only_job().id)
        assert (saved.notes, saved.tags, saved.summary, saved.by) == ("No **geometry**", ("disk", "geometry"), "Checked", "bob")
        page.get_by_role("link", name="Back to the list").click()
        expect(page).to_have_url(f"{address(hub)}/diary?state=failed")


def test_the_page_of_a_job_fits_a_phone(browser: Browser, hub: Settings, watch: Watch) -> None:
    with open_page(browser, address(hub), watch, **PHONE) as page:
        sign_in(page, "/account/sign-in", "bob", PASSWORD)
        expect(page).not_to_have_url(f"{address(hub)}/account/sign-in")
        page.goto(f"/diary/jobs/{only_job().id}")
        expect(page.get_by_label("Summary")).to_be_visible()
        assert content_width(page) == PHONE["viewport"]["width"]
