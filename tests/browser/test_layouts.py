"""Real layouts on the real files of 2023: true grids at every size, in a window and on a phone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from app.core.settings import Settings
from app.gui.layouts.importing.bulk_import import import_all
from app.gui.layouts.workspace import Workspace
from tests.browser.pages import PHONE, Watch, open_page
from tests.gui.layouts.arrangements import real_layouts
from tests.support import gui
from tests.support.site import address, bound, site

pytestmark = pytest.mark.slow

LAYOUTS = "/browse/367129/ZeroBias/Run2023C-PromptReco-v1/DQMIO/PixelPhase1/Layouts"
SIZES = {"s": 200, "m": 266, "l": 400, "xl": 532}


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path, fixtures_dir: Path) -> Iterator[str]:
    """Address of a hub with the real files of two runs, and the layouts of PixelPhase1."""
    folder, data = fixtures_dir / "dqmfiles", tmp_path_factory.mktemp("l")
    base_settings = Settings(data_dir=str(data), file_roots=(str(folder),), web_workers=1)
    files = sorted(folder.glob("DQM_V*.root"))
    with gui.render_service(data / "render"), site(base_settings, sqlite_template, files) as settings, bound(settings):
        import_all([each for each in real_layouts(fixtures_dir) if each.path.startswith("PixelPhase1/")])
        import_all([Workspace("PixelPhase1", ("offline",), folders=("PixelPhase1",))])
        yield address(settings)


@pytest.fixture
def page(browser: Browser, real: str, watch: Watch) -> Iterator[Page]:
    with open_page(browser, real, watch) as page:
        yield page


def grid(page: Page, name: str) -> Locator:
    """The plots of a layout."""
    return page.locator(".layout", has_text=name).locator(".grid > li")


def boxes(cells: Locator) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = cells.evaluate_all("cells => cells.map((cell) => cell.getBoundingClientRect().toJSON())")
    return found


def check_grid(cells: list[dict[str, Any]], columns: int) -> None:
    """Rows and columns are where the layout has them."""
    rows = [cells[start : start + columns] for start in range(0, len(cells), columns)]
    assert all(len({round(cell["y"]) for cell in row}) == 1 for row in rows)
    assert all(len({round(cell["x"]) for cell in column}) == 1 for column in zip(*rows, strict=True))
    assert len({round(cell["width"]) for cell in cells}) == 1


def fits(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


def test_a_grid_keeps_its_rows_and_columns_at_every_size(page: Page) -> None:
    for size, width in SIZES.items():
        page.goto(f"{LAYOUTS}?size={size}")
        barrel, disks = boxes(grid(page, "34 -  Ontrack PXLayer")), boxes(grid(page, "35 - Ontrack Disk"))
        assert (len(barrel), len(disks)) == (4, 6)
        check_grid(barrel, 2)
        check_grid(disks, 3)
        assert round(barrel[0]["width"]) == width
        assert fits(page)


def test_a_grid_fits_a_phone_and_a_wider_one_than_that_scrolls_by_itself(browser: Browser, real: str, watch: Watch) -> None:
    with open_page(browser, real, watch, **PHONE) as page:
        page.goto(f"{LAYOUTS}?size=xl")
        check_grid(boxes(grid(page, "35 - Ontrack Disk")), 3)
        assert all(cell["width"] >= 110 for cell in boxes(grid(page, "35 - Ontrack Disk")))
        assert fits(page)


def test_the_key_of_the_menu_of_workspaces_leads_into_it(page: Page) -> None:
    page.goto(LAYOUTS.rpartition("/")[0])
    menu = page.locator(".workspace-menu")
    expect(menu).to_be_visible()
    page.wait_for_load_state()
    page.keyboard.press("w")
    expect(menu).to_have_attribute("open", "")
    page.keyboard.press("Tab")
    expect(menu.get_by_role("link", name="PixelPhase1")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("ws=PixelPhase1$"))


def test_a_plot_of_a_layout_opens_large_and_leads_back_to_it(page: Page) -> None:
    page.goto(LAYOUTS)
    layout = page.locator(".layout", has_text="35 - Ontrack Disk")
    expect(layout.locator(".absent")).to_have_count(5)
    layout.locator("img").click()
    expect(page.locator(".plot-large")).to_have_js_property("naturalWidth", 720)
    page.get_by_role("link", name="Back to layout").click()
    expect(page.locator(".layout")).to_have_count(1)
    expect(page.locator(".crumbs [aria-current]")).to_have_text("35 - Ontrack Disk")
