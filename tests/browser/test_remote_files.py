"""A plot whose file server does not respond: message, retry, and the rest of the page."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from app.core.settings import Settings
from app.gui.files.entries import Entry
from app.gui.files.register import register
from tests.browser.pages import Watch, becomes_true, open_page
from tests.support import gui
from tests.support.patience import PATIENCE_MS
from tests.support.site import address, bound, site
from tests.support.xrootd import ANSWER_S, XRootD, xrootd_server

pytestmark = pytest.mark.slow

SAMPLE = "/browse/367131/Muon/Remote/DQMIO"


@pytest.fixture
def server() -> Iterator[XRootD]:
    with xrootd_server() as server:
        yield server


@pytest.fixture
def hub(tmp_path: Path, sqlite_template: Path, demo_files: list[Path], server: XRootD) -> Iterator[Settings]:
    """A hub with one remote file."""
    file = next(file for file in demo_files if "367131" in file.name)
    url = server.add(file.name, file.read_bytes())
    base_settings = Settings(
        data_dir=str(tmp_path / "var"), file_roots=(server.root,), web_workers=1, remote_timeout_s=ANSWER_S, remote_recheck_s=3600.0
    )
    with gui.render_service(base_settings.data / "render"), site(base_settings, sqlite_template, []) as settings:
        with bound(settings):
            register([Entry("/Muon/Remote/DQMIO", 367131, 0, url, "tdirectory")])
        yield settings


@pytest.fixture
def page(browser: Browser, hub: Settings, watch: Watch) -> Iterator[Page]:
    with open_page(browser, address(hub), watch) as page:
        yield page


def test_silent_file_server_is_reported_and_plot_loads_on_retry(page: Page, server: XRootD, watch: Watch) -> None:
    watch.expected.append("503")
    page.goto(SAMPLE)
    expect(page.get_by_role("link", name="RPC").first).to_be_visible()  # the list is read before the server is silent
    server.freeze()
    page.goto(f"{SAMPLE}/RPC/EventInfo")
    tile = page.locator(".tile", has_text="reportSummaryMap")
    expect(tile.get_by_role("status")).to_contain_text(
        f"the server 127.0.0.1:{server.port} did not answer within {ANSWER_S:g} s", timeout=PATIENCE_MS
    )
    server.thaw()
    image, again = tile.get_by_role("img", name="Plot reportSummaryMap"), tile.get_by_role("button", name="Try again")

    def is_drawn() -> bool:
        again.evaluate_all("buttons => buttons.forEach(button => button.click())")
        return bool(image.evaluate_all("images => images.some(image => image.naturalWidth === 266)"))

    assert becomes_true(page, is_drawn), "a silent server is not queried again for some seconds"
    expect(tile.get_by_role("status")).to_have_count(0)
