"""Pages of a mirror: updates, old data, an unreachable mirror, time zones."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.pages import Watch, open_page, set_hidden
from tests.mirror import samples
from tests.mirror.process import MirrorProcess, mirror_process
from tests.mirror.test_nginx import PREFIX, servers
from tests.support.nginx import nginx
from tests.support.ports import free_port

pytestmark = pytest.mark.slow

DISCONNECTED = "No connection to P5. Showing the last data received."
ROWS = 60


def live(number: int) -> str:
    """A live page with the number in every row, with details to open and a list to scroll."""
    row = '<tr><th scope="row">client {0}</th><td>{1}</td><td><a href="logs/1/{0}" id="log{0}">Log of {0}</a></td></tr>'
    rows = "".join(row.format(at, number) for at in range(ROWS))
    moment = '<time datetime="2022-09-14T10:16:40Z" data-at="1663150600">2022-09-14 12:16:40</time>'
    return (
        f'<h1>Run 1, revision {number}</h1><p>{moment}, <span data-since="1663150600"></span></p><details><summary>More</summary><p>Words</p></details>'
        f'<div class="wide-table" tabindex="0"><table class="jobs"><tbody>{rows}</tbody></table></div>'
    )


class FedMirror:
    """A mirror to which the test sends snapshots."""

    def __init__(self, mirror: MirrorProcess) -> None:
        self.mirror = mirror
        self.have = 0

    def publish(self, at: float | None = None) -> None:
        """Send the next revision; at: time of its data, default now."""
        self.have += 1
        items = [samples.html_item("live", "production", 0, "page", live(self.have))]
        answer = self.mirror.post(samples.snapshot([*items, *(FIRST if self.have == 1 else [])], self.have - 1, self.have, at=at))
        assert answer.status == 200, answer.body


FIRST = [
    *samples.run_items(1, [samples.client("beam"), samples.client("pixel", code=134)], newest=False),
    samples.html_item("help", "all", 0, "page", "<h1>Help</h1><p>Words</p>"),
    samples.html_item("redactions", "all", 0, "page", "<h1>Left out</h1><p>3 paths</p>"),
    samples.html_item("live", "playback", 0, "page", "<h1>Run none yet</h1>"),
]


@pytest.fixture
def fed(tmp_path: Path) -> Iterator[FedMirror]:
    with mirror_process(tmp_path) as mirror:
        yield FedMirror(mirror)


@pytest.fixture
def page(browser: Browser, fed: FedMirror, watch: Watch) -> Iterator[Page]:
    with open_page(browser, fed.mirror.url, watch) as page:
        yield page


def test_waiting_page_shows_the_first_data(page: Page, fed: FedMirror) -> None:
    page.goto("/")
    expect(page.locator("main")).to_contain_text("No data from the hub for this page")
    fed.publish()
    expect(page.locator("h1")).to_have_text("Run 1, revision 1")
    expect(page.locator("#data")).to_contain_text("Data from")


def test_updates_keep_focus_scroll_and_open_details(page: Page, fed: FedMirror) -> None:
    fed.publish()
    page.goto("/")
    page.locator("summary").click()
    page.locator("#log40").focus()
    page.evaluate("document.querySelector('.wide-table').scrollLeft = 0; scrollTo(0, 700)")
    before = page.evaluate("scrollY")
    page.evaluate("document.getElementById('log40').mark = 'the same element'")
    fed.publish()
    expect(page.locator("h1")).to_have_text("Run 1, revision 2")
    assert page.locator("td").first.text_content() == "2"
    assert page.evaluate("[document.activeElement.id, document.activeElement.mark]") == ["log40", "the same element"]
    assert page.evaluate("[scrollY, document.querySelector('details').open]") == [before, True]
    fed.publish()
    expect(page.locator("h1")).to_have_text("Run 1, revision 3")


def test_page_warns_while_data_are_old(page: Page, fed: FedMirror) -> None:
    fed.publish(at=time.time() - 55)
    page.goto("/")
    expect(page.get_by_text(DISCONNECTED)).to_be_visible()
    fed.publish()
    expect(page.get_by_text(DISCONNECTED)).to_be_hidden()
    expect(page.locator("#data")).not_to_have_class("data old")


def test_page_reports_an_unreachable_mirror_and_recovers(page: Page, fed: FedMirror, watch: Watch) -> None:
    watch.expected += ["Failed to load resource"]
    fed.publish()
    page.goto("/")
    fed.mirror.kill()
    expect(page.get_by_text("Mirror not responding")).to_be_visible()
    fed.mirror.start()
    fed.publish()
    expect(page.locator("h1")).to_have_text("Run 1, revision 2")
    expect(page.get_by_text("Mirror not responding")).to_be_hidden()


def test_hidden_tab_stops_polling_until_visible(page: Page, fed: FedMirror, watch: Watch) -> None:
    fed.publish()
    page.goto("/")
    set_hidden(page, True)
    page.clock.install()
    polls = len(watch.requests)
    page.clock.run_for(60_000)
    assert len(watch.requests) <= polls + 1, "one may have been on its way"
    fed.publish()
    set_hidden(page, False)
    expect(page.locator("h1")).to_have_text("Run 1, revision 2")


def test_selected_time_zone_is_remembered(page: Page, fed: FedMirror) -> None:
    fed.publish()
    page.goto("/")
    moment = page.locator("main time")
    expect(moment).to_have_text("2022-09-14 12:16:40")
    page.get_by_label("Times:").select_option("UTC")
    expect(moment).to_have_text("2022-09-14 10:16:40")
    page.goto("/?db=production")
    expect(moment).to_have_text("2022-09-14 10:16:40")
    fed.publish()
    expect(page.locator("h1")).to_have_text("Run 1, revision 2")
    expect(moment).to_have_text("2022-09-14 10:16:40")


def test_pages_work_without_scripts(browser: Browser, fed: FedMirror, watch: Watch) -> None:
    fed.publish(at=time.time() - 100)
    with open_page(browser, fed.mirror.url, watch, java_script_enabled=False) as page:
        page.goto("/")
        expect(page.get_by_text(DISCONNECTED)).to_be_visible()
        expect(page.locator("main span")).to_contain_text("days")
        page.get_by_role("link", name="Timeline").click()
        page.get_by_label("With failures").check()
        page.get_by_role("button", name="Show").click()
        expect(page.locator(".cell-crashed")).to_have_count(1)


def test_pages_update_under_a_prefix_behind_nginx(browser: Browser, tmp_path: Path, watch: Watch) -> None:
    port = free_port()
    site = f"http://127.0.0.1:{port}"
    with (
        mirror_process(tmp_path, prefix=PREFIX, trusted_proxies="127.0.0.1/32") as mirror,
        nginx(tmp_path / "nginx", port, servers(tmp_path / "nginx", port, mirror, True)),
    ):
        mirror.post(samples.snapshot(samples.run_items(7, [samples.client("beam")])))
        with open_page(browser, f"{site}{PREFIX}", watch) as page:
            page.goto(f"{PREFIX}/runs/7")
            expect(page.locator("h1")).to_have_text("Run 7")
            mirror.post(samples.snapshot([samples.html_item("run", "production", 7, "page", "<h1>Run 7, later</h1>")], 1, 2))
            expect(page.locator("h1")).to_have_text("Run 7, later")
            page.get_by_role("link", name="Timeline").click()
            page.get_by_role("button", name="Show").click()
            assert page.url.startswith(f"{site}{PREFIX}/timeline?")
