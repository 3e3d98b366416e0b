"""Pages of an ongoing run: updates, and the reason when updates stop."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from app.core.settings import Settings
from render.build import build
from tests.browser.pages import Watch, accessibility_faults, becomes_true, content_width, open_page
from tests.support import gui
from tests.support.patience import PATIENCE_S
from tests.support.processes import service
from tests.support.site import address, site

pytestmark = pytest.mark.slow

TREE = Path(__file__).parents[2]
PLOT = "EBOT digi occupancy"
NUMBERS = count(1)
"""Each test has a dataset of its own."""


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[Settings]:
    """A hub with all services and without files; its pages poll every second."""
    base_settings = Settings(data_dir=str(tmp_path_factory.mktemp("l")), web_workers=1, live_refresh_s=1.0)
    (base_settings.data / "demo").mkdir()
    with (
        gui.render_service(base_settings.data / "render"),
        site(base_settings, sqlite_template, []) as settings,
        service(settings, "live"),
    ):
        yield settings


@pytest.fixture
def page(browser: Browser, hub: Settings, watch: Watch) -> Iterator[Page]:
    with open_page(browser, address(hub), watch) as page:
        yield page


class LiveRun:
    """A dataset whose file is written anew for each lumisection, as the online system does."""

    def __init__(self, hub: Settings, page: Page) -> None:
        self.dataset = f"/Global/Online{next(NUMBERS)}/ALL"
        self.sample = f"/browse/0{self.dataset}"
        self.folder = f"{self.sample}/EcalBarrel/EBOccupancyTask"
        self.file = hub.data / "demo" / f"{self.dataset.strip('/').replace('/', '-')}.pb"
        self._page = page

    def write(self, lumi: int, lumis: int = 10) -> None:
        """Write and register the snapshot of a lumisection."""
        new = self.file.with_suffix(".new")
        numbers = {"run": 367201, "lumi": lumi, "lumis": lumis}
        options = [text for name, number in numbers.items() for text in (f"--{name}", str(number))]
        program = build(TREE, sys.executable).with_name("dqmhub-demo")
        subprocess.run([program, "--format", "pb", "--out", new.name, *options], cwd=new.parent, check=True, timeout=PATIENCE_S)
        new.replace(self.file)
        entry = {"dataset": self.dataset, "run": 0, "lumi": 0, "file": str(self.file), "fileformat": 3}
        assert self._page.request.post("/api/v1/register", data=[entry]).status == 201


@pytest.fixture
def live(hub: Settings, page: Page) -> LiveRun:
    return LiveRun(hub, page)


def test_live_page_updates_itself(page: Page, live: LiveRun) -> None:
    live.write(1)
    page.goto(live.folder)
    expect(page.locator("#live")).to_contain_text("Lumisection 1")
    image = page.get_by_role("img", name=f"Plot {PLOT}")
    expect(image).to_have_js_property("naturalWidth", 266)

    before = image.get_attribute("src")
    live.write(2)
    expect(page.locator("#live")).to_contain_text("Lumisection 2")
    expect(image).not_to_have_attribute("src", before or "")
    live.write(5)
    expect(page.locator("#live")).to_contain_text("Lumisection 5")
    assert page.url.endswith(live.folder.rpartition("/")[2]), "the address of the page, not of its poll"


def test_a_window_moves_on_with_the_run_and_says_why_a_plot_has_none(page: Page, live: LiveRun, watch: Watch) -> None:
    for lumi in (1, 2, 3):
        live.write(lumi)
        page.goto(live.folder)
        expect(page.locator("#live")).to_contain_text(f"Lumisection {lumi}")
    expect(page.locator(".windowchoice")).to_contain_text("3 snapshots")
    page.get_by_role("navigation", name="Lumisections that the plots show").get_by_role("link", name="Last 1").click()
    image = page.get_by_role("img", name=f"Plot {PLOT}")
    expect(image).to_have_js_property("naturalWidth", 266)
    assert "window=1" in (image.get_attribute("src") or "")
    expect(page.get_by_role("status").filter(has_text="filled after")).to_contain_text("after lumisection 2")
    live.write(4)
    expect(page.get_by_role("status").filter(has_text="filled after")).to_contain_text("after lumisection 3")
    expect(image).to_have_js_property("naturalWidth", 266)
    for size in ((1366, 768), (390, 844)):
        page.set_viewport_size({"width": size[0], "height": size[1]})
        assert content_width(page) <= size[0]
        assert accessibility_faults(page) == []

    page.get_by_label("Last", exact=True).fill("2")
    page.get_by_label("Last", exact=True).press("Enter")
    page.wait_for_url("**window=2")
    page.goto(f"{live.sample}/GEM/Efficiency/type1?window=2")
    expect(page.locator(".no-window").first).to_have_text("No window: it is an efficiency, and the difference of two is none")
    watch.expected.append("422")
    live.write(5, lumis=1000)  # with fewer entries, as after a restart of the clients
    page.goto(f"{live.folder}?window=1")
    expect(page.locator("#live")).to_contain_text("Lumisection 5")
    expect(page.locator(".no-window").first).to_contain_text("it was reset")
    expect(page.get_by_role("button", name="Try again")).to_have_count(0)
    page.goto(f"/runs/0/summary?dataset={live.dataset}&window=2")
    expect(page.locator("#live")).to_contain_text("Lumisection 5")
    assert accessibility_faults(page) == []
    assert content_width(page) <= 390


def test_the_run_information_and_the_times_of_subsystems_follow_the_run(page: Page, live: LiveRun) -> None:
    live.write(1, 30)
    page.goto(live.sample)
    rpc = page.locator(".folders li").filter(has=page.get_by_role("link", name="RPC"))
    expect(rpc).to_contain_text("LS 1")
    panel = page.locator("#run-info")
    expect(panel.get_by_role("link", name="367201")).to_be_hidden()
    panel.get_by_text("Run information").click()
    expect(panel.get_by_role("link", name="CMSSW_13_0_10")).to_be_visible()

    live.write(30, 30)
    expect(panel.get_by_role("link", name="30", exact=True)).to_be_visible()
    expect(panel.get_by_role("link", name="CMSSW_13_0_10")).to_be_visible()
    expect(rpc).to_contain_text("LS 10")
    expect(rpc).to_contain_text("behind")
    expect(page.locator(".folders li").filter(has=page.get_by_role("link", name="CSC"))).not_to_contain_text("behind")

    rpc.get_by_role("link").click()
    page.goto(f"{page.url}/AllHits/SummaryHistograms/Wheel_0")
    expect(page.locator(".tile")).to_contain_text("Not updated since lumisection 10")
    page.locator(".tile").get_by_role("link").first.click()
    expect(page.locator(".stagehead")).to_contain_text("Not updated since lumisection 10")


def test_completions_of_a_reference_stay_while_the_run_is_updated(page: Page, live: LiveRun) -> None:
    live.write(1)
    page.goto(live.folder)
    expect(page.locator("#live")).to_contain_text("Lumisection 1")
    page.keyboard.press("c")
    field = page.get_by_label("Run, dataset or plot")
    field.fill("//digi occupancy")  # at once, since completions of its beginning are others
    completions = page.locator("#reference-choices option")
    expect(completions.first).to_be_attached()
    found = completions.count()
    live.write(2)
    expect(page.locator("#live")).to_contain_text("Lumisection 2")
    expect(field).to_have_value("//digi occupancy")
    expect(completions).to_have_count(found)


def test_old_plot_stays_until_the_new_one_is_loaded(page: Page, live: LiveRun) -> None:
    for lumi in (1, 2):
        live.write(lumi)
        page.goto(live.folder)
        expect(page.locator("#live")).to_contain_text(f"Lumisection {lumi}")
    expect(page.locator(".windowchoice")).to_contain_text("2 snapshots")  # the plots are in their place then
    image = page.get_by_role("img", name=f"Plot {PLOT}")
    expect(image).to_have_js_property("naturalWidth", 266)
    old = image.screenshot()
    held: list[Route] = []
    page.route(re.compile(r"/api/v1/render/.*digi%20occupancy\?"), lambda route: held.append(route))
    live.write(9)
    expect(page.locator("#live")).to_contain_text("Lumisection 9")
    assert becomes_true(page, lambda: bool(held)), "the new plot is requested"
    assert image.screenshot() == old
    for route in held:
        route.continue_()
    page.unroute_all()
    assert becomes_true(page, lambda: image.screenshot() != old)


def test_an_interactive_plot_follows_the_run_and_keeps_its_zoom(page: Page, live: LiveRun) -> None:
    live.write(1)
    state = "interactive=on,x:2,zoomx:100:200"
    page.goto(f"{live.folder}?plot={quote(f'EcalBarrel/EBOccupancyTask/{PLOT}', safe='')}&{state}")
    plot = page.locator(".interactive-plot")
    axis = plot.locator(".xaxis_container")
    expect(axis).to_contain_text("120")
    expect(axis).not_to_contain_text("300")
    labels = axis.text_content()
    plot.evaluate("plot => { plot.dataset.drawn = 'before' }")
    with page.expect_response(re.compile(r"/api/v1/json/.*\?v=\d+$")):
        live.write(9)
    expect(page.locator(".interactive-plot[data-drawn]")).to_have_count(0)
    expect(axis).to_have_text(str(labels))
    expect(page.locator("select[name=x]")).to_have_value("2")
    assert page.url.endswith(state)


def test_stalled_run_shows_age_and_reason(page: Page, live: LiveRun) -> None:
    live.write(1)
    file = live.file
    page.goto(live.folder)
    expect(page.locator("#live")).to_contain_text("Last data")
    then = time.time() - 200
    os.utime(file, (then, then))
    expect(page.locator("#live")).to_contain_text(re.compile(r"No new data for \d+ min"))
    expect(page.locator("#live")).to_contain_text("The run has probably ended")


def test_broken_snapshot_is_reported_and_the_next_one_recovers(page: Page, live: LiveRun, watch: Watch) -> None:
    watch.expected.append("502")
    live.write(1)
    page.goto(live.folder)
    expect(page.locator("#live")).to_contain_text("Lumisection 1")
    live.file.write_bytes(b"\xff" * 1000)
    expect(page.locator("#live")).to_contain_text("Cannot read the newest file")
    live.write(3)
    expect(page.locator("#live")).to_contain_text("Lumisection 3")
    expect(page.get_by_role("img", name=f"Plot {PLOT}")).to_have_js_property("naturalWidth", 266)
