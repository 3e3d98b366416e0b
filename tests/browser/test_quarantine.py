"""A plot that crashes the renderer: messages of its tile before, in and after quarantine."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from app.core.settings import Settings
from app.gui.models import Quarantine
from tests.browser.pages import Watch, open_page
from tests.render.service import compile_plugin
from tests.support import gui
from tests.support.site import address, bound, site

pytestmark = pytest.mark.slow

FOLDER = "/browse/367131/Muon/Run2023C-Demo-v1/DQMIO/RPC/EventInfo"
LIBRARY = """
#include "../src/DQMRenderPlugin.h"
#include <unistd.h>

struct Geometry : DQMRenderPlugin {
  bool applies(const VisDQMObject &o, const VisDQMImgInfo &) override { return o.objname == "reportSummaryMap"; }
  void preDraw(TCanvas *, const VisDQMObject &, const VisDQMImgInfo &, VisDQMRenderInfo &) override {
    if (access("MENDED", F_OK) != 0)
      *reinterpret_cast<volatile int *>(8) = 1;
  }
} geometry;
"""


@pytest.fixture
def hub(tmp_path: Path, sqlite_template: Path, demo_files: list[Path]) -> Iterator[Settings]:
    """A hub with a render plugin that crashes on one plot."""
    demo = tmp_path / "var" / "demo"
    demo.mkdir(parents=True)
    copy = Path(shutil.copy(next(file for file in demo_files if "367131" in file.name), demo))
    base_settings = Settings(data_dir=str(tmp_path / "var"), web_workers=1)
    library = compile_plugin(tmp_path, LIBRARY.replace("MENDED", f"{tmp_path}/mended"))
    with (
        gui.render_service(base_settings.data / "render", "--load", str(library)),
        site(base_settings, sqlite_template, [copy]) as settings,
    ):
        yield settings


@pytest.fixture
def page(browser: Browser, hub: Settings, watch: Watch) -> Iterator[Page]:
    with open_page(browser, address(hub), watch) as page:
        yield page


def tile(page: Page) -> Locator:
    return page.locator(".tile", has_text="reportSummaryMap")


def test_crashing_plot_is_quarantined_and_loads_after_release(page: Page, hub: Settings, tmp_path: Path, watch: Watch) -> None:
    watch.expected += ["502", "422"]
    for size in ("m", "l"):  # each is requested twice
        page.goto(f"{FOLDER}?size={size}")
        expect(tile(page).get_by_role("alert")).to_contain_text(": died of SIGSEGV, in the plugin Geometry")
    page.goto(f"{FOLDER}?size=s")
    for words in (
        "is in quarantine: ",
        "the last one died of SIGSEGV in the plugin Geometry",
        "an operator can release it on the page Status",
    ):
        expect(tile(page).get_by_role("alert")).to_contain_text(words)
    page.get_by_role("link", name="Status").first.click()
    expect(page.get_by_role("row", name="render", exact=False).first).not_to_contain_text("down")
    page.go_back()
    expect(tile(page).get_by_role("alert")).to_contain_text("is in quarantine: ")
    (tmp_path / "mended").touch()
    with bound(hub):
        assert Quarantine.delete().execute() == 1
    tile(page).get_by_role("button", name="Try again").click()
    expect(tile(page).get_by_role("img", name="Plot reportSummaryMap")).to_have_js_property("naturalWidth", 200)
    expect(tile(page).get_by_role("alert")).to_have_count(0)
