"""From a plot to its trend: the form, points that arrive, keeping it, and its place on the page of trends."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from app.core.settings import TREE, Settings
from app.security import accounts
from app.security.roles import Role
from app.trends.custom.requests import LumisRequest
from app.trends.custom.store import PointKey, StoredValue, begin, request_trend, store_value
from app.trends.export import exported_points
from tests.browser.pages import LAPTOP, PHONE, Watch, accessibility_faults, content_width, open_page, sign_in
from tests.support import gui
from tests.support.patience import PATIENCE_S
from tests.support.processes import service, until
from tests.support.site import address, bound, site

pytestmark = pytest.mark.slow

PASSWORD = "seven-horses-in-the-rain"
DATASET = "/ZeroBias/Run2022C-Express-v1/DQMIO"
RUNS = range(355001, 355007)
"""Each has its number in bin 2 of DT/n."""


@pytest.fixture(scope="module")
def hub_of_runs(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[Settings]:
    """A running hub with files of runs and the expert eve; no worker runs."""
    data = tmp_path_factory.mktemp("rq")
    files = [data / f"DQM_V0001_R{run:09}__ZeroBias__Run2022C-Express-v1__DQMIO.root" for run in RUNS]
    arguments = [part for run, file in zip(RUNS, files, strict=True) for part in (str(file), str(run), str(run))]
    subprocess.run([sys.executable, "-W", "ignore", "-m", "tests.trends.write_runs", *arguments], cwd=TREE, check=True, timeout=PATIENCE_S)
    base_settings = Settings(data_dir=str(data / "var"), file_roots=(str(data),), web_workers=1)
    with gui.render_service(data / "var" / "render"), site(base_settings, sqlite_template, files) as settings:
        with bound(settings):
            accounts.add("eve", Role.EXPERT, PASSWORD, "DT")
        yield settings


@pytest.fixture
def page(browser: Browser, hub_of_runs: Settings, watch: Watch) -> Iterator[Page]:
    """A page of the hub, seen by eve."""
    with open_page(browser, address(hub_of_runs), watch) as page:
        sign_in(page, "/account/sign-in", "eve", PASSWORD)
        yield page


def test_the_whole_way_from_a_plot_to_a_kept_trend(page: Page, hub_of_runs: Settings) -> None:
    page.goto(f"/browse/{RUNS[-1]}{DATASET}/DT?plot=DT/n")
    page.get_by_role("link", name="Trend of this").click()
    expect(page.get_by_label("Monitor element", exact=True)).to_have_value("DT/n")
    expect(page.get_by_label("Dataset", exact=True)).to_have_value(DATASET)

    metric = page.get_by_label("Metric", exact=True)
    metric.fill("basic.BinCont(2)")
    expect(page.locator("#checked-metric")).to_contain_text("the nearest is basic.BinCount")
    metric.fill("basic.BinCount(2)")
    expect(page.locator("#checked-metric")).to_contain_text("The content of a bin")
    page.get_by_label("Title").fill("Number of the run")
    page.keyboard.press("Enter")

    expect(page.locator("#requested")).to_contain_text("waiting")
    expect(page).to_have_url(re.compile(r"/trends/requested/[0-9a-f]{16}\?title="))
    with service(hub_of_runs, "worker"):
        expect(page.locator("#requested")).to_contain_text("complete")
        expect(page.locator("#requested tbody tr")).to_have_count(len(RUNS))
        expect(page.locator(".trend-plot canvas").first).to_be_visible()
        expect(page.get_by_role("button", name="Cancel")).to_have_count(0)
        rows = page.locator("#requested tbody tr").all_inner_texts()
        assert [row.split()[0] for row in rows] == [str(run) for run in reversed(RUNS)]

        page.get_by_label("Name", exact=True).fill("run_number")
        page.get_by_role("button", name="Keep").click()
        expect(page.get_by_text("Kept as DT/run_number")).to_be_visible()
        with bound(hub_of_runs):
            until(lambda: len(list(exported_points("DT", "run_number"))) == len(RUNS), "the points of the kept trend")
    page.goto("/trends?subsystem=DT&pd=ZeroBias&ps=Express&significant=all")
    expect(page.locator("figure.trend-chart h2")).to_have_text(["Number of the run"])
    expect(page.locator("figure.trend-chart canvas").first).to_be_visible()
    page.goto("/trends/configs")
    expect(page.get_by_role("row").filter(has_text="DT/run_number")).to_contain_text("by eve")


def test_a_strip_chart_opens_under_a_plot_and_its_points_lead_to_the_plots_of_their_runs(page: Page, hub_of_runs: Settings) -> None:
    page.goto(f"/browse/{RUNS[-1]}{DATASET}/DT?plot=DT/n&ytype=log")
    panel = page.locator("#panel-1")
    panel.locator("summary", has_text="Strip chart over runs").click()
    expect(panel.get_by_text("It waits for a worker")).to_be_visible()
    with service(hub_of_runs, "worker"):
        expect(panel.locator("circle")).to_have_count(len(RUNS))
        panel.get_by_label("Quantity").select_option("Bin")
        expect(panel.get_by_label("Number")).to_have_value("1")
        panel.get_by_label("Number").fill("2")
        panel.get_by_label("Number").press("Enter")
        expect(panel.locator("title", has_text=f"Run {RUNS[0]}: {RUNS[0]:,}")).to_have_count(1)
        assert accessibility_faults(page) == []
    expect(page).to_have_url(re.compile(r"plot=DT/n&ytype=log$"))
    panel.locator("circle").first.click()
    expect(page).to_have_url(re.compile(rf"/browse/{RUNS[0]}{DATASET}/DT\?plot=DT%2Fn&ytype=log$"))


def test_a_metric_of_the_list_is_chosen_without_losing_the_other_fields(page: Page) -> None:
    page.goto(f"/trends/new?dataset={DATASET}&me=DT/n")
    page.get_by_label("Title").fill("My title")
    page.get_by_text("All 67 metrics").click()
    page.get_by_role("button", name="basic.MeanRMS", exact=True).click()
    expect(page.get_by_label("Metric", exact=True)).to_have_value("basic.MeanRMS()")
    expect(page.get_by_label("Title")).to_have_value("My title")
    expect(page.get_by_label("Monitor element", exact=True)).to_have_value("DT/n")


def test_a_trend_is_cancelled_by_keyboard(page: Page, watch: Watch) -> None:
    page.goto(f"/trends/new?dataset={DATASET}&me=DT/n&metric=basic.Mean()")
    page.get_by_label("Metric", exact=True).press("Enter")
    expect(page.locator("#requested")).to_contain_text("waiting")
    page.get_by_role("button", name="Cancel").press("Enter")
    expect(page.locator("#requested")).to_contain_text("cancelled")
    page.get_by_role("button", name="Compute what is missing").press("Enter")
    expect(page.locator("#requested")).to_contain_text("waiting")
    page.get_by_role("button", name="Cancel").press("Enter")
    expect(page.locator("#requested")).to_contain_text("cancelled")
    watch.expected.append("400")
    page.goto(f"/trends/new?dataset={DATASET}&me=DT/nn&metric=basic.Mean()")
    page.get_by_label("Metric", exact=True).press("Enter")
    expect(page.locator("#me-problem")).to_contain_text("similar names are DT/n")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    "place", ["/trends/new?dataset=/a/b/c&me=DT/n&metric=basic.Mean(", "/trends/lumis?run=355001&dataset=" + DATASET, "/trends/configs"]
)
def test_pages_fit_windows_and_are_accessible(browser: Browser, hub_of_runs: Settings, watch: Watch, place: str, scheme: str) -> None:
    for options in ({"viewport": LAPTOP}, PHONE):
        with open_page(browser, address(hub_of_runs), watch, color_scheme=scheme, **options) as page:
            page.goto(place)
            assert content_width(page) <= page.viewport_size["width"]
            assert accessibility_faults(page) == []


LUMI_REQUEST = LumisRequest(metric="basic.Count()", me="DT/n", dataset=DATASET, run=RUNS[0])


def test_points_over_lumisections_appear_while_the_page_is_open(page: Page, hub_of_runs: Settings) -> None:
    def store(*lumis: int) -> None:
        with bound(hub_of_runs):
            for lumi in lumis:
                store_value(trend, PointKey(DATASET, RUNS[0], lumi), StoredValue(10.0 * lumi, 1.0, "", "tag"))

    with bound(hub_of_runs):
        trend = request_trend(LUMI_REQUEST, "eve", hub_of_runs)
        begin(trend, [PointKey(DATASET, RUNS[0], lumi) for lumi in (1, 2, 5)], "")
    page.goto(f"/trends/requested/{trend.key}")
    expect(page.locator("#requested")).to_contain_text("0 points of 3 files")
    store(1, 2)
    expect(page.locator("#requested tbody tr")).to_have_count(2)
    expect(page.locator(".trend-plot canvas").first).to_be_visible()
    store(5)
    expect(page.locator("#requested tbody tr")).to_have_count(3)
    chart = page.get_by_role("application")
    expect(chart).to_be_visible()
    page.evaluate("dqm.trends.page.charts[0].box.focus()")
    for key in ("Home", "ArrowRight"):
        page.keyboard.press(key)
    expect(page.locator("figure.trend-chart")).to_contain_text("Lumisection")
    expect(page.locator("figure.trend-chart")).not_to_contain_text("duration")
    for scheme in ("dark", "light"):
        page.emulate_media(color_scheme=scheme)
        assert accessibility_faults(page) == []
    page.set_viewport_size(PHONE["viewport"])
    page.wait_for_function("document.documentElement.scrollWidth <= window.innerWidth")  # the chart follows the window
