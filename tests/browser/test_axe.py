"""Every page of the hub in each theme, on a laptop and a phone: axe finds nothing moderate or worse, our own checks nothing."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Page, StorageState, expect

from app import create_app
from app.control import service
from app.core.settings import Settings
from app.diary.models import DiaryJob
from app.diary.observations.observation import ParentKey
from app.diary.observations.store import store
from app.diary.review.bulk import review_jobs
from app.diary.review.review import ReviewChange
from app.diary.sources.registry import source_named
from app.diary.sources.runner import scan_source
from app.gui.layouts.editing import private
from app.gui.layouts.editing.store import activate, save
from app.gui.layouts.importing.bulk_import import import_all
from app.gui.layouts.layout import Example, Layout, PlotCell, ShiftHelp
from app.gui.layouts.models import Arrangement
from app.gui.layouts.workspace import Workspace
from app.notify.models import Notification
from app.security import Role, accounts
from app.square.models import Job
from app.transfers.product_models import TransferConcatenation
from app.trends.configs.config import TrendConfig
from app.trends.configs.page_configs import keep
from app.trends.custom.requests import RunsRequest, StripRequest
from app.trends.custom.store import PointKey, StoredValue, begin, request_trend, store_value
from app.trends.golden.store import latest_lists, store_golden
from app.trends.groups import DisplayGroup
from app.trends.groups.store import add_group
from app.trends.rules.definition import RuleDefinition
from app.trends.rules.models import TrendRule
from app.trends.rules.stepping import evaluate_if_changed
from app.trends.rules.store import add_rule
from app.wall.definition import parse_wall
from app.wall.store import save_wall
from tests.alarms.pages.seed import fill as fill_alarms
from tests.browser.axe import OTHERS, add_axe, all_faults, contrast_faults, faults
from tests.browser.pages import PHONE, Watch, becomes_true, open_page, sign_in
from tests.browser.trends import points
from tests.diary.observations import NOW, seen
from tests.notify import seed
from tests.security.test_roles import address as example
from tests.square import data
from tests.support import gui
from tests.support.site import address, bound, site
from tests.transfers import seed as transfers
from tests.transfers.samples import RUN
from tests.transfers.seed import OLDER
from tests.wall.screen import wall_document

pytestmark = pytest.mark.slow

PASSWORD = "seven-horses-in-the-rain"
SIGN_ON = {"sign_on_issuer": "https://issuer.example", "sign_on_client_id": "hub"}
"""The sign-in page has the way to the identity provider, to which nobody goes here."""
ADD_STYLE = """style => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(style);
    document.adoptedStyleSheets.push(sheet);
}"""
SAMPLE = "/browse/367140/Cosmics/Run2023C-Demo-v1/DQMIO"
STREAM = "/StreamExpress/Run2023C-Demo-v1/DQMIO/PixelPhase1/Tracks/PXBarrel"
CHARGE = "PixelPhase1/Tracks/PXBarrel/charge_PXLayer_1"
FU = "dqmfu-c2b03-45-01"
PLOT = f"{SAMPLE}/EcalBarrel/EventInfo?plot=EcalBarrel%2FEventInfo%2FreportSummaryMap"
TRENDS = "/trends?subsystem=Pixel&pd=StreamExpress&ps=Express"
SHIFT_HELP = ShiftHelp(
    Example("367129/ZeroBias/Run2023C-Demo-v1/DQMIO", "One peak"), Example("", "Two peaks"), "Note it.", "Pixel: 16-5555"
)
SHIFT_ROWS = (
    (PlotCell(CHARGE, 'See <a href="https://cms.cern">there</a>', help=SHIFT_HELP), None),
    (PlotCell("Pixel/absent"), PlotCell("EcalBarrel/EventInfo/reportSummary", reference="no")),
)
SHIFT_LAYOUTS = [
    Layout("00 Shift/Pixel/Charge", ("offline",), SHIFT_ROWS, help="Charge"),
    Layout("00 Shift/Pixel/Gone", ("offline",), ((PlotCell("Pixel/absent"),),)),
]
RULE = RuleDefinition("Pixel", "StreamExpress", "Express", "Charge", "355000-355120", note="The charge has a step.")
SERIES = "series=Pixel/Charge/StreamExpress/Express"
LAYOUT_ROWS = ((PlotCell("EcalBarrel/EventInfo/reportSummaryMap", "Is it green?"), None), (PlotCell("EcalBarrel/absent"),))
WORKSPACES = (
    Workspace("Summary", ("offline",), "Summaries", kind="quality"),
    Workspace("Pixel", ("offline",), "Tracker", folders=("PixelPhase1", "Gone"), quick=("00 Shift/Pixel/Charge", "Hcal/gone", CHARGE)),
)
ZERO_BIAS = "/ZeroBias/Run2023C-Demo-v1/DQMIO"
STRIP = StripRequest(metric="Entries", me="DT/absent", dataset=ZERO_BIAS, runs="latest:20", files=20)
REQUEST = RunsRequest(metric="basic.Mean()", me="Pixel/size", dataset="/a/b/c")
PAGES = {
    "/": ["/", "/?run=3671&dataset=zero", "/?run=nothing"],
    "/browse/<path:place>": [
        SAMPLE,
        f"{SAMPLE}/Info/EventInfo",
        f"{SAMPLE}/Muons/diMuonHistograms",
        f"{SAMPLE}?shared={{own_layout}}",
        f"{SAMPLE}?q=reportSummary",
        f"{SAMPLE}?q=nothingLikeThis",
        f"{SAMPLE}?failing=1",
        f"{SAMPLE}?q=status:eror",
        f"/browse/367131:3{STREAM}?plot={CHARGE}",
        PLOT,
        f"{PLOT}&table=1&sort=-content&ref=1&ref=//Hcal/EventInfo/reportSummaryMap",
        f"{PLOT}&size=xl",
        f"{SAMPLE}/EcalBarrel/EventInfo?plot=EcalBarrel%2FEventInfo%2FreportSummary",
        f"{SAMPLE}/00%20Shift/Pixel?ref=367129/ZeroBias/Run2023C-Demo-v1/DQMIO",
        f"{SAMPLE}/00%20Shift/Pixel/Charge",
        f"{SAMPLE}/00%20Shift/Pixel/Charge?plot={CHARGE}",
        f"{SAMPLE}/Info/EventInfo?only=failing",
        f"{SAMPLE}?ws=Pixel",
        f"{SAMPLE}?ws=Summary",
        f"{SAMPLE}?ws=Nothing",
        "/browse/1/Nothing/Nothing/DQMIO",
    ],
    "/datasets": ["/datasets", "/datasets?primary=Muon&run=367129", "/datasets?primary=nothing"],
    "/runs/<int:run>/summary": ["/runs/367129/summary"],
    "/runs/<int:run>/failing": ["/runs/367129/failing"],
    "/layouts": ["/layouts", "/layouts?folder=Ecal/Layouts", "/layouts?q=nothing", "/layouts?scope=inactive"],
    "/layouts/workspaces": ["/layouts/workspaces"],
    "/layouts/workspaces/new": ["/layouts/workspaces/new"],
    "/layouts/workspaces/<int:number>/edit": ["/layouts/workspaces/{workspace}/edit"],
    "/layouts/new": ["/layouts/new"],
    "/layouts/<int:number>": ["/layouts/{layout}?run=367140", "/layouts/{layout}?version=2"],
    "/layouts/<int:number>/edit": ["/layouts/{layout}/edit?run=367140&plot=EcalBarrel/EventInfo/reportSummaryMap"],
    "/layouts/open": ["/layouts/open?key=pp_run", "/layouts/open?key=pp_run&in=00+Shift"],
    "/my/plots": ["/my/plots", "/my/plots?removed=1"],
    "/my/plots/pin": [f"/my/plots/pin?address={quote(PLOT)}"],
    "/my/plots/<int:number>": ["/my/plots/{own_layout}"],
    "/my/plots/shared/<link>": ["/my/plots/shared/{link}"],
    "/files": ["/files", "/files?run=nothing"],
    "/alarms": ["/alarms", "/alarms?state=loud&rule=1"],
    "/alarms/rules": ["/alarms/rules"],
    "/alarms/rules/new": ["/alarms/rules/new"],
    "/alarms/rules/<int:number>": ["/alarms/rules/1"],
    "/alarms/rules/<int:number>/edit": ["/alarms/rules/1/edit"],
    "/alarms/notices/<int:number>": ["/alarms/notices/1"],
    "/walls": ["/walls"],
    "/walls/new": ["/walls/new"],
    "/walls/<name>/edit": ["/walls/shift/edit"],
    "/wall/<name>": ["/wall/shift", "/wall/shift?tab=2"],
    "/square": ["/square", "/square?system=playback"],
    "/square/runs/<int:run>": ["/square/runs/358791", "/square/runs/4"],
    "/square/timeline": ["/square/timeline", "/square/timeline?bad=1"],
    "/square/job": ["/square/job?key={crashed}", "/square/job?key={running}"],
    "/square/log": ["/square/log?key={crashed}", "/square/log?key={crashed}&q=process"],
    "/published": ["/published"],
    "/published/preview": [f"/published/preview?of={of}" for of in ("runs/358791", "timeline", "help", "redactions")],
    "/diary/jobs/<int:number>/run": ["/diary/jobs/{of_run}/run", "/diary/jobs/{of_trends}/run", "/diary/jobs/{logged}/run"],
    "/diary": ["/diary", "/diary?page=9", "/diary?state=failed&user=anna&obsolete=1", "/diary?q=state:bad", "/diary?q=nothing"],
    "/diary/searches": ["/diary/searches?state=failed"],
    "/diary/bulk": ["/diary/bulk"],
    "/diary/bulk/new": ["/diary/bulk/new", "/diary/bulk/new?q=nothing"],
    "/diary/bulk/<int:number>": ["/diary/bulk/1"],
    "/diary/jobs/<int:number>/log": ["/diary/jobs/{logged}/log?file=job.log", "/diary/jobs/{logged}/log?file=job.log&q=nothing"],
    "/diary/jobs/<int:number>": ["/diary/jobs/1", "/diary/jobs/1?tz=utc", "/diary/jobs/{logged}", "/diary/jobs/{of_run}"],
    "/transfers": ["/transfers", f"/transfers?before={RUN}"],
    "/transfers/runs/<int:run>": [f"/transfers/runs/{RUN}", f"/transfers/runs/{OLDER}"],
    "/transfers/runs/<int:run>/concatenations/<int:number>": [f"/transfers/runs/{RUN}/concatenations/{{concatenation}}"],
    "/transfers/hosts/<host>": [f"/transfers/hosts/{host}" for host in ("fu-1", "bu-1", "gui-1")],
    "/events": ["/events", "/events?problems=1&kind=nothing"],
    "/events/<mark>": ["/events/{event}"],
    "/notifications": ["/notifications"],
    "/notifications/channels": ["/notifications/channels"],
    "/notifications/channels/<int:number>": ["/notifications/channels/1"],
    "/notifications/channels/new": ["/notifications/channels/new?channel=webhook", "/notifications/channels/new?channel=mail"],
    "/notifications/own": ["/notifications/own"],
    "/control": ["/control", "/control?show=commands"],
    "/control/<name>": [
        f"/control/restart_hltd?host={FU}",
        "/control/restart_hltd?host=nothing",
        "/control/start_playback_run",
        "/control/kill?key={running}&signal=9",
        "/control/drop?run=358792",
        "/control/get_cmssw_info",
    ],
    "/control/commands/<int:number>": ["/control/commands/1"],
    "/trends": [
        "/trends",
        TRENDS,
        f"{TRENDS}&table=1&ps2=PromptReco&significant=all&runs=latest:9",
        f"{TRENDS}&band=355000-355100&drift=1&runs=355000-355357",
        f"{TRENDS}&search=nothing&runs=355000,355003",
        f"{TRENDS}&runs=x&page=9",
    ],
    "/trends/chart": [
        "/trends/chart",
        f"/trends/chart?{SERIES}&series=oms/duration&run=355357&table=1&runs=latest:9",
        f"/trends/chart?{SERIES}&adding=1&find=tracks",
    ],
    "/trends/point": [f"/trends/point?{SERIES}&run=355357"],
    "/trends/groups": ["/trends/groups"],
    "/trends/groups/<subsystem>": ["/trends/groups/Pixel"],
    "/trends/groups/<subsystem>/edit": ["/trends/groups/Pixel/edit"],
    "/trends/groups/<subsystem>/history": ["/trends/groups/Pixel/history"],
    "/trends/golden": ["/trends/golden"],
    "/trends/golden/<digest>": ["/trends/golden/{golden}"],
    "/trends/configs": ["/trends/configs"],
    "/trends/lumis": ["/trends/lumis"],
    "/trends/new": ["/trends/new", "/trends/new?metric=basic.Meen()"],
    "/trends/strip": [f"/trends/strip?dataset={ZERO_BIAS}&me=DT/absent&run=367129"],
    "/trends/requested/<key>": ["/trends/requested/{requested}"],
    "/trends/requested/<key>/point": ["/trends/requested/{requested}/point?series=requested/{requested}/a/b/c&run=355001"],
    "/trends/rules": ["/trends/rules"],
    "/trends/rules/new": ["/trends/rules/new"],
    "/trends/rules/<int:number>": ["/trends/rules/1"],
    "/help": ["/help"],
    "/help/<name>": ["/help/gui", "/help/square", "/help/trends", "/help/diary", "/help/transfers", "/help/notify", "/help/alarms"],
    "/help/report": ["/help/report"],
    "/status": ["/status"],
    "/account/sign-in": ["/account/sign-in"],
    "/account/password": ["/account/password"],
    "/account/sessions": ["/account/sessions"],
    "/account/tokens": ["/account/tokens"],
    "/account/audit": ["/account/audit"],
}
"""Addresses of each route that is a page, with keys of jobs left open."""


@contextmanager
def run_full_site(folder: Path, template: Path, files: list[Path], fixtures_dir: Path, **values: Any) -> Iterator[Settings]:
    """A hub with plots, runs of DQM^2, events and a command, and the administrator ada. values: more settings."""
    base_settings = Settings(data_dir=str(folder), file_roots=(str(files[0].parent),), web_workers=1, square_production=(FU,), **values)
    base_settings = base_settings.replace(diary_log_roots=(str(folder),))
    with gui.render_service(folder / "render"), site(base_settings, template, files) as settings, bound(settings):
        accounts.add("ada", Role.ADMIN, PASSWORD)
        data.fill(fixtures_dir)
        save_wall(parse_wall(wall_document()))
        points.fill(settings)
        import_all([*SHIFT_LAYOUTS, *WORKSPACES])
        fill_alarms()
        private.share(private.pin("ada", ((PlotCell(CHARGE, draw=(("ytype", "log"),)), PlotCell("Hcal/adc")),), name="Mine"))
        layout = save(Layout("Ecal/Layouts/summary", ("offline",), LAYOUT_ROWS)).arrangement
        activate(layout, 1, "first")
        save(Layout("Ecal/Layouts/summary", ("offline",), LAYOUT_ROWS[:1]), arrangement=layout, based_on=1, reason="draft")
        add_group(DisplayGroup("both", "Two of Pixel", "", "Pixel", True, ("Ntracks", "Charge")))
        add_rule(RULE, "ada")
        evaluate_if_changed(TrendRule.get(), settings)
        trend = request_trend(REQUEST, "ada", settings)
        begin(trend, [PointKey("/a/b/c", run, 0) for run in (355001, 355002, 355003)], "The oldest file is left out: the limit is 3.")
        store_value(request_trend(STRIP, "ada", settings), PointKey(ZERO_BIAS, 367129, 0), StoredValue(7, None, "", "tag"))
        store_value(trend, PointKey("/a/b/c", 355001, 0), StoredValue(1.5, 0.1, "", "tag"))
        store_value(trend, PointKey("/a/b/c", 355002, 0), StoredValue(None, None, "The value is not finite", "tag"))
        keep(TrendConfig("Pixel", "kept", "basic.Mean()", "Pixel/size", "Size"), "ada")
        store_golden(b'{"355000": [[1, 50]], "355003": [[1, 9]]}', "golden.json")
        service.submit(settings, service.find_spec("get_simulator_run_keys"), {}, user="ada", reason="", idempotency_key="one")
        seed.detect(settings)
        seed.notification(1)
        seed.added_channel()
        scan_source(source_named("dqm-clients", settings), settings)
        transfers.fill(settings, time.time())
        (folder / "job.log").write_text("Begin\nWARNING of nothing\nERROR: no geometry\n", encoding="utf-8")
        store("batch", [seen(NOW, "failed", name="fit", logs=[("job.log", "stdout")], workdir=str(folder))], NOW)
        of_run = seen(NOW, "done", native_id="of_run", labels={"run": "367140"}, metrics={"rate": 2.0}, parents=[ParentKey("batch", "7")])
        store("batch", [of_run, seen(NOW, "done", native_id="of_trends", labels={"run": "355003"})], NOW)
        review_jobs(
            [DiaryJob.get(DiaryJob.name == "fit").id], "q=fit", ReviewChange(verdict="issue", summary="Known", add_tags=("disk",)), "ada"
        )
        yield settings


def page_keys() -> dict[str, Any]:
    """The keys that addresses in `PAGES` leave open, of the full site to which this process is bound."""
    return {
        "concatenation": TransferConcatenation.get().id,
        "crashed": Job.get(Job.run == 358791, Job.tag.startswith("beam_dqm")).key,
        "event": Notification.get().mark,
        "running": Job.get(Job.run == 358792, Job.tag.startswith("gem_dqm")).key,
        "golden": latest_lists(1)[0].hash,
        "requested": REQUEST.key,
        "of_trends": DiaryJob.get(DiaryJob.native_id == "of_trends").id,
        "of_run": DiaryJob.get(DiaryJob.native_id == "of_run").id,
        "workspace": Arrangement.get(Arrangement.path == "Pixel").id,
        "layout": Arrangement.get(Arrangement.path == "Ecal/Layouts/summary").id,
        "own_layout": private.layouts_of("ada")[0].number,
        "link": private.layouts_of("ada")[0].link,
        "logged": DiaryJob.get(DiaryJob.source == "batch", DiaryJob.native_id == "7").id,
    }


@pytest.fixture(scope="module")
def full_site(
    tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path, demo_files: list[Path], fixtures_dir: Path
) -> Iterator[Settings]:
    with run_full_site(tmp_path_factory.mktemp("x"), sqlite_template, demo_files, fixtures_dir, **SIGN_ON) as settings:
        yield settings


@pytest.fixture(scope="module")
def signed_in(browser: Browser, full_site: Settings) -> StorageState:
    """The cookies of the administrator; the plots of the sample are imported."""
    with open_page(browser, address(full_site), Watch()) as page:
        sign_in(page, "/account/sign-in", "ada", PASSWORD)
        expect(page.locator(".account summary")).to_have_text("ada")
        page.goto(SAMPLE)
        expect(page.locator(".folder").first).to_be_visible()
        return page.context.storage_state()


@pytest.fixture
def page(browser: Browser, full_site: Settings, signed_in: StorageState, watch: Watch) -> Iterator[Page]:
    """A page of the administrator, with axe."""
    watch.expected += ["status of 404", "status of 400"]
    with open_page(browser, address(full_site), watch, storage_state=signed_in) as page:
        add_axe(page)
        yield page


@pytest.mark.parametrize("route", PAGES)
def test_axe_finds_nothing_moderate_or_worse_on_any_page(page: Page, route: str) -> None:
    keys = page_keys()
    assert all_faults(page, [one.format(**keys) for one in PAGES[route]]) == []


def test_axe_finds_faults_of_colours_in_the_theme_and_at_the_width_that_have_them(page: Page) -> None:
    """Else the checks that are left out would hide faults."""
    page.goto("/help")
    assert contrast_faults(page, "dark") == contrast_faults(page, "light") == []
    page.evaluate(ADD_STYLE, "@media (prefers-color-scheme: dark) { h1 { color: #333; background: #222 } }")
    assert any("dark: color-contrast" in fault for fault in contrast_faults(page, "dark"))
    assert contrast_faults(page, "light") == []
    page.evaluate(ADD_STYLE, "@media (max-width: 640px) { h1 { color: #ddd; background: #eee } }")
    assert contrast_faults(page, "light") == []
    page.set_viewport_size(PHONE["viewport"])
    for _ in range(2):
        assert any("390 light: color-contrast" in fault for fault in contrast_faults(page, "light")), "a fault is no good look"


def test_axe_finds_faults_of_elements_that_a_phone_alone_shows(page: Page) -> None:
    page.goto("/help")
    page.evaluate("document.querySelector('main').insertAdjacentHTML('beforeend', '<div class=\"small\"><img src=\"/nothing\"></div>')")
    page.evaluate(ADD_STYLE, "@media (min-width: 641px) { .small { display: none } }")
    page.evaluate("rememberShown()")
    assert page.evaluate("selectNew()") == 0
    page.set_viewport_size(PHONE["viewport"])
    assert page.evaluate("selectNew()") == 2
    assert any("image-alt" in fault for fault in faults(page, "light", only_selected=True, **OTHERS))


def test_the_live_page_does_not_shift_while_it_loads(page: Page) -> None:
    page.add_init_script(
        """window.shifts = [];
        document.addEventListener("DOMContentLoaded", () =>
            requestAnimationFrame(() => requestAnimationFrame(time => { window.parsed = time; })));
        new PerformanceObserver(list => {
            for (const one of list.getEntries())
                window.shifts.push([one.startTime, one.value, ...one.sources.map(source => source.node?.outerHTML?.slice(0, 120))]);
        }).observe({type: "layout-shift", buffered: true});"""
    )
    page.goto("/square")
    expect(page.locator(".plotarea canvas")).to_have_count(2)
    assert becomes_true(page, lambda: page.evaluate("isComplete() && window.parsed > 0"))
    shifts = [shift for shift in page.evaluate("shifts") if shift[0] >= page.evaluate("parsed")]
    assert shifts == [], "before that, a slow browser shows the first rows of a table whose later rows are wider"


@pytest.mark.parametrize(
    "path",
    ["/square", "/status", "/notifications", "/control", "/account/audit", "/diary", "/transfers", f"/transfers/runs/{RUN}", "/alarms"],
)
def test_tables_are_no_wider_than_a_phone(page: Page, path: str) -> None:
    page.set_viewport_size(PHONE["viewport"])
    page.goto(path)
    expect(page.locator(".wide-table").first).to_be_visible()
    hidden = page.evaluate("[...document.querySelectorAll('.wide-table')].map(box => box.scrollWidth - box.clientWidth)")
    assert max(hidden) <= 0, "nothing must be scrolled sideways"


def test_every_route_that_serves_a_page_is_checked_by_axe(page: Page, full_site: Settings) -> None:
    for rule in create_app(full_site).url_map.iter_rules():
        if "GET" in (rule.methods or ()) and rule.rule not in PAGES and not rule.redirect_to:
            answer = page.request.get(example(rule), max_redirects=0)
            is_page = answer.status == 200 and re.match("text/html", answer.headers.get("content-type", "")) and "<html" in answer.text()
            assert not is_page, f"{rule.rule} is a page: add an address of it to `PAGES`"
