"""Messages of pages when something fails, and how they recover, by themselves or on request."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from app.core.settings import Settings
from app.gui.catalog.stored import find_sample
from app.gui.files.register import IMPORT
from app.gui.samples import SampleKey
from app.queue.models import BackgroundJob
from tests.browser.pages import Watch, open_page, set_hidden
from tests.support import gui
from tests.support.site import address, bound, site
from tests.support.small_disk import fill_disk, small_disk

pytestmark = pytest.mark.slow

DATASET = "/Muon/Run2023C-Demo-v1/DQMIO"
COUNT_REQUESTS = "window.sent = []; document.addEventListener('htmx:beforeSend', (event) => sent.push(event.detail.pathInfo.requestPath))"
"""Note the addresses of all requests that the scripts of a page make from now on."""
RUNS = count(367131)
"""Each test has runs of its own, whose files nobody has read."""


@pytest.fixture(scope="module")
def hub_without_renderer(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[Settings]:
    """A hub without a render service, to whose database this process is bound."""
    data = tmp_path_factory.mktemp("f")
    (data / "demo").mkdir()
    with site(Settings(data_dir=str(data), web_workers=1), sqlite_template, []) as settings, bound(settings):
        yield settings


class NewRun:
    """A run that the hub knows by one file, which nobody has read."""

    def __init__(self, hub: Settings, demo_file: Path) -> None:
        self.number = next(RUNS)
        self.file = Path(shutil.copy(demo_file, hub.data / "demo" / demo_file.name.replace("367131", str(self.number))))
        self.sample = f"/browse/{self.number}{DATASET}"
        self.map = f"{self.sample}/RPC/EventInfo?plot=RPC%2FEventInfo%2FreportSummaryMap"
        gui.register_all([self.file])

    def start_import(self) -> BackgroundJob:
        """The job of another process that reads the file."""
        row = find_sample(SampleKey(self.number, 0, DATASET))
        assert row
        work: BackgroundJob = BackgroundJob.create(
            queue="bulk", kind=IMPORT, key=str(row.newest_file.file), state="running", progress=0.25, lease_until=4e9
        )
        return work


@pytest.fixture
def demo_file(demo_files: list[Path]) -> Path:
    return next(file for file in demo_files if "367131__Muon" in file.name)


@pytest.fixture
def run(hub_without_renderer: Settings, demo_file: Path) -> NewRun:
    return NewRun(hub_without_renderer, demo_file)


@contextmanager
def renderer(hub: Settings) -> Iterator[None]:
    """The hub has a render service meanwhile."""
    with gui.render_service(hub.data / "render"):
        yield
    shutil.rmtree(hub.data / "render")


@pytest.fixture
def page(browser: Browser, hub_without_renderer: Settings, watch: Watch) -> Iterator[Page]:
    with open_page(browser, address(hub_without_renderer), watch) as page:
        yield page


def test_a_page_that_is_open_says_that_the_disk_is_full_for_as_long_as_it_is(
    browser: Browser, watch: Watch, tmp_path: Path, sqlite_template: Path
) -> None:
    data = tmp_path / "small"
    with (
        small_disk(data, 64),
        site(Settings(data_dir=str(data), web_workers=1), sqlite_template, []) as settings,
        open_page(browser, address(settings), watch) as page,
    ):
        page.goto("/square")
        banner = page.locator('.disk-banner[data-disk="full"]')
        expect(banner).to_be_hidden()
        filling = fill_disk(data)
        expect(banner).to_be_visible()
        expect(page.get_by_role("alert")).to_have_text(
            "The disk of DQM Hub is full: nothing can be stored or changed until there is space again."
        )
        filling.unlink()
        expect(banner).to_be_hidden()


def test_failed_plot_shows_reason_and_loads_on_retry(page: Page, hub_without_renderer: Settings, run: NewRun, watch: Watch) -> None:
    watch.expected.append("503")
    page.goto(f"{run.sample}/RPC/EventInfo")
    tile = page.locator(".tile", has_text="reportSummaryMap")
    expect(tile.get_by_role("status")).to_contain_text(re.compile("Cannot draw .* now.*The plot appears by itself"))
    with renderer(hub_without_renderer):
        # the page tries by itself as well, and the button is gone once the plot has loaded
        tile.get_by_role("button", name="Try again").evaluate_all("buttons => buttons.forEach(button => button.click())")
        image = tile.get_by_role("img", name="Plot reportSummaryMap")
        expect(image).to_have_js_property("naturalWidth", 266)
        expect(tile.get_by_role("status")).to_have_count(0)
        page.goto(run.map)
        expect(page.locator(".plot-large")).to_have_js_property("naturalWidth", 720)


def test_failed_large_plot_shows_reason(page: Page, run: NewRun, watch: Watch) -> None:
    watch.expected.append("503")
    page.goto(run.map)
    expect(page.locator(".canvas").get_by_role("status")).to_contain_text(re.compile("Cannot draw .* now"))
    expect(page.locator(".facts-list")).to_contain_text("TH2F")
    expect(page.locator(".details")).to_contain_text("unknown: Cannot draw")
    page.goto("/status")
    expect(page.get_by_role("row", name="render")).to_contain_text("down")


@pytest.fixture
def import_elsewhere(run: NewRun) -> BackgroundJob:
    return run.start_import()


def set_job(work: BackgroundJob, **values: object) -> None:
    BackgroundJob.update(**values).where(BackgroundJob.id == work.id).execute()


def test_import_shows_progress_then_folders(page: Page, run: NewRun, import_elsewhere: BackgroundJob) -> None:
    page.goto(run.sample)
    bar = page.get_by_role("progressbar")
    expect(bar).to_have_js_property("value", 0.25)
    set_job(import_elsewhere, progress=0.5, note="half of it")
    expect(bar).to_have_js_property("value", 0.5)
    expect(page.get_by_role("status").filter(has_text="half of it")).to_be_visible()
    set_job(import_elsewhere, state="cancelled")
    expect(page.get_by_role("link", name="EcalBarrel")).to_be_visible()


def test_a_plot_of_a_file_that_is_being_read_waits_calmly_and_appears_by_itself(
    page: Page, hub_without_renderer: Settings, run: NewRun, import_elsewhere: BackgroundJob, watch: Watch
) -> None:
    watch.expected.append("503")
    picture = f"/api/v1/render/{run.number}{DATASET}/RPC/EventInfo/reportSummaryMap?w=266&h=200"
    with renderer(hub_without_renderer):
        page.goto("/help")
        page.evaluate(
            "address => { const image = new Image(); image.className = 'plot'; image.alt = 'A map'; image.src = address;"
            " document.querySelector('main').prepend(image); }",
            picture,
        )
        box = page.locator(".tile-problem")
        expect(box).to_contain_text("is being read from its file")
        expect(box).to_contain_text("The plot appears by itself")
        expect(box).to_have_attribute("role", "status")
        set_job(import_elsewhere, state="cancelled")
        expect(page.get_by_role("img", name="A map")).to_have_js_property("naturalWidth", 266)
        expect(box).to_have_count(0)


def test_a_reference_appears_by_itself_once_it_has_been_read(
    page: Page, hub_without_renderer: Settings, run: NewRun, demo_file: Path, watch: Watch
) -> None:
    watch.expected.append("503")  # there is no renderer; numbers need none
    other = NewRun(hub_without_renderer, demo_file)
    work = other.start_import()
    page.clock.install()
    page.goto(f"{run.sample}/Info/EventInfo?ref={other.number}")
    legend = page.get_by_role("list", name="References")
    expect(legend).to_contain_text("is being read")
    set_job(work, state="cancelled")
    expect(legend).not_to_contain_text("is being read")
    expect(page.locator(".refvalues").first).to_contain_text(f"Run {other.number}")
    expect(page.locator("[data-poll]")).to_have_count(0)
    page.evaluate(COUNT_REQUESTS)
    page.clock.run_for(10_000)
    assert not [path for path in page.evaluate("sent") if "unread=" in path]


def test_hidden_tab_stops_polling_until_visible(page: Page, run: NewRun, import_elsewhere: BackgroundJob) -> None:
    page.clock.install()
    page.goto(run.sample)
    expect(page.get_by_role("progressbar")).to_be_visible()
    set_hidden(page, True)
    page.evaluate(COUNT_REQUESTS)
    page.clock.run_for(10_000)
    assert page.evaluate("sent") == []
    set_job(import_elsewhere, progress=0.75)
    set_hidden(page, False)
    expect(page.get_by_role("progressbar")).to_have_js_property("value", 0.75)


def test_unreadable_file_shows_reason_and_next_steps(page: Page, run: NewRun, watch: Watch) -> None:
    watch.expected.append("422")
    file = run.file
    whole = file.read_bytes()
    file.write_bytes(b"nothing that ROOT wrote")
    page.goto(run.sample)
    expect(page.get_by_role("alert")).to_contain_text("Cannot open this sample")
    expect(page.get_by_role("alert")).to_contain_text(file.name)
    file.write_bytes(whole)
    page.get_by_role("link", name="Reload").click()
    expect(page.get_by_role("link", name="EcalBarrel")).to_be_visible()


def test_missing_page_links_home(page: Page, watch: Watch) -> None:
    watch.expected.append("404")
    page.goto("/browse/1/A/B/C")
    expect(page.get_by_role("heading", name="Not found")).to_be_visible()
    expect(page.get_by_role("alert")).to_contain_text("There is no run 1 of /A/B/C")
    page.get_by_role("link", name="Home").click()
    expect(page.get_by_role("heading", name="Latest runs")).to_be_visible()


def test_unreachable_server_shows_notice_and_keeps_the_page(page: Page, run: NewRun, watch: Watch) -> None:
    watch.expected += ["ERR_", "htmx:"]
    page.goto("/")
    page.context.set_offline(True)
    page.get_by_label("Run", exact=True).fill("3")
    expect(page.locator("#notice")).to_contain_text("Server not responding")
    expect(page.get_by_role("rowheader", name=str(run.number))).to_be_visible()


def test_problem_report_can_be_copied(page: Page, hub_without_renderer: Settings, run: NewRun) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(f"{run.sample}/RPC?size=l")
    page.get_by_role("contentinfo").get_by_role("link", name="Report a problem").click()
    page.get_by_role("button", name="Copy the text").click()
    expect(page.locator("#notice")).to_have_text("Copied.")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert f"Address: {address(hub_without_renderer)}{run.sample}/RPC?size=l" in copied
    assert f"Run: {run.number}" in copied
    page.get_by_role("link", name="Back to the page").click()
    expect(page).to_have_url(f"{address(hub_without_renderer)}{run.sample}/RPC?size=l")


def test_instance_with_own_colour_and_problem_tracker(browser: Browser, tmp_path: Path, sqlite_template: Path, watch: Watch) -> None:
    base_settings = Settings(
        data_dir=str(tmp_path / "play"),
        instance_name="Playback",
        instance_colour="orange",
        problem_url="https://example.org/new",
        web_workers=1,
    )
    with site(base_settings.replace(), sqlite_template, []) as settings, open_page(browser, address(settings), watch) as page:
        page.goto("/help/report")
        expect(page.locator(".brand")).to_have_text("Playback")
        assert page.evaluate("getComputedStyle(document.querySelector('.appbar')).backgroundColor") == "rgb(148, 72, 10)"
        expect(page.get_by_role("link", name="Open the problem tracker")).to_have_attribute("href", "https://example.org/new")
