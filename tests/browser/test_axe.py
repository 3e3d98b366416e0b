"""Axe, the checker of accessibility, on every page of the hub: nothing moderate or worse in any theme, on a laptop or a phone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from app import create_app
from app.control import service
from app.core.settings import Settings
from app.publish.sending import Sender
from app.security import Role, accounts
from app.square.models import Job
from tests.browser.pages import LAPTOP, PHONE, Watch, open_page, sign_in
from tests.notify import seed
from tests.publish import receivers
from tests.security.test_roles import address as example
from tests.square import data
from tests.square.published.test_published import complete, publisher_of
from tests.support import gui
from tests.support.site import address, bound, site

pytestmark = pytest.mark.slow

PASSWORD = "seven-horses-in-the-rain"
AXE = Path(str(distribution("axe-playwright-python").locate_file("axe_playwright_python/axe.min.js")))
"""Axe itself; the rest of its package is not needed."""
THEMES: dict[str, dict[str, Any]] = {"light": {}, "dark": {"runOnly": ["color-contrast", "link-in-text-block"]}}
"""Options of axe by theme: themes differ in colours only, so the second one needs only the rules about colours."""
FAULTS = ("moderate", "serious", "critical")
SAMPLE = "/browse/367140/Cosmics/Run2023C-Demo-v1/DQMIO"
STREAM = "/StreamExpress/Run2023C-Demo-v1/DQMIO/PixelPhase1/Tracks/PXBarrel"
CHARGE = "PixelPhase1/Tracks/PXBarrel/charge_PXLayer_1"
MIRROR_PAGES = ["/", "/runs/358791", "/timeline", "/timeline?bad=1", "/help", "/redactions", "/nowhere"]
FU = "dqmfu-c2b03-45-01"


def pages() -> dict[str, list[str]]:
    """Addresses of each route that is a page."""
    crashed = Job.get(Job.run == 358791, Job.tag.startswith("beam_dqm")).key
    running = Job.get(Job.run == 358792, Job.tag.startswith("gem_dqm")).key
    plot = f"{SAMPLE}/EcalBarrel/EventInfo?plot=EcalBarrel%2FEventInfo%2FreportSummaryMap"
    return {
        "/": ["/", "/?run=3671&dataset=zero", "/?run=nothing"],
        "/browse/<path:place>": [
            SAMPLE,
            f"{SAMPLE}/Info/EventInfo",
            f"{SAMPLE}/Muons/diMuonHistograms",
            f"{SAMPLE}?q=reportSummary",
            f"{SAMPLE}?q=nothingLikeThis",
            f"/browse/367131:3{STREAM}?plot={CHARGE}",
            plot,
            f"{plot}&size=xl",
            f"{SAMPLE}/EcalBarrel/EventInfo?plot=EcalBarrel%2FEventInfo%2FreportSummary",
            "/browse/1/Nothing/Nothing/DQMIO",
        ],
        "/files": ["/files", "/files?run=nothing"],
        "/square": ["/square", "/square?system=playback"],
        "/square/runs/<int:run>": ["/square/runs/358791", "/square/runs/4"],
        "/square/timeline": ["/square/timeline", "/square/timeline?bad=1"],
        "/square/job": [f"/square/job?key={crashed}", f"/square/job?key={running}"],
        "/square/log": [f"/square/log?key={crashed}", f"/square/log?key={crashed}&q=process"],
        "/published": ["/published"],
        "/published/preview": ["/published/preview?of=runs/358791", "/published/preview?of=timeline"],
        "/notifications": ["/notifications"],
        "/control": ["/control", "/control?show=commands"],
        "/control/<name>": [
            f"/control/restart_hltd?host={FU}",
            "/control/restart_hltd?host=nothing",
            "/control/start_playback_run",
            f"/control/kill?key={running}&signal=9",
            "/control/drop?run=358792",
            "/control/get_cmssw_info",
        ],
        "/control/commands/<int:number>": ["/control/commands/1"],
        "/help": ["/help"],
        "/help/<name>": ["/help/gui", "/help/square"],
        "/help/report": ["/help/report"],
        "/status": ["/status"],
        "/account/sign-in": ["/account/sign-in"],
        "/account/password": ["/account/password"],
        "/account/audit": ["/account/audit"],
    }


@pytest.fixture(scope="module")
def full_site(
    tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path, demo_files: list[Path], fixtures_dir: Path
) -> Iterator[Settings]:
    """A hub with plots, runs of DQM^2, events and a command, and the administrator ada."""
    folder = tmp_path_factory.mktemp("x")
    base_settings = Settings(data_dir=str(folder), file_roots=(str(demo_files[0].parent),), web_workers=1, square_production=(FU,))
    with gui.render_service(folder / "render"), site(base_settings, sqlite_template, demo_files) as settings, bound(settings):
        accounts.add("ada", Role.ADMIN, PASSWORD)
        data.fill(fixtures_dir)
        service.submit(settings, service.find_spec("get_simulator_run_keys"), {}, user="ada", reason="", idempotency_key="one")
        seed.detect(settings)
        yield settings


@pytest.fixture(scope="module")
def mirror(tmp_path_factory: pytest.TempPathFactory, full_site: Settings) -> Iterator[str]:
    """Address of a public mirror that has what the hub publishes."""
    with receivers.mirror(tmp_path_factory.mktemp("mirror"), full_site) as found:
        complete(publisher_of(full_site))
        Sender(found.url, full_site).step(receivers.never)
        yield found.url


@pytest.fixture
def page(browser: Browser, full_site: Settings, watch: Watch) -> Iterator[Page]:
    """A page of the administrator, with axe; the plots of the sample are imported."""
    watch.expected += ["status of 404", "status of 400"]
    with open_page(browser, address(full_site), watch) as page:
        sign_in(page, "/account/sign-in", "ada", PASSWORD)
        expect(page.locator(".account summary")).to_have_text("ada")
        page.goto(SAMPLE)
        expect(page.locator(".folder").first).to_be_visible()
        page.add_init_script(AXE.read_text(encoding="utf-8"))
        yield page


def faults(page: Page, options: dict[str, Any]) -> list[str]:
    """What axe finds that is moderate or worse: the rule, and the element. options: of `axe.run`."""
    found: dict[str, Any] = page.evaluate("options => axe.run({resultTypes: ['violations'], ...options})", options)
    return [
        f"{fault['id']} ({fault['impact']}): {node['target']} {node['html'][:160]}"
        for fault in found["violations"]
        if fault["impact"] in FAULTS
        for node in fault["nodes"]
    ]


def all_faults(page: Page, addresses: list[str]) -> dict[str, list[str]]:
    """The faults of these pages by address, width and theme; pages without one are left out."""
    found: dict[str, list[str]] = {}
    for one in addresses:
        page.set_viewport_size(LAPTOP)
        page.goto(one)
        page.wait_for_load_state("networkidle")
        for size in (LAPTOP, PHONE["viewport"]):
            page.set_viewport_size(size)
            for theme, options in THEMES.items():
                page.emulate_media(color_scheme=theme)
                found[f"{one} {size['width']} {theme}"] = faults(page, options)
    return {where: wrong for where, wrong in found.items() if wrong}


def test_axe_finds_nothing_moderate_or_worse_on_any_page(page: Page) -> None:
    assert all_faults(page, [address for addresses in pages().values() for address in addresses]) == {}


def test_axe_finds_nothing_moderate_or_worse_on_the_public_mirror(browser: Browser, mirror: str, watch: Watch) -> None:
    watch.expected.append("status of 404")
    with open_page(browser, mirror, watch) as page:
        page.add_init_script(AXE.read_text(encoding="utf-8"))
        assert all_faults(page, MIRROR_PAGES) == {}


def test_the_live_page_does_not_shift_while_it_loads(page: Page) -> None:
    page.add_init_script(
        """window.shifts = [];
        new PerformanceObserver(list => {
            for (const one of list.getEntries())
                window.shifts.push([one.startTime, one.value, ...one.sources.map(source => source.node?.outerHTML?.slice(0, 120))]);
        }).observe({type: "layout-shift", buffered: true});"""
    )
    page.goto("/square")
    expect(page.locator(".plotarea canvas")).to_have_count(2)
    page.wait_for_load_state("networkidle")
    parsed = page.evaluate("performance.getEntriesByType('navigation')[0].domInteractive")
    shifts = [shift for shift in page.evaluate("shifts") if shift[0] > parsed]
    assert shifts == [], "before that, a slow browser shows the first rows of a table whose later rows are wider"


@pytest.mark.parametrize("path", ["/square", "/status", "/notifications", "/control", "/account/audit"])
def test_tables_are_no_wider_than_a_phone(page: Page, path: str) -> None:
    page.set_viewport_size(PHONE["viewport"])
    page.goto(path)
    expect(page.locator(".wide-table").first).to_be_visible()
    hidden = page.evaluate("[...document.querySelectorAll('.wide-table')].map(box => box.scrollWidth - box.clientWidth)")
    assert max(hidden) <= 0, "nothing must be scrolled sideways"


def test_every_route_that_serves_a_page_is_checked_by_axe(page: Page, full_site: Settings) -> None:
    known = pages()
    for rule in create_app(full_site).url_map.iter_rules():
        if "GET" in (rule.methods or ()) and rule.rule not in known and not rule.redirect_to:
            answer = page.request.get(example(rule), max_redirects=0)
            is_page = answer.status == 200 and re.match("text/html", answer.headers.get("content-type", ""))
            assert not is_page, f"{rule.rule} is a page: add an address of it to `pages`"
