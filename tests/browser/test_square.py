"""DQM^2 with the jobs of real runs, and with hostile texts in every field."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from statistics import fmean

import pytest
from playwright.sync_api import Browser, Page, Request, Response, expect

from app.core.counters import advance
from app.core.database import proxy
from app.core.settings import Settings
from app.square import run_files
from app.square.models import Acknowledgement, Graph, GraphPart, Host, HostStatus, Job, Log, Run
from app.square.systems import SYSTEMS
from tests.browser.pages import PHONE, Watch, accessibility_faults, becomes_true, content_width, open_page
from tests.square import data
from tests.support.site import address, bound, site

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path, fixtures_dir: Path) -> Iterator[Settings]:
    """A hub with the real runs; its pages poll every second."""
    base_settings = Settings(data_dir=str(tmp_path_factory.mktemp("sq")), web_workers=1, square_refresh_s=1.0)
    with site(base_settings, sqlite_template, []) as settings, bound(settings):
        data.fill(fixtures_dir)
        yield settings


@pytest.fixture
def page(browser: Browser, hub: Settings, watch: Watch) -> Iterator[Page]:
    with open_page(browser, address(hub), watch, timezone_id="America/Chicago") as page:
        yield page
        assert page.evaluate("typeof window.hurt") == "undefined"


def key_of(tag: str, run: int = 358792) -> str:
    return str(Job.get(Job.run == run, Job.tag.startswith(f"{tag}_dqm")).key)


def pages() -> list[str]:
    key = key_of("beam", 358791)
    return [
        "/square",
        "/square/runs/358788",
        "/square?tz=utc",
        f"/square/job?key={key}",
        f"/square/log?key={key}",
        "/square/timeline",
        "/square/timeline?bad=1",
        "/square?system=playback",
        "/help/square",
    ]


def test_crash_appears_at_the_next_poll(page: Page) -> None:
    page.goto("/square")
    expect(page.locator("#situation")).to_contain_text("live")
    expect(page.locator(".jobs tbody tr").first).not_to_contain_text("crashed")
    data.change(key_of("gem"), exit_code=134)
    expect(page.locator(".jobs tbody tr").first).to_contain_text("134 SIGABRT")
    expect(page.locator(".jobs tbody tr").first).to_contain_text("gem")
    data.change(key_of("gem"), exit_code=None)


def test_now_on_the_home_page_follows_the_run_and_keeps_what_was_typed_and_focused(page: Page) -> None:
    answers: list[int] = []
    page.on("response", lambda answer: answers.append(answer.status) if "/?since=" in answer.url else None)
    page.goto("/?dataset=zero")
    now, link = page.locator("#now"), page.locator("#now a")
    expect(now).to_contain_text("358792")
    expect(now).not_to_contain_text("down")
    page.get_by_label("Dataset").fill("zerobias")
    expect(page).to_have_url(re.compile("zerobias"))
    link.focus()
    for lumi in (98763, 98764):
        data.change(key_of("gem"), exit_code=134, lumi=lumi)
        expect(now).to_contain_text("1 down")
        expect(now).to_contain_text(f"Lumisection {lumi}")
    expect(link).to_be_focused()
    expect(page.get_by_label("Dataset")).to_have_value("zerobias")
    assert page.url.endswith("/?dataset=zerobias"), "the address of the page, not of its poll"
    assert becomes_true(page, lambda: answers[-2:] == [204, 204])
    data.change(key_of("gem"), exit_code=None)
    expect(now).not_to_contain_text("down")


def test_polls_request_newer_versions_only(page: Page) -> None:
    answers: list[int] = []
    polls, most = Counter[str](), [0]

    def record_request(request: Request) -> None:
        if "square?since=" in request.url:
            polls["open"] += 1
            most[0] = max(most[0], polls["open"])

    def answered(answer: Response) -> None:
        if "square?since=" in answer.url:
            polls["open"] -= 1
            answers.append(answer.status)

    page.on("request", record_request)
    page.on("response", answered)
    page.goto("/square")
    for lumi in (98761, 98762):
        data.change(key_of("gem"), lumi=lumi)
        expect(page.locator(".jobs").first).to_contain_text(str(lumi))
    assert becomes_true(page, lambda: answers[-2:] == [204, 204])
    assert answers.count(200) == 2
    assert most == [1], "one poll at a time"


@pytest.mark.parametrize("status", [401, 500, 502])
def test_server_error_shows_notice_and_page_recovers(page: Page, watch: Watch, status: int) -> None:
    watch.expected += [f"status of {status}", f"Status Error Code {status}"]
    page.goto("/square")
    page.route(
        "**/square?since=*", lambda route: route.fulfill(status=status, body="<html><h1>Bad gateway</h1></html>", content_type="text/html")
    )
    data.change(key_of("gem"), lumi=60000 + status)
    expect(page.locator("#notice")).to_have_text(f"Server error {status}. Showing the last data received.")
    expect(page.locator(".jobs").first).to_contain_text("gem")
    expect(page.locator("main")).not_to_contain_text("Bad gateway")
    page.unroute_all()
    expect(page.locator(".jobs").first).to_contain_text(str(60000 + status))


def test_ages_grow_between_polls(page: Page) -> None:
    page.goto("/square/runs/358792")
    age = page.locator("#situation [data-age]")
    before = age.inner_text()
    expect(age).not_to_have_text(before)


def test_age_restarts_with_a_new_report_of_the_same_age(page: Page) -> None:
    page.goto("/square")
    for lumi in (55551, 55552):
        data.change(key_of("gem"), lumi=lumi, reported=time.time())
        expect(page.locator(".jobs").first).to_contain_text(str(lumi))
        age = page.locator(".jobs tr", has_text=str(lumi)).locator("[data-age]")
        expect(age).to_have_text(re.compile(r"^[0-3] s$"))
        expect(age).to_have_text(re.compile(r"^[5-9] s$"))


def test_charts_show_every_stream_and_add_new_points(page: Page) -> None:
    page.goto("/square")
    expect(page.locator("[data-chart=delivery] .u-legend .u-series")).to_have_count(6)
    expect(page.locator("[data-chart=delivery]")).to_contain_text("streamDQMHistograms")
    expect(page.locator("[data-chart=rate] canvas")).to_be_visible()
    delays = [
        file.delay for stream in run_files.files_of_run(SYSTEMS[0], 358792).streams for file in stream.files if file.delay is not None
    ]
    expect(page.locator("[data-chart=delivery] [data-summary]")).to_contain_text(
        f"{len(delays):,} files of 5 streams: mean {fmean(delays):.1f} s"
    )
    with page.expect_request(re.compile(r"/files\?system=production&since=[1-9]")):
        add_files()


def test_chart_keeps_its_zoom_when_points_arrive(page: Page) -> None:
    page.goto("/square")
    area, lumi = page.locator("[data-chart=delivery] .u-over"), page.locator("[data-chart=delivery] .u-legend .u-series").first
    expect(area).to_be_visible()
    area.scroll_into_view_if_needed()
    box = area.bounding_box()
    assert box
    left, middle = box["x"], box["y"] + box["height"] / 2
    page.mouse.move(left + 0.7 * box["width"], middle)
    page.mouse.down()
    page.mouse.move(left + 0.9 * box["width"], middle, steps=5)
    page.mouse.up()
    page.mouse.move(left + 0.5 * box["width"], middle)
    expect(lumi).to_contain_text(re.compile(r"3[6-8]\d"))
    with page.expect_response(re.compile(r"/files\?system=production&since=[1-9]")):
        add_files()
    page.mouse.move(left + 0.51 * box["width"], middle)
    page.mouse.move(left + 0.5 * box["width"], middle)
    expect(lumi).to_contain_text(re.compile(r"3[6-8]\d"))


def add_files() -> None:
    """Add the files of another lumisection."""
    with proxy.atomic():
        version = advance(SYSTEMS[0])
        graph = Graph.get(Graph.run == 358792)
        points = {"lumis": [467], "mtimes": [1663253000.0], "ctimes": [0], "evt_processed": [1], "evt_accepted": [1], "fsize": [1]}
        same = (GraphPart.graph == graph.id) & (GraphPart.stream == "streamDQM_sm-c2a11-43-01") & (GraphPart.part == 7)
        GraphPart.update(points=data.pack_json(points), version=version).where(same).execute()
        Graph.update(version=version).where(Graph.id == graph.id).execute()
        Run.update(version=version).where(Run.run == 358792).execute()


def test_times_in_the_zone_of_the_browser(page: Page) -> None:
    page.goto("/square/runs/358788?tz=local")
    expect(page.locator(".zone")).to_contain_text("America/Chicago")
    expect(page.locator(".jobs .when time").first).to_have_text(re.compile("2022-09-15 06:4"))


def test_log_search_and_addresses_of_lines(page: Page) -> None:
    page.goto(f"/square/log?key={key_of('beam', 358791)}")
    page.locator("#L3 .line").click()
    assert page.url.endswith("#L3")
    page.locator("#q").fill("process exit")
    page.locator("#q").press("Enter")
    expect(page.locator(".log li")).to_have_count(1)


def test_log_of_a_crashed_job_opens_at_its_first_error_and_n_goes_through_matches(page: Page) -> None:
    job = Job.get(Job.key == key_of("beam", 358791))
    before = Log.get(Log.key == job.key).body
    lines = [f"{'ERROR' if number in (400, 401, 700) else 'line'} {number}\n" for number in range(1, 901)]
    Log.update(body=data.pack_json({"stdlog_start": lines, "stdlog_end": []})).where(Log.key == job.key).execute()
    data.change(job.key, exit_code=134)
    page.goto(f"/square/log?key={job.key}")
    expect(page.locator("#L400")).to_be_in_viewport()
    matches = page.locator(".matches [role=status]")
    for key, line, position in [("n", 700, "2 of 2"), ("n", 400, "1 of 2"), ("N", 700, "2 of 2"), ("N", 400, "1 of 2")]:
        page.keyboard.press(key)
        expect(page.locator(":target")).to_have_id(f"L{line}")
        expect(page.locator(f"#L{line}")).to_be_in_viewport()
        expect(matches).to_have_text(position)
    page.goto(f"/square/log?key={job.key}&q=line+30")
    page.keyboard.press("n")
    expect(page.locator(":target")).to_have_id("L30")
    page.get_by_role("button", name="Next match").click()
    expect(page.locator(":target")).to_have_id("L300")
    box = page.locator("#L302").bounding_box()
    assert box
    page.locator("#L302").click(position={"x": box["width"] - 20, "y": box["height"] / 2})  # the whole line is the target of its link
    expect(page).to_have_url(re.compile("#L302$"))
    data.change(job.key, exit_code=job.exit_code)
    Log.update(body=before).where(Log.key == job.key).execute()


def test_job_page_shows_the_end_of_the_job(page: Page) -> None:
    page.goto(f"/square/job?key={key_of('gem')}")
    expect(page.locator("#job")).to_contain_text("running")
    data.change(key_of("gem"), exit_code=-11)
    expect(page.locator("#job")).to_contain_text("exit code -11 SIGSEGV")
    data.change(key_of("gem"), exit_code=None)


def test_log_tail_is_followed_and_typed_text_stays(page: Page) -> None:
    job = Job.get(Job.key == key_of("hlt"))
    page.goto(f"/square/log?key={job.key}")
    page.get_by_label("Follow tail").check()
    page.get_by_label("Search").press_sequentially("process")
    with proxy.atomic():
        version = advance(SYSTEMS[0])
        lines = [f"line {number}\n" for number in range(300)]
        Log.update(body=data.pack_json({"stdlog_start": [], "stdlog_end": lines}), version=version).where(Log.key == job.key).execute()
    expect(page.locator("#L300")).to_be_in_viewport()
    expect(page.get_by_label("Follow tail")).to_be_checked()
    expect(page.get_by_label("Search")).to_have_value("process")
    expect(page.get_by_label("Search")).to_be_focused()


def test_title_and_icon_of_the_tab_carry_the_number_of_clients_that_are_down(page: Page) -> None:
    icon = page.locator('link[rel="icon"]')
    page.goto("/square")
    plain = page.title()
    expect(icon).to_have_attribute("href", re.compile("web/icon.svg"))
    for number, tag in enumerate(("gem", "beam"), 1):
        data.change(key_of(tag), exit_code=134)
        expect(page).to_have_title(f"({number}) {plain}")
        expect(icon).to_have_attribute("href", re.compile(f"^data:image/svg.*%3E{number}%3C%2Ftext"))
    for tag in ("gem", "beam"):
        data.change(key_of(tag), exit_code=None)
    expect(page).to_have_title(plain)
    expect(icon).to_have_attribute("href", re.compile("web/icon.svg"))


def test_timeline_keeps_the_runs_in_view_and_explains_its_colours(page: Page) -> None:
    page.set_viewport_size(PHONE["viewport"])
    page.goto("/square/timeline")
    legend = page.get_by_role("list", name="Legend")
    for word in ("crashed", "stuck", "running", "stopped by command", "finished"):
        expect(legend).to_contain_text(word)
    table = page.locator(".wide-table")
    assert table.evaluate("box => box.scrollWidth > box.clientWidth + 100")
    table.evaluate("box => { box.scrollLeft = box.scrollWidth }")
    for cell in (table.locator("thead th").first, table.locator("tbody th").first):
        box, around = cell.bounding_box(), table.bounding_box()
        assert box
        assert around
        assert 0 <= box["x"] - around["x"] < 3
        assert cell.evaluate("(cell, at) => document.elementFromPoint(at[0], at[1])?.closest('th') === cell", [box["x"] + 9, box["y"] + 6])


def test_timeline_filters_while_typing(page: Page) -> None:
    page.goto("/square/timeline")
    expect(page.locator("#timeline tbody tr")).to_have_count(3)
    page.locator("#from").fill("358791")
    expect(page.locator("#timeline tbody tr")).to_have_count(2)
    expect(page).to_have_url(re.compile("from=358791"))


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_pages_are_accessible(page: Page, theme: str) -> None:
    page.emulate_media(color_scheme=theme)
    for one in pages():
        page.goto(one)
        assert (one, accessibility_faults(page)) == (one, [])


CONTROLS = """() => [...document.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex]")].filter(
    (one) => one.tabIndex >= 0 && !one.disabled && one.type !== "hidden" && one.checkVisibility()).length"""
FOCUS = """() => {
    const one = document.activeElement, style = getComputedStyle(one), box = one.getBoundingClientRect();
    const seen = style.outlineStyle !== "none" && box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth;
    return [one.tagName, one.outerHTML.slice(0, 300), seen];
}"""


def test_every_control_is_reachable_by_keyboard_with_visible_focus(page: Page) -> None:
    for one in pages():
        page.goto(one)
        expect(page.locator("main")).to_be_visible()
        reached = []
        for _ in range(page.evaluate(CONTROLS)):
            page.keyboard.press("Tab")
            tag, text, seen = page.evaluate(FOCUS)
            assert (one, tag, text, seen) == (one, tag, text, True)
            reached.append(text)
        assert reached[0].startswith('<a class="skip"')
        assert "/help/report" in reached[-1], "the last control of the page"


def test_focus_stays_on_a_client_while_it_reports_and_crashes(page: Page) -> None:
    page.goto("/square")
    link = page.get_by_role("link", name="gem", exact=True)
    link.focus()
    for change, expected in (({"lumi": 43211}, "43211"), ({"exit_code": 134}, "134 SIGABRT"), ({"exit_code": None}, "running")):
        data.change(key_of("gem"), **change)
        expect(page.locator("tr", has=link)).to_contain_text(expected)
        expect(link).to_be_focused()


def test_crash_sound_button_keeps_state_and_focus_during_polls(page: Page) -> None:
    page.goto("/square")
    switch = page.get_by_role("button", name="Crash sound: off")
    switch.press("Enter")
    switch = page.get_by_role("button", name="Crash sound: on")
    expect(switch).to_have_attribute("aria-pressed", "true")
    page.evaluate("""window.changes = 0; new MutationObserver(found => window.changes += found.length).observe(
        document.getElementById("alarm"), {attributes: true, childList: true, characterData: true, subtree: true})""")
    data.change(key_of("gem"), lumi=43212)
    expect(page.locator(".jobs").first).to_contain_text("43212")
    expect(switch).to_be_focused()
    assert page.evaluate("window.changes") == 0


def test_phone_needs_no_horizontal_scrolling(browser: Browser, hub: Settings, watch: Watch) -> None:
    with open_page(browser, address(hub), watch, **PHONE) as page:
        for one in pages():
            page.goto(one)
            assert (one, content_width(page)) == (one, 390)


def hostile_texts() -> list[str]:
    """A hundred texts that would be executed if they were not escaped."""
    hurt = "window.hurt=1"
    plain = [
        f"<script>{hurt}</script>",
        f"<img src=x onerror={hurt}>",
        f'"><svg onload={hurt}>',
        f"' onmouseover='{hurt}",
        f'" autofocus onfocus="{hurt}',
        f"javascript:{hurt}",
        f"</title><script>{hurt}</script>",
        f"</textarea><img src=x onerror={hurt}>",
        f"<iframe srcdoc='<script>parent.{hurt}</script>'>",
        f"{{{{ {hurt} }}}}",
        f"{{% {hurt} %}}",
        f"<div hx-get=/status hx-trigger=load hx-on::load='{hurt}'>",
        '" hx-get="/status" hx-trigger="load" x="',
        f"' hx-vals='js:{{a:{hurt}}}'",
        '<div hx-swap-oob="true" id="situation">gone</div>',
        "<meta http-equiv=refresh content=0;url=/status>",
        "<base href=//x.invalid/>",
        f"<style>@import '//x.invalid'</style><b style=color:red onclick={hurt}>",
        "\x1b[31mred\x1b]8;;javascript:x\x07link",
        "\u202egnp.exe",
        "../../etc/passwd",
        "a/b?c#d&e=f;g",
        "=HYPERLINK(1)",
        "%00%3Cscript%3E",
        "<!--",
        "]]>",
        "&lt;b&gt;",
        "\\u003cscript\\u003e",
        f"<math><mi xlink:href='javascript:{hurt}'>",
        f"<a href=javascript:{hurt}>click</a>",
    ]
    return [f"{text}{number}" for number, text in zip(range(100), plain * 4, strict=False)]


def add_hostile_jobs(texts: list[str]) -> list[str]:
    """Add playback jobs whose every field is one of the texts, and return their keys."""
    system, now = SYSTEMS[1], time.time()
    with proxy.atomic():
        version = advance(system)
        for at, text in enumerate(texts):
            ours = {"system": system, "key": f"{text} key", "run": 7, "tag": text, "host": text, "version": version}
            Job.create(**ours, pid=at, exit_code=None if at % 2 else 65, cmssw=text, runkey=text, path=text, started=now, reported=now)
            Log.create(
                system=system,
                key=ours["key"],
                received=now,
                version=version,
                body=data.pack_json({"stdlog_start": [text + "\n"], "stdlog_end": [text]}),
            )
            body = {"cmdline": [text], text: text, "extra": {"lumi_seen": {"lumi000001": text}, "environ": {text: text}}}
            data.document(ours["key"], body, ours, version)
            Acknowledgement.create(system=system, key=ours["key"], user=text, at=now, note=text, version=version)
            Host.create(system=system, name=text, role="fu", last_ok=now, last_error=now, failures=at % 3, error=text, version=version)
            HostStatus.create(system=system, name=text, up=False, message=text, first=now, last=now, version=version)
        Run.create(system=system, run=7, first=now, last=now, jobs=len(texts), runkey=texts[0], cmssw=texts[1], version=version)
        row = {"id": texts[2], "run": 7, "hostname": texts[3], "global_start_epoch": now}
        points = {"lumis": [1], "mtimes": [now + 40], "ctimes": [now], "evt_processed": [1], "evt_accepted": [1], "fsize": [1]}
        data.graph(row | {"stream_data": dict.fromkeys(texts, points)}, version, system)
    return [f"{text} key" for text in texts]


def test_hostile_texts_in_every_field_are_shown_as_text(page: Page, watch: Watch) -> None:
    before = csp_reports(page)
    texts = hostile_texts()
    keys = add_hostile_jobs(texts)
    assert len(set(keys)) == 100
    page.goto("/square?system=playback")
    shown = page.locator(".jobs th[scope=row] bdi").evaluate_all("all => all.map(one => one.textContent)")
    assert set(texts) <= set(shown)
    expect(page.locator("[data-chart=delivery] .u-legend .u-series")).to_have_count(101)
    expect(page.locator("#situation")).to_be_visible()
    for view in ("/square/timeline?system=playback", "/square/runs/7?system=playback"):
        page.goto(view)
        expect(page.locator("main")).to_contain_text("<script>window.hurt=1</script>0")
    links = page.locator(".jobs th[scope=row] a.stop").evaluate_all("all => all.map(one => one.href)")
    assert len(links) == 100
    for link in links[::9]:
        page.goto(link)
        expect(page.locator("#raw-title")).to_be_visible()
        page.get_by_role("link", name="Log", exact=True).click()
        expect(page.locator(".log li").first).to_be_visible()
    page.goto("/square/runs/7/delivery.svg?system=playback")
    page.goto("/square?system=playback")
    page.wait_for_timeout(2500)
    assert csp_reports(page) == before, "the browser had to block nothing"


def csp_reports(page: Page) -> float:
    text = page.request.get("/metrics").text()
    return sum(float(line.split()[-1]) for line in text.splitlines() if line.startswith("dqmhub_csp_reports_total"))


def test_links_to_the_attempts_of_a_job_are_more_than_a_colour(page: Page, hub: Settings) -> None:
    first = Job.get(Job.key == key_of("pixel", 358791))
    values = dict(first.__data__) | {"key": "another-attempt", "pid": 99999, "started": first.started + 60}
    del values["id"]
    Job.create(**values)
    page.goto(f"/square/job?key={first.key}")
    links = page.locator("section[aria-labelledby=attempts-title] a")
    expect(links.nth(1)).to_be_visible()
    for link in links.all():
        expect(link).to_have_css("text-decoration-line", "underline")
