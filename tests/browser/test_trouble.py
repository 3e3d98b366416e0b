"""When something does not work: what the page says, and that it goes on by itself or on demand."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from app.core.settings import Settings
from app.gui.catalog.stored import find
from app.gui.files.register import IMPORT
from app.gui.samples import SampleKey
from app.queue import BackgroundJob
from tests.browser.watch import Watch
from tests.support import gui
from tests.support.site import address, bound, site

pytestmark = pytest.mark.slow

DATASET = "/Muon/Run2023C-Demo-v1/DQMIO"
SAMPLE = f"/browse/367131{DATASET}"
MAP = f"{SAMPLE}/RPC/EventInfo?plot=RPC%2FEventInfo%2FreportSummaryMap"


@pytest.fixture
def mute(tmp_path: Path, sqlite_template: Path, demo_files: list[Path]) -> Iterator[Settings]:
    """A hub of its own with one file, without a render service."""
    file = next(file for file in demo_files if "367131" in file.name)
    demo = tmp_path / "var" / "demo"
    demo.mkdir(parents=True)
    copy = Path(shutil.copy(file, demo))
    with site(Settings(data_dir=str(tmp_path / "var"), web_workers=1), sqlite_template, [copy]) as settings:
        yield settings


@pytest.fixture
def page(browser: Browser, mute: Settings, watch: Watch) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1366, "height": 768}, base_url=address(mute))
    page = context.new_page()
    watch.at(page)
    yield page
    context.close()
    watch.judge(address(mute))


def test_a_plot_that_cannot_be_drawn_says_why_and_comes_when_tried_again(page: Page, mute: Settings, watch: Watch) -> None:
    watch.expected.append("503")
    page.goto(f"{SAMPLE}/RPC/EventInfo")
    tile = page.locator(".tile", has_text="reportSummaryMap")
    expect(tile.get_by_role("alert")).to_contain_text("cannot be drawn now")
    with gui.render_service(mute.data / "render"):
        tile.get_by_role("button", name="Try again").click()
        image = tile.get_by_role("img", name="Plot reportSummaryMap")
        expect(image).to_have_js_property("naturalWidth", 266)
        expect(tile.get_by_role("alert")).to_have_count(0)
        page.goto(MAP)
        expect(page.locator(".plot-large")).to_have_js_property("naturalWidth", 720)


def test_a_large_plot_that_cannot_be_drawn_says_why(page: Page, watch: Watch) -> None:
    watch.expected.append("503")
    page.goto(MAP)
    expect(page.locator(".canvas").get_by_role("alert")).to_contain_text("cannot be drawn now")
    expect(page.locator(".facts-list")).to_contain_text("TH2F")
    expect(page.locator(".details")).to_contain_text("not known now")
    page.goto("/status")
    expect(page.get_by_role("row", name="render")).to_contain_text("down")


@pytest.fixture
def elsewhere(mute: Settings) -> Iterator[BackgroundJob]:
    """The file of the hub is being read by another process."""
    with bound(mute):
        row = find(SampleKey(367131, 0, DATASET))
        assert row
        work: BackgroundJob = BackgroundJob.create(
            queue="bulk", kind=IMPORT, key=str(row.file), state="running", progress=0.25, lease_until=4e9
        )
        yield work


def set_work(work: BackgroundJob, **values: object) -> None:
    BackgroundJob.update(**values).where(BackgroundJob.id == work.id).execute()


def test_a_file_that_is_being_read_shows_how_far_it_is_and_then_its_folders(page: Page, elsewhere: BackgroundJob) -> None:
    page.goto(SAMPLE)
    bar = page.get_by_role("progressbar")
    expect(bar).to_have_js_property("value", 0.25)
    set_work(elsewhere, progress=0.5, note="half of it")
    expect(bar).to_have_js_property("value", 0.5)
    expect(page.get_by_role("status").filter(has_text="half of it")).to_be_visible()
    set_work(elsewhere, state="cancelled")
    expect(page.get_by_role("link", name="EcalBarrel")).to_be_visible()


def test_a_hidden_tab_asks_nothing_and_goes_on_when_it_is_shown(page: Page, elsewhere: BackgroundJob, watch: Watch) -> None:
    page.goto(SAMPLE)
    expect(page.get_by_role("progressbar")).to_be_visible()
    hide = """hidden => {
        Object.defineProperty(document, "hidden", {value: hidden, configurable: true});
        document.dispatchEvent(new Event("visibilitychange"));
    }"""
    page.evaluate(hide, True)
    page.wait_for_timeout(300)  # a request that is on its way already
    asked = len(watch.requests)
    page.wait_for_timeout(2500)
    assert len(watch.requests) == asked
    set_work(elsewhere, progress=0.75)
    page.evaluate(hide, False)
    expect(page.get_by_role("progressbar")).to_have_js_property("value", 0.75)


def test_a_file_that_cannot_be_read_says_why_and_what_to_do(page: Page, mute: Settings, watch: Watch) -> None:
    watch.expected.append("502")
    file = next((mute.data / "demo").iterdir())
    whole = file.read_bytes()
    file.write_bytes(b"nothing that ROOT wrote")
    page.goto(SAMPLE)
    expect(page.get_by_role("alert")).to_contain_text("This sample cannot be shown")
    expect(page.get_by_role("alert")).to_contain_text(file.name)
    file.write_bytes(whole)
    page.get_by_role("link", name="Look again").click()
    expect(page.get_by_role("link", name="EcalBarrel")).to_be_visible()


def test_a_page_that_is_not_there_leads_on(page: Page, watch: Watch) -> None:
    watch.expected.append("404")
    page.goto("/browse/1/A/B/C")
    expect(page.get_by_role("heading", name="Not found")).to_be_visible()
    expect(page.get_by_role("alert")).to_contain_text("there is no run 1 of /A/B/C")
    page.get_by_role("link", name="Home").click()
    expect(page.get_by_role("heading", name="Latest runs")).to_be_visible()


def test_a_server_that_is_gone_is_told_and_what_was_seen_stays(page: Page, watch: Watch) -> None:
    watch.expected += ["ERR_", "htmx:"]
    page.goto("/")
    page.context.set_offline(True)
    page.get_by_label("Run", exact=True).fill("3")
    expect(page.locator("#notice")).to_contain_text("Server not responding")
    expect(page.get_by_role("rowheader", name="367131")).to_be_visible()


def test_a_report_can_be_copied_and_sent(page: Page, mute: Settings) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(f"{SAMPLE}/RPC?size=l")
    page.get_by_role("contentinfo").get_by_role("link", name="Report a problem").click()
    page.get_by_role("button", name="Copy the text").click()
    expect(page.locator("#notice")).to_have_text("Copied.")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert f"Address: {address(mute)}{SAMPLE}/RPC?size=l" in copied
    assert "Run: 367131" in copied
    page.get_by_role("link", name="Back to the page").click()
    expect(page).to_have_url(f"{address(mute)}{SAMPLE}/RPC?size=l")


def test_an_instance_of_another_colour_and_with_a_tracker_says_so(
    browser: Browser, tmp_path: Path, sqlite_template: Path, watch: Watch
) -> None:
    given = Settings(
        data_dir=str(tmp_path / "play"),
        instance_name="Playback",
        instance_colour="orange",
        problem_url="https://example.org/new",
        web_workers=1,
    )
    with site(given.replace(), sqlite_template, []) as settings:
        context = browser.new_context(base_url=address(settings))
        page = context.new_page()
        watch.at(page)
        page.goto("/help/report")
        expect(page.locator(".brand")).to_have_text("Playback")
        assert page.evaluate("getComputedStyle(document.querySelector('.appbar')).backgroundColor") == "rgb(148, 72, 10)"
        expect(page.get_by_role("link", name="Open the problem tracker")).to_have_attribute("href", "https://example.org/new")
        context.close()
        watch.judge(address(settings))
