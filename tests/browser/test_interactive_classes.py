"""Interactive plots of a map of polygons, and with references that lie far from the plot or lack it."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from app.core.settings import Settings
from tests.browser.pages import Watch, open_page
from tests.browser.test_interactive import interactive, open_interactive
from tests.support import gui
from tests.support.patience import PATIENCE_S
from tests.support.site import address, site

pytestmark = pytest.mark.slow

TREE = Path(__file__).parents[2]
FOLDER = "/browse/7/Interactive/Plots-v1/DQMIO/Plots/All"


@pytest.fixture(scope="module")
def compared(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[str]:
    """Address of a hub with the two runs."""
    data = tmp_path_factory.mktemp("x")
    folder = data / "demo"
    folder.mkdir()
    command = [sys.executable, "-W", "ignore", "-m", "tests.browser.write_interactive_files", str(folder)]
    subprocess.run(command, cwd=TREE, check=True, timeout=PATIENCE_S)
    base_settings = Settings(data_dir=str(data), web_workers=1)
    with gui.render_service(data / "render"), site(base_settings, sqlite_template, sorted(folder.iterdir())) as settings:
        yield address(settings)


@pytest.fixture
def page(browser: Browser, compared: str, watch: Watch) -> Iterator[Page]:
    with open_page(browser, compared, watch) as page:
        for run in (7, 8):
            page.request.get(f"/api/v1/archive/{run}/Interactive/Plots-v1/DQMIO/")
        yield page


def open_plot(page: Page, name: str, more: str = "") -> None:
    open_interactive(page, f"{FOLDER}?plot=Plots%2FAll%2F{name}{more}")


def test_a_map_of_polygons_is_drawn_and_the_content_of_a_polygon_is_under_the_pointer(page: Page) -> None:
    open_plot(page, "sensors")
    frame = interactive(page).locator(".main_layer").bounding_box()
    assert frame
    for step in (0, 1):  # both axes are from 0 to 10; polygon 2 is a square from 5 to 9 and from 1 to 5
        page.mouse.move(frame["x"] + 0.7 * frame["width"] + step, frame["y"] + 0.7 * frame["height"])
    hint = interactive(page).locator(".objects_hints")
    expect(hint.get_by_text("bin = 2", exact=True)).to_be_visible()
    expect(hint.get_by_text("content = 7", exact=True)).to_be_visible()


@pytest.mark.parametrize("name", ["counts", "means"])
@pytest.mark.parametrize(("run", "reference"), [(7, 8), (8, 7)])
def test_the_axis_has_room_for_references_far_from_the_plot(page: Page, name: str, run: int, reference: int) -> None:
    open_interactive(page, f"{FOLDER.replace('7', str(run))}?plot=Plots%2FAll%2F{name}&ref={reference}&norm=false")
    axis = interactive(page).locator(".yaxis_container text")
    for value in ("0", "100"):  # between contents of at least 11 in one run, and of at most -110 in the other
        expect(axis.filter(has_text=re.compile(rf"^\D?{value}$"))).to_have_count(1)


def test_a_reference_that_lacks_the_plot_is_not_asked_for_it(page: Page, watch: Watch) -> None:
    open_plot(page, "sensors", "&ref=8&ref=9")
    expect(page.get_by_role("img", name="Interactive plot")).to_have_count(1)
    assert not [url for url in watch.requests if "/json/" in url and "/7/" not in url]
