"""An expert edits a layout in a browser: by keyboard alone, by drag, and without scripts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route, StorageState, expect

from app.core.settings import Settings
from app.gui.layouts.editing.store import activate, active_layout, active_workspaces, find, save
from app.gui.layouts.layout import Layout, PlotCell
from app.gui.layouts.models import Arrangement
from app.gui.layouts.workspace import Workspace
from app.security import Role, accounts
from tests.browser.axe import add_axe, faults
from tests.browser.pages import ABORTED, PHONE, Watch, open_page, sign_in
from tests.support import gui
from tests.support.site import address, bound, site

pytestmark = pytest.mark.slow

SUMMARY, TIMING = "EcalBarrel/EventInfo/reportSummaryMap", "EcalBarrel/EBTimingTask/EBTMT timing EB+0"
PLOTS = (SUMMARY, f"{TIMING}1", f"{TIMING}2", "EcalBarrel/absent")
SAMPLE = "run=367140"
PASSWORD = "seven-horses-in-the-rain"


@pytest.fixture(scope="module")
def layout_site(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path, demo_files: list[Path]) -> Iterator[Settings]:
    """A hub with the demo files, a render service, and the expert emma of Ecal."""
    folder = tmp_path_factory.mktemp("x")
    settings = Settings(data_dir=str(folder), file_roots=(str(demo_files[0].parent),), web_workers=1)
    with gui.render_service(folder / "render"), site(settings, sqlite_template, demo_files) as found, bound(found):
        accounts.add("emma", Role.EXPERT, PASSWORD, "Ecal")
        yield found


@pytest.fixture(scope="module")
def emma(browser: Browser, layout_site: Settings) -> StorageState:
    """The cookies of emma; the sample is imported."""
    with open_page(browser, address(layout_site), Watch()) as page:
        sign_in(page, "/account/sign-in", "emma", PASSWORD)
        expect(page.locator(".account summary")).to_have_text("emma")
        page.goto("/browse/367140/Cosmics/Run2023C-Demo-v1/DQMIO")
        expect(page.locator(".folder").first).to_be_visible()
        return page.context.storage_state()


@pytest.fixture
def page(browser: Browser, layout_site: Settings, emma: StorageState, watch: Watch) -> Iterator[Page]:
    """A page of emma, with axe."""
    with open_page(browser, address(layout_site), watch, storage_state=emma) as page:
        add_axe(page)
        yield page


def stored(name: str, *plots: str) -> int:
    """The number of an active layout with one row of plots."""
    saved = save(Layout(f"Ecal/Layouts/{name}", ("offline",), (tuple(map(PlotCell, plots or PLOTS)),)))
    activate(saved.arrangement, 1)
    return saved.arrangement


def rows(name: str) -> list[list[str | None]]:
    """The last parts of the paths of the active layout."""
    found = active_layout("offline", f"Ecal/Layouts/{name}")
    assert found
    assert isinstance(found.content, Layout)
    return [[cell and cell.plot.rpartition("/")[2] for cell in row] for row in found.content.rows]


def expect_grid(page: Page, *cells: str) -> None:
    """The grid has these cells, row by row."""
    expect(page.locator("#layout-grid .cell")).to_contain_text(list(cells))


def test_an_expert_edits_previews_and_activates_a_layout_by_keyboard_alone(page: Page) -> None:
    number = stored("keys")
    page.goto(f"/layouts/{number}?{SAMPLE}")
    expect(page.get_by_role("img", name="Plot reportSummaryMap")).to_have_js_property("naturalWidth", 266)
    page.keyboard.press("e")
    expect(page.get_by_role("heading", name="Edit Ecal/Layouts/keys")).to_be_visible()
    page.locator("#cell-0-0").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator("#cell-0-1")).to_be_focused()
    page.keyboard.press("ArrowLeft")
    for _ in range(3):  # faster than the answers
        page.keyboard.press("Alt+ArrowRight")
    expect(page.locator("#cell-0-3")).to_be_focused()
    expect_grid(page, "timing EB+01", "timing EB+02", "absent", "reportSummaryMap")
    page.keyboard.press("Alt+ArrowDown")
    expect(page.locator("#cell-1-0")).to_be_focused()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Delete")
    expect_grid(page, "timing EB+02", "absent", "reportSummaryMap")
    expect(page.locator("#cell-0-0")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_label("Plot", exact=True)).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.type("Is it flat?")
    page.get_by_role("button", name="Preview").press("Enter")
    preview = page.get_by_role("region", name="Preview")
    expect(preview.get_by_role("img", name="Plot EBTMT timing EB+02")).to_have_count(2)
    expect(page.get_by_text("removed EcalBarrel/EBTimingTask/EBTMT timing EB+01 from row 1, column 2")).to_be_visible()
    expect(page.get_by_text("No monitor element of run 367140")).to_be_visible()
    assert faults(page, "light") + faults(page, "dark") == []
    page.get_by_label("Reason").focus()
    page.keyboard.type("timing first")
    page.get_by_role("button", name="Save and activate").press("Enter")
    expect(page.get_by_role("heading", name="History")).to_be_visible()
    expect(page).to_have_url(f"{page.url.partition('/layouts')[0]}/layouts/{number}")
    expect(page.get_by_text("timing first").first).to_be_visible()
    assert rows("keys") == [["EBTMT timing EB+02", "absent"], ["reportSummaryMap"]]


def test_a_cell_is_dragged_onto_another_and_the_nearest_name_is_taken(page: Page) -> None:
    number = stored("drag", SUMMARY, f"{TIMING}1", "EcalBarrel/EventInfo/reportSummaryMop")
    page.goto(f"/layouts/{number}/edit?{SAMPLE}")
    page.locator("#cell-0-0").drag_to(page.locator("#cell-0-1"))
    expect_grid(page, "timing EB+01", "reportSummaryMap", "reportSummaryMop")
    page.get_by_role("button", name="Preview").click()
    page.get_by_role("button", name=f"Use {SUMMARY}").click()
    expect_grid(page, "timing EB+01", "reportSummaryMap", "reportSummaryMap")
    page.get_by_role("button", name="Save as a draft").click()
    expect(page.get_by_role("button", name="Activate version 2")).to_be_visible()
    assert find(number).newest == 2


def test_a_preview_scrolls_into_view_and_a_form_without_changes_is_left_without_a_question(page: Page) -> None:
    page.goto(f"/layouts/{stored('look', SUMMARY, f'{TIMING}1')}/edit?{SAMPLE}")
    page.locator("#cell-0-1").click()
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_role("region", name="Preview")).to_be_focused()
    expect(page.get_by_role("heading", name="Active now")).to_be_in_viewport()
    page.get_by_role("link", name="Cancel").click()
    expect(page.get_by_role("heading", name="History")).to_be_visible()


def test_a_typed_name_is_completed_from_the_sample(page: Page, watch: Watch) -> None:
    watch.expected += ABORTED
    page.goto(f"/layouts/{stored('typed')}/edit?{SAMPLE}")
    page.locator("#cell-0-3").click()
    page.get_by_label("Plot", exact=True).fill("EBTMT EB+07")
    expect(page.locator(f'#layout-choices option[value="{TIMING}7"]')).to_have_count(1)
    page.get_by_label("Plot", exact=True).fill(f"{TIMING}7")
    page.get_by_role("button", name="Apply").click()
    expect(page.locator("#cell-0-3 img")).to_have_js_property("naturalWidth", 266)


def test_two_experts_at_once_see_both_versions(page: Page, watch: Watch) -> None:
    watch.expected += ["status of 409", "Response Status Error Code 409"]
    number = stored("conflict")
    page.goto(f"/layouts/{number}/edit?{SAMPLE}")
    save(Layout("Ecal/Layouts/conflict", ("offline",), ((PlotCell(SUMMARY),),)), arrangement=number, based_on=1, reason="theirs")
    page.get_by_label("Reason").fill("mine")
    page.get_by_role("button", name="Remove row 1").click()
    page.get_by_role("button", name="Add a row").click()
    page.get_by_label("Plot", exact=True).fill(f"{TIMING}2")
    page.get_by_role("button", name="Save and activate").click()
    both = page.get_by_role("region", name="Both versions")
    expect(both.get_by_role("img")).to_have_count(2)
    expect(page.locator("#layout-problem")).to_be_focused()
    expect(page.locator("#layout-problem")).to_be_in_viewport()
    assert faults(page, "light") == []
    page.get_by_role("button", name="Replace version 2 of").click()
    expect(page.get_by_role("heading", name="History")).to_be_visible()
    assert rows("conflict") == [["EBTMT timing EB+02"]]


def test_a_draft_stays_when_its_sender_is_signed_out(page: Page, watch: Watch) -> None:
    watch.expected += ["status of 403", "Response Status Error Code 403"]  # here, everybody is a viewer
    number = stored("signed-out")
    page.goto(f"/layouts/{number}/edit?{SAMPLE}")
    page.get_by_label("Reason").fill("mine")
    cookies = page.context.cookies()
    page.context.clear_cookies()
    page.get_by_role("button", name="Save and activate").click()
    box = page.locator("#layout-not-stored")
    expect(box).to_contain_text("you are signed out")
    expect(box).to_be_focused()
    assert faults(page, "light") + faults(page, "dark") == []
    expect(box.get_by_role("link", name="Sign in in another tab")).to_have_attribute("target", "_blank")
    page.context.add_cookies(cookies)  # as after signing in there
    expect(page.get_by_label("Reason")).to_have_value("mine")
    page.get_by_role("button", name="Remove row 1").click()
    expect(box).to_be_hidden()
    page.get_by_role("button", name="Add a row").click()
    page.get_by_label("Plot", exact=True).fill(SUMMARY)
    page.get_by_role("button", name="Save and activate").click()
    expect(page.get_by_role("heading", name="History")).to_be_visible()
    assert rows("signed-out") == [["reportSummaryMap"]]


def test_a_draft_stays_when_its_layout_can_no_longer_be_edited(page: Page, watch: Watch) -> None:
    watch.expected += ["status of 409", "Response Status Error Code 409"]
    number = stored("lost")
    page.goto(f"/layouts/{number}/edit?{SAMPLE}")
    page.get_by_label("Reason").fill("mine")
    Arrangement.update(source="ecal.toml").where(Arrangement.id == number).execute()
    page.get_by_role("button", name="Save as a draft").click()
    expect(page.locator("#layout-not-stored")).to_contain_text("comes from the file ecal.toml of a watched folder")
    expect(page.get_by_label("Reason")).to_have_value("mine")


def test_a_workspace_keeps_its_form_until_it_is_stored(page: Page, watch: Watch) -> None:
    watch.expected += ["status of 400", "Response Status Error Code 400", "status of 409", "Response Status Error Code 409"]
    lines = tuple(f"Ecal/Layouts/{number}" for number in range(40))
    workspace = Workspace("Ecal", ("offline",), quick=lines)
    number = save(workspace).arrangement
    save(replace(workspace, rank=3), arrangement=number, based_on=1, reason="not ready")
    page.goto(f"/layouts/workspaces/{number}/edit")
    page.get_by_text("is a draft of").wait_for()
    assert faults(page, "light") + faults(page, "dark") == []
    save(replace(workspace, rank=4), arrangement=number, based_on=2)
    page.get_by_label("Category").fill("Calorimeters")
    page.get_by_role("button", name="Save and activate").click()
    expect(page.locator("#layout-problem")).to_be_focused()
    expect(page.locator("#layout-problem")).to_contain_text("Say why")
    page.get_by_label("Reason").fill("sorted")
    page.get_by_role("button", name="Save and activate").click()
    expect(page.locator("#layout-problem")).to_contain_text("since you opened it")
    expect(page.locator("#layout-problem")).to_be_in_viewport()
    expect(page.get_by_label("Category")).to_have_value("Calorimeters")
    page.get_by_role("button", name="Replace version 3 of").click()
    expect(page.get_by_role("heading", name="History")).to_be_visible()
    (found,) = active_workspaces("offline")
    assert found.content == replace(workspace, rank=3, category="Calorimeters")


def test_what_is_typed_while_another_cell_opens_stays_out_of_it(page: Page) -> None:
    number = stored("slow")
    page.goto(f"/layouts/{number}/edit?{SAMPLE}")
    page.locator("#cell-0-0").click()
    page.get_by_label("Description").fill("one")
    held: list[Route] = []
    page.route("**/edit", lambda route: held.append(route))
    page.locator("#cell-0-1").click()
    page.get_by_label("Description").press_sequentially("late")
    expect(page.get_by_label("Description")).to_have_value("onelate")
    held[0].continue_()
    expect(page.get_by_text("Row 1, cell 2", exact=True)).to_be_visible()
    expect(page.get_by_label("Description")).to_have_value("")


def test_the_focus_stays_in_the_grid(page: Page) -> None:
    number = stored("focus", SUMMARY)
    page.goto(f"/layouts/{number}/edit?{SAMPLE}")
    page.locator("#cell-0-0").press("Enter")
    page.get_by_role("button", name="Close").press("Enter")
    expect(page.locator("#cell-0-0")).to_be_focused()
    page.keyboard.press("Delete")
    expect(page.locator("#add-row")).to_be_focused()


def test_a_layout_is_edited_without_scripts_on_a_phone(browser: Browser, layout_site: Settings, emma: StorageState, watch: Watch) -> None:
    number = stored("plain", *(f"{TIMING}{sector}" for sector in range(1, 10)))
    options = {**PHONE, "storage_state": emma, "java_script_enabled": False}
    with open_page(browser, address(layout_site), watch, **options) as page:
        page.goto(f"/layouts/{number}/edit?{SAMPLE}")
        page.locator("#cell-0-0").click()
        page.get_by_role("button", name="Down", exact=True).click()
        page.get_by_role("button", name="Insert a gap before").click()
        page.get_by_label("Reason").fill("by hand")
        page.get_by_role("button", name="Save and activate").click()
        expect(page.get_by_role("heading", name="History")).to_be_visible()
    assert rows("plain") == [[f"EBTMT timing EB+0{sector}" for sector in range(2, 10)], [None, "EBTMT timing EB+01"]]
