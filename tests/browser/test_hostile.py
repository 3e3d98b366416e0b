"""Hostile names and texts in files: shown as text, with working links, never executed."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Page, expect

from app.core.settings import Settings
from tests.browser.pages import Watch, open_page
from tests.support import gui
from tests.support.site import address, site

pytestmark = pytest.mark.slow

SAMPLE = "/browse/7/Hostile/Names-v1/DQMIO"


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[str]:
    """Address of a hub with one hostile file."""
    data = tmp_path_factory.mktemp("x")
    file = data / "demo" / "DQM_V0001_R000000007__Hostile__Names-v1__DQMIO.root"
    file.parent.mkdir()
    subprocess.run([sys.executable, Path(__file__).with_name("write_hostile_file.py"), file], check=True)
    base_settings = Settings(data_dir=str(data), web_workers=1, instance_name="<b>Test</b>")
    with gui.render_service(data / "render"), site(base_settings, sqlite_template, [file]) as settings:
        yield address(settings)


@pytest.fixture
def page(browser: Browser, hostile: str, watch: Watch) -> Iterator[Page]:
    with open_page(browser, hostile, watch) as page:
        yield page
        assert page.evaluate("typeof window.hurt") == "undefined"


def names(page: Page, kind: str) -> list[str]:
    page.locator(f"{kind} bdi.name").first.wait_for()  # the file is read at the first access
    return page.locator(f"{kind} bdi.name").evaluate_all("all => all.map(one => one.textContent)")


def test_every_plot_has_its_name_and_a_working_address(page: Page) -> None:
    page.goto(f"{SAMPLE}/Hostile/MEs")
    found = names(page, ".tile")
    assert {"..", ".", "~..", "a#b?c&d=e%2Ff%25+g;h", "back\\slash", "<img src=x onerror=window.hurt=1>", "new\nline\ttab"} <= set(found)
    links = page.locator(".tile .stop").evaluate_all("all => all.map(one => one.href)")
    for name, link in zip(found, links, strict=True):
        page.goto(link)
        assert page.locator("#plot-title").evaluate("title => title.textContent") == name
        expect(page.locator(".plot-large")).to_have_js_property("naturalWidth", 720)


def test_every_folder_opens_its_content(page: Page) -> None:
    page.goto(f"{SAMPLE}/Hostile/Folders")
    found = names(page, ".folder")
    assert len(found) > 12
    links = page.locator(".folder").evaluate_all("all => all.map(one => one.href)")
    for name, link in zip(found, links, strict=True):
        page.goto(link)
        assert page.locator(".crumbs [aria-current]").evaluate("crumb => crumb.textContent") == name
        expect(page.locator(".tile, .folder")).to_have_count(1)


def test_texts_of_quality_tests_and_files_are_shown_as_text(page: Page) -> None:
    page.goto(f"{SAMPLE}/Hostile/MEs?plot=Hostile%2FMEs%2F%3Cimg%20src%3Dx%20onerror%3Dwindow.hurt%3D1%3E")
    expect(page.locator(".tests")).to_contain_text("<img src=x onerror=window.hurt=1>")
    page.goto(f"{SAMPLE}/Hostile/Texts")
    expect(page.locator(".value")).to_contain_text("<script>window.hurt=1</script><img src=x onerror=window.hurt=1>")
    expect(page.locator(".brand")).to_have_text("<b>Test</b>")


@pytest.mark.parametrize("name", ["<img src=x onerror=window.hurt=1>", "#url[javascript:window.hurt=1]{link}", "back\\slash"])
def test_a_title_in_an_interactive_plot_is_text(page: Page, name: str) -> None:
    page.goto(f"{SAMPLE}/Hostile/MEs?plot={quote(f'Hostile/MEs/{name}', safe='')}")
    page.get_by_role("button", name="Interactive").click()
    plot = page.get_by_role("img", name="Interactive plot")
    expect(plot).to_contain_text(name.partition("[")[0].replace("\\", "\u2216"))
    expect(plot.locator("a, img")).to_have_count(0)


def test_search_terms_are_shown_as_text(page: Page) -> None:
    page.goto(SAMPLE)
    page.get_by_role("searchbox").fill("<img src=x onerror=window.hurt=1>")
    expect(page.get_by_role("heading", name="2 matches for")).to_contain_text("<img src=x onerror=window.hurt=1>")
    page.goto(f"/?dataset={'%22%3E%3Cscript%3Ewindow.hurt%3D1%3C/script%3E'}")
    expect(page.get_by_role("heading", name="No runs found")).to_be_visible()
    expect(page.get_by_label("Dataset", exact=True)).to_have_value('"><script>window.hurt=1</script>')


def test_display_option_is_escaped(page: Page, watch: Watch) -> None:
    watch.expected.append("400")
    page.goto(f"{SAMPLE}/Hostile/MEs?plot=Hostile%2FMEs%2F~..&drawopts=%22%3E%3Cscript%3Ewindow.hurt%3D1%3C/script%3E")
    expect(page.get_by_role("alert")).to_contain_text("drawopts")
    expect(page).to_have_title(re.compile(r"^~\.\."))
