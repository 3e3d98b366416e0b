"""DQM^2 with the simulated P5: jobs, a crash, the end of a run and the next run appear on the page."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from app.core.settings import Settings
from tests.browser.pages import Watch, open_page
from tests.square.chain import Chain, chain
from tests.support.site import address

pytestmark = pytest.mark.slow

CLIENT = "pixel_dqm_sourceclient-live"


@pytest.fixture
def running(tmp_path: Path, sqlite_template: Path) -> Iterator[Chain]:
    """A quiet P5 that the test controls, the live worker and the web server."""
    data = tmp_path / "var"
    shutil.copytree(sqlite_template, data)
    base_settings = Settings(data_dir=str(data), square_status_s=2.0, square_refresh_s=1.0)
    with chain(base_settings, "--quiet-start", "--speed", "1", services=("web", "live", "p5")) as found:
        yield found


@pytest.fixture
def page(browser: Browser, running: Chain, watch: Watch) -> Iterator[Page]:
    with open_page(browser, address(running.settings), watch) as page:
        yield page


def first_row(page: Page) -> Locator:
    return page.locator(".jobs tbody tr").first


def test_page_follows_runs_at_p5(page: Page, running: Chain) -> None:
    p5 = running.p5
    page.goto("/square")
    expect(page.locator("#situation")).to_contain_text("No run has been reported yet")
    run = p5.incident("start_run", lumis=100)["run"]
    p5.advance(30)
    expect(page.locator("#square")).to_have_attribute("data-run", str(run))
    expect(page.locator(".jobs .job-running")).to_have_count(31)
    expect(page.locator("#situation")).to_contain_text("live")

    p5.incident("crash", tag=CLIENT, code=-11, restart=False)
    expect(first_row(page)).to_contain_text("-11 SIGSEGV")
    expect(first_row(page).locator("th")).to_have_text(re.compile("^pixel"))
    p5.incident("host_down", host="dqmfu-c2b03-45-01")
    expect(page.locator("#situation")).to_contain_text("dqmfu-c2b03-45-01 does not respond")
    p5.incident("host_down", host="dqmfu-c2b03-45-01", on=False)
    expect(page.locator("#situation")).not_to_contain_text("does not respond")

    p5.incident("end_run", follow=False)
    p5.advance(120)
    expect(page.locator("#situation")).to_contain_text("Run ended")
    expect(page.locator(".jobs .job-running")).to_have_count(0)
    expect(first_row(page)).to_contain_text("-11 SIGSEGV")

    old = page.context.new_page()
    old.goto(f"/square/runs/{run}")
    following = p5.incident("start_run", lumis=100)["run"]
    p5.advance(30)
    expect(page.locator("#square")).to_have_attribute("data-run", str(following))
    expect(page.locator(".jobs .job-running")).to_have_count(31)
    expect(old.get_by_label(f"Next run: {following}")).to_be_visible()
    expect(old.locator("#square")).to_have_attribute("data-run", str(run))
    expect(first_row(old)).to_contain_text("-11 SIGSEGV")
    expect(old.locator(".jobs .job-running")).to_have_count(0)
