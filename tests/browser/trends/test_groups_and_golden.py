"""Display groups and golden JSON files in a browser: by keyboard alone, without scripts, for everybody, and then in the charts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, StorageState, expect

from app.core.settings import Settings
from app.security import Role, accounts
from app.trends.groups import DisplayGroup
from app.trends.groups.store import add_group, edit_group, find_group
from tests.browser.axe import add_axe, all_faults
from tests.browser.pages import Watch, open_page, sign_in
from tests.browser.trends.points import RUNS, SHOWN, fill
from tests.support.site import address, bound, site

pytestmark = pytest.mark.slow

PASSWORD = "seven-horses-in-the-rain"
TRENDS = "/trends?subsystem=Pixel&pd=StreamExpress&ps=Express&runs="


@pytest.fixture(scope="module")
def hub_with_groups(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[Settings]:
    """A hub with trends, some groups with a history, and ada, an expert of Pixel."""
    with site(Settings(data_dir=str(tmp_path_factory.mktemp("tg")), web_workers=1), sqlite_template, []) as settings:
        with bound(settings):
            fill(settings)
            accounts.add("ada", Role.EXPERT, PASSWORD, "Pixel")
            row = add_group(DisplayGroup("gone", "A group with a missing trend", "y", "Pixel", False, ("Noise", "NotConfigured")))
            edit_group(row, 1, DisplayGroup("gone", "Another title", "y", "Pixel", False, ("Noise", "NotConfigured")))
            add_group(DisplayGroup("both", "Two <b>trends</b>", "", "DT", False, ("Efficiency",)))
        yield settings


@pytest.fixture(scope="module")
def signed_in(browser: Browser, hub_with_groups: Settings) -> StorageState:
    """The cookies of the expert."""
    with open_page(browser, address(hub_with_groups), Watch()) as page:
        sign_in(page, "/account/sign-in", "ada", PASSWORD)
        expect(page.locator(".account summary")).to_have_text("ada")
        return page.context.storage_state()


@pytest.fixture
def page(browser: Browser, hub_with_groups: Settings, signed_in: StorageState, watch: Watch) -> Iterator[Page]:
    """A page of the expert."""
    watch.expected += ["status of 400", "status of 409"]
    with open_page(browser, address(hub_with_groups), watch, storage_state=signed_in) as page:
        yield page


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def test_a_group_is_made_by_keyboard_alone_and_is_a_chart(page: Page) -> None:
    page.goto("/trends/groups/Pixel")
    press(page, "n")
    expect(page.get_by_label("Name")).to_be_visible()
    page.get_by_label("Name").focus()
    page.keyboard.type("tracks and charge")
    press(page, "Tab")
    page.keyboard.type("Tracks and charge")
    press(page, "Tab", "Tab", "Tab")
    expect(page.get_by_role("textbox", name="Series 1").or_(page.get_by_role("combobox", name="Series 1"))).to_be_focused()
    page.keyboard.type("Ntracks")
    press(page, "Tab", "Tab", "Tab", "Tab")
    page.keyboard.type("Charge")
    press(page, "Enter")
    expect(page.locator("tr", has_text="tracks and charge")).to_contain_text("Ntracks, Charge")
    page.goto(TRENDS + "latest:50")
    expect(page.get_by_role("heading", name="Tracks and charge")).to_be_visible()


def test_everything_works_without_scripts(
    browser: Browser, hub_with_groups: Settings, signed_in: StorageState, watch: Watch, tmp_path: Path
) -> None:
    with open_page(browser, address(hub_with_groups), watch, storage_state=signed_in, java_script_enabled=False) as page:
        page.goto("/trends/groups/Pixel")
        page.get_by_role("link", name="Add a group").click()
        page.get_by_label("Name").fill("quiet")
        for number, name in enumerate(("Dead", "Noise", "Residual"), 1):
            page.get_by_label(f"Series {number}", exact=True).fill(name)
        page.get_by_role("button", name="Series 3 up").click()
        page.get_by_role("button", name="Remove series 1").click()
        assert [page.get_by_label(f"Series {number}", exact=True).input_value() for number in (1, 2)] == ["Residual", "Noise"]
        page.get_by_role("button", name="More series").click()
        expect(page.get_by_label("Series 5", exact=True)).to_be_visible()
        page.get_by_role("button", name="Save").click()
        row = page.locator("tr", has_text="quiet")
        expect(row).to_contain_text("Residual, Noise")
        page.get_by_role("button", name="Move up: quiet").click()
        page.get_by_role("button", name="Delete: quiet").click()
        expect(page.get_by_role("heading", name="History of the groups of Pixel")).to_be_visible()
        page.get_by_role("button", name="Restore quiet as it was before it was deleted").click()
        expect(page.locator("tr", has_text="quiet")).to_contain_text("Residual, Noise")
        file = tmp_path / "golden.json"
        file.write_text(json.dumps({str(run): [[1, 100]] for run in RUNS[:10]}))
        page.goto("/trends/golden")
        page.get_by_label("File", exact=True).set_input_files(file)
        page.get_by_role("button", name="Upload").click()
        expect(page.get_by_text("golden.json")).to_be_visible()


def test_the_second_of_two_people_sees_both_texts(page: Page, hub_with_groups: Settings) -> None:
    with bound(hub_with_groups):
        number = add_group(DisplayGroup("shared", "First", "", "Pixel", False, ("Dead",))).id
    page.goto(f"/trends/groups/Pixel/edit?group={number}")
    with bound(hub_with_groups):
        edit_group(find_group(number), 1, DisplayGroup("shared", "Theirs", "", "Pixel", False, ("Dead",)))
    page.get_by_label("Title", exact=True).fill("Mine")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_contain_text("Theirs")
    expect(page.get_by_label("Title", exact=True)).to_have_value("Mine")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("tr", has_text="shared")).to_contain_text("Mine")


def test_a_golden_json_chooses_the_runs_of_the_charts_for_everybody(page: Page, browser: Browser, hub_with_groups: Settings) -> None:
    chosen = SHOWN[10:30]
    page.goto("/trends/golden")
    page.get_by_label("or its text").fill(json.dumps({str(run): [[1, 5]] for run in chosen}))
    page.get_by_role("button", name="Upload").click()
    choice = page.locator("dd code").inner_text().removeprefix("runs=")
    with open_page(browser, address(hub_with_groups), Watch()) as other:
        other.goto(TRENDS + choice)
        expect(other.locator(".trend-canvas").first).to_be_visible()
        assert other.evaluate("[...dqm.trends.page.answer.runs.run]") == chosen


def test_axe_finds_nothing_and_pages_fit_a_phone(
    browser: Browser, hub_with_groups: Settings, signed_in: StorageState, watch: Watch, page: Page
) -> None:
    page.goto("/trends/golden")
    page.get_by_label("or its text").fill(json.dumps({str(run): [[1, run % 90 + 1], [95, 99]] for run in RUNS}))
    page.get_by_role("button", name="Upload").click()
    golden = page.url.removeprefix(address(hub_with_groups))
    paths = ["/trends/groups", "/trends/groups/Pixel", "/trends/groups/Pixel/edit?group=1", "/trends/groups/Pixel/history"]
    paths += ["/trends/groups/Pixel/edit", "/trends/golden", golden]
    with open_page(browser, address(hub_with_groups), watch, storage_state=signed_in) as checked:
        add_axe(checked)
        assert [fault for path in paths for fault in all_faults(checked, [path])] == []
