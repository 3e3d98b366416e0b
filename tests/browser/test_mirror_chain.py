"""From the simulated P5 through the hub to a mirror: runs, crashes and logs appear on the pages of the mirror."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from app.core.settings import Settings
from app.publish import keys
from tests.browser.pages import Watch, open_page
from tests.mirror.process import MirrorProcess, mirror_process
from tests.square.chain import Chain, chain
from tests.support.processes import until

pytestmark = pytest.mark.slow

CLIENT = "pixel_dqm_sourceclient-live"
FU = "dqmfu-c2b03-45-01"


@pytest.fixture
def mirror(tmp_path: Path, sqlite_template: Path) -> Iterator[MirrorProcess]:
    """A mirror of a hub that has published nothing yet."""
    shutil.copytree(sqlite_template, tmp_path / "var")
    settings = Settings(data_dir=str(tmp_path / "var"))
    keys.make_key(settings)
    with mirror_process(tmp_path, keys=keys.signing_key(settings).public_key().public_bytes_raw().hex()) as found:
        yield found


@pytest.fixture
def hub(tmp_path: Path, mirror: MirrorProcess) -> Iterator[Chain]:
    """A P5 with only the incidents of the test, and the hub without a web server."""
    base_settings = Settings(
        data_dir=str(tmp_path / "var"),
        instance_name="P5",
        square_status_s=2.0,
        publish_s=1.0,
        publish_mirrors=(mirror.url,),
    )
    with chain(base_settings, "--quiet-start", "--speed", "1", services=("live", "p5")) as found:
        yield found


@pytest.fixture
def page(browser: Browser, mirror: MirrorProcess, watch: Watch) -> Iterator[Page]:
    with open_page(browser, mirror.url, watch) as page:
        yield page


def test_mirror_follows_p5(page: Page, hub: Chain, mirror: MirrorProcess) -> None:
    p5 = hub.p5
    page.goto("/")
    expect(page.locator(".brand")).to_have_text("P5 mirror")
    run = p5.incident("start_run", lumis=100)["run"]
    p5.advance(30)
    expect(page.locator("h1 .run")).to_have_text(f"Run {run}")
    expect(page.locator(".jobs .job-running")).to_have_count(31)
    expect(page.locator(".machines li").first).to_contain_text("up")

    first = page.locator(".jobs tbody tr").first
    p5.incident("crash", tag=CLIENT, code=-11, restart=False)
    expect(first).to_contain_text("-11 SIGSEGV")
    expect(first.locator("th")).to_have_text(re.compile("^pixel"))
    log = page.context.new_page()
    until(lambda: mirror.get("/status").json["items"].get("log"), "a log")
    log.goto(first.get_by_role("link", name=re.compile("Log of pixel")).evaluate("link => link.href"))
    expect(log.locator(".log")).to_contain_text("cmsRun")
    assert not re.search(r"/nfshome|@cern|\.cms\b|c2b0\d-45", log.content()), "names from inside"

    p5.incident("end_run", follow=False)
    p5.advance(120)
    expect(page.locator(".jobs .job-running")).to_have_count(0)
    expect(page.locator(".live")).to_contain_text("ended")
    expect(first).to_contain_text("-11 SIGSEGV")

    old = page.context.new_page()
    old.goto(f"/runs/{run}")
    following = p5.incident("start_run", lumis=100)["run"]
    p5.advance(30)
    expect(page.locator("h1 .run")).to_have_text(f"Run {following}")
    expect(page.locator(".jobs .job-running")).to_have_count(31)
    until(lambda: f"Next run: {following}".encode() in mirror.get(f"/runs/{run}").body, "the way to the next run")
    old.reload()
    expect(old.get_by_label(f"Next run: {following}")).to_be_visible()
    expect(old.locator(".jobs tbody tr").first).to_contain_text("-11 SIGSEGV")

    old.goto("/timeline?bad=1&client=pixel")
    expect(old.locator(".cell-crashed")).to_have_count(1)
    old.goto("/timeline?client=pixel")
    expect(old.locator("tbody th").first).to_have_text(str(following))
    answer = mirror.get(f"/api?what=get_run&run={run}&db=production").json
    assert answer[0] == [None, following]
    assert {client[4]: client[3] for client in answer[1][1]}["pixel"] == -11
    assert mirror.get("/status").json["refused"] == {}

    mirror.kill()
    p5.incident("crash", tag="csc_dqm_sourceclient-live", code=65, restart=False)
    mirror.start()
    expect(page.locator(".jobs tbody tr").first.locator("th")).to_have_text(re.compile("^csc"))
    everything = json.dumps(
        [mirror.get(address).body.decode() for address in ("/", f"/runs/{run}", "/help", "/redactions", "/api?what=get_cluster_status")]
    )
    assert FU not in everything


def test_the_mirror_shows_crashes_as_the_hub_does(page: Page, hub: Chain, mirror: MirrorProcess) -> None:
    """The tab carries the number of clients that are down, and the log of a crashed job opens at its first error."""
    p5 = hub.p5
    run = p5.incident("start_run", lumis=100)["run"]
    p5.advance(90)
    page.goto("/")
    expect(page.locator(".jobs .job-running")).to_have_count(31)
    expect(page).to_have_title("Latest run · P5")
    icon = page.locator('link[rel="icon"]')
    p5.incident("crash", tag=CLIENT, code=-11, restart=False)
    expect(page).to_have_title("(1) Latest run · P5")
    expect(icon).to_have_attribute("href", re.compile("^data:image/svg.*>1<|^data:image/svg.*%3E1%3C"))
    p5.incident("crash", tag="csc_dqm_sourceclient-live", code=65, restart=False)
    expect(page).to_have_title("(2) Latest run · P5")

    until(lambda: f"logs/{run}/".encode() in mirror.get("/").body, "the link to the log")
    page.get_by_role("link", name="Log of pixel", exact=True).click()
    expect(page).to_have_url(re.compile(rf"/logs/{run}/.*#L\d+$"))
    opened = page.locator(".log li:target")
    expect(opened).to_contain_text("A fatal system signal has occurred: segmentation violation")
    expect(opened).to_be_in_viewport()
    expect(page.get_by_role("link", name="First error")).to_have_attribute("href", re.compile("#L"))
    errors = page.locator(".matches [role=status]")
    expect(errors).to_have_text(re.compile(r"^1 of \d+$"))
    page.keyboard.press("n")
    expect(errors).to_have_text(re.compile(r"^[12] of \d+$"))
    expect(page.locator(".log li.error:target")).to_be_in_viewport()


def test_charts_on_the_mirror_are_cached_by_version(page: Page, hub: Chain, mirror: MirrorProcess) -> None:
    run = hub.p5.incident("start_run", lumis=100)["run"]
    hub.p5.advance(130)
    page.goto("/")
    chart = page.get_by_alt_text(f"File delivery of run {run}")
    chart.scroll_into_view_if_needed()
    until(lambda: chart.evaluate("image => image.complete && image.naturalWidth > 0"), "the chart")
    kept = mirror.get(chart.evaluate("image => image.src").removeprefix(mirror.url))
    assert kept.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert mirror.get(f"/charts/{run}/rate.csv").body.startswith(b"stream")
    assert mirror.get(f"/charts/{run}/delivery.png").body.startswith(b"\x89PNG")
    assert mirror.get(f"/api?what=get_graph&run={run}&db=production").json[0] == run
