"""Real files of 2023: pixel maps, and a plot that is empty in the file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from app.core.settings import Settings
from tests.browser.pages import Watch, open_page
from tests.browser.test_navigation import COLOURS
from tests.support import gui
from tests.support.site import address, site

pytestmark = pytest.mark.slow

DATASET = "/ZeroBias/Run2023C-PromptReco-v1/DQMIO"


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path, fixtures_dir: Path) -> Iterator[str]:
    """Address of a hub with the real files of two runs."""
    folder = fixtures_dir / "dqmfiles"
    data = tmp_path_factory.mktemp("r")
    base_settings = Settings(data_dir=str(data), file_roots=(str(folder),), web_workers=1)
    with gui.render_service(data / "render"), site(base_settings, sqlite_template, sorted(folder.glob("DQM_V*.root"))) as settings:
        yield address(settings)


@pytest.fixture
def page(browser: Browser, real: str, watch: Watch) -> Iterator[Page]:
    with open_page(browser, real, watch) as page:
        yield page


def open_plot(page: Page, name: str) -> int:
    """Open a plot from the list and return the number of its colours."""
    page.locator(".tile", has_text=name).locator("a.stop").click()
    image = page.locator(".plot-large")
    expect(image).to_have_js_property("naturalWidth", 720)
    return int(image.evaluate(COLOURS))


def test_pixel_maps_of_a_real_run_are_drawn(page: Page) -> None:
    page.goto("/")
    page.get_by_role("row", name="367129").get_by_role("link", name=DATASET).click()
    page.get_by_role("link", name="PixelPhase1").click()
    page.get_by_role("link", name="Tracks").click()
    page.get_by_role("link", name="PXBarrel").click()
    assert open_plot(page, "clusterposition_zphi_ontrack_PXLayer_1") > 60
    expect(page.locator(".details")).to_contain_text("1,661,836")
    expect(page.locator(".details")).to_contain_text("Global Z")


def test_empty_plot_of_a_real_run_is_drawn_empty(page: Page) -> None:
    page.goto(f"/browse/367094{DATASET}?q=pixel")
    tiles = page.locator(".tile:has(img)")
    expect(tiles).to_have_count(1)
    tiles.locator("a.stop").click()
    expect(page.locator(".plot-large")).to_have_js_property("naturalWidth", 720)
    expect(page.locator(".details")).to_contain_text("Entries0Title")
