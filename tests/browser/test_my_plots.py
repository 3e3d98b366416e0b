"""My plots in a browser: from a plot to the sign-in page and back, pinned by the keyboard, and from marked plots."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from app.core.settings import Settings
from app.security import Role, accounts
from tests.browser.pages import ABORTED, Watch
from tests.browser.test_navigation import TIMING, expect_page, expect_plot
from tests.support.site import bound

pytestmark = pytest.mark.slow

PASSWORD = "seven-horses-in-the-rain"
TASK = "EcalBarrel/EBTimingTask"
FIRST, SECOND, THIRD = (f"EBTMT timing EB+0{number}" for number in (2, 3, 4))


def test_plots_are_pinned_after_signing_in_by_keyboard_and_together(page: Page, hub: Settings, watch: Watch) -> None:
    watch.expected += ABORTED
    with bound(hub):
        accounts.add("pina", Role.VIEWER, PASSWORD)
    page.goto(f"{TIMING}?plot={TASK}/EBTMT%20timing%20EB%2B02")
    expect_plot(page, FIRST, 720)
    page.get_by_role("link", name="Sign in to pin").click()
    page.get_by_label("User name").fill("pina")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect_plot(page, FIRST, 720)
    page.get_by_role("button", name="Pin to My plots").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Pin to…")).to_be_visible()
    expect_plot(page, FIRST, 720)

    page.get_by_role("link", name="Back to folder").click()
    for name in (SECOND, THIRD):
        page.get_by_label(f"Mark {name}", exact=True).check()
        expect(page.get_by_label(f"Mark {name}", exact=True)).to_be_checked()
    expect(page.locator("#marks")).to_contain_text("2 marked")
    page.get_by_role("button", name="Pin to My plots").click()
    page.get_by_text("My plots (1)").click()
    page.get_by_role("link", name="My plots", exact=True).last.click()
    expect_page(page, "shared=")
    expect(page.get_by_text("Private layout My plots of yours, which nobody else sees")).to_be_visible()
    expect(page.locator(".layout .grid img")).to_have_count(3)
    page.get_by_role("link", name="Change or share it").click()
    page.locator(".own-plots li").nth(2).get_by_role("button", name="Earlier").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".own-plots li").nth(1)).to_contain_text(THIRD)
