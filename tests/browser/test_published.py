"""The operators' page of publishing in a real browser: the state of each mirror as it changes, and the previews."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from app.core.settings import Settings
from app.publish.sending import Sender
from app.publish.settings import PublishSettings
from app.security import Role, accounts
from tests.browser.axe import add_axe, all_faults, excess, own_faults
from tests.browser.pages import LAPTOP, PHONE, Watch, open_page, sign_in
from tests.publish import receivers
from tests.square import data
from tests.square.published.test_published import complete, publisher_of, some_job
from tests.support.ports import free_port
from tests.support.site import address, bound, site

pytestmark = pytest.mark.slow

PASSWORD = "seven-horses-in-the-rain"
MIRROR_PAGES = ["/", "/?db=playback", "/runs/358791", "/timeline", "/timeline?bad=1", "/help", "/redactions", "/nowhere"]


@dataclass
class Site:
    """A hub that has published, with a mirror that is up and one that is not."""

    settings: Settings
    mirror: receivers.Mirror

    def send(self) -> None:
        for one in self.settings.of(PublishSettings).publish_mirrors:
            Sender(one, self.settings).step(receivers.never)


@pytest.fixture(scope="module")
def published_site(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path, fixtures_dir: Path) -> Iterator[Site]:
    with ExitStack() as stack:
        wanted = Settings(data_dir=str(tmp_path_factory.mktemp("published") / "var"), web_workers=1, log_level="error")
        mirror = stack.enter_context(receivers.mirror(tmp_path_factory.mktemp("mirror"), wanted))
        wanted = wanted.replace(publish_mirrors=(mirror.url, f"http://127.0.0.1:{free_port()}"))
        settings = stack.enter_context(site(wanted, sqlite_template, []))
        stack.enter_context(bound(settings))
        accounts.add("eve", Role.EXPERT, PASSWORD)
        data.fill(fixtures_dir)
        complete(publisher_of(settings))
        found = Site(settings, mirror)
        found.send()
        yield found


@pytest.fixture
def page(browser: Browser, published_site: Site, watch: Watch) -> Iterator[Page]:
    """An expert at the operators' page."""
    with open_page(browser, address(published_site.settings), watch) as page:
        sign_in(page, "/published", "eve", PASSWORD)
        expect(page.get_by_role("heading", name="Public mirrors", exact=True)).to_be_visible()
        yield page


def test_the_state_of_each_mirror_is_shown_as_it_changes(page: Page, published_site: Site) -> None:
    up, down = (page.get_by_role("row", name=one) for one in published_site.settings.of(PublishSettings).publish_mirrors)
    expect(up).to_contain_text("up to date")
    expect(down).to_contain_text("not receiving")
    expect(down).to_contain_text("Connection refused")
    have = f"{published_site.mirror.have():,}"
    expect(up.locator("td").nth(1)).to_have_text(have)
    data.change(some_job().key, events=5)
    complete(publisher_of(published_site.settings))
    published_site.send()
    expect(up.locator("td").nth(1)).to_have_text(f"{published_site.mirror.have():,}")
    assert f"{published_site.mirror.have():,}" != have


def test_an_expert_follows_links_through_the_previews(page: Page) -> None:
    page.get_by_role("link", name="358791", exact=True).click()
    expect(page.get_by_role("heading", name="Jobs")).to_be_visible()
    image = page.get_by_role("img", name="File delivery of run 358791")
    image.scroll_into_view_if_needed()
    page.wait_for_function("document.querySelector('.plotarea img').naturalWidth > 0")
    page.get_by_role("link", name="Next run: 358792").click()
    expect(page.locator("h1")).to_contain_text("358792")
    page.get_by_role("link", name="Log of beam").first.click()
    expect(page.locator("ol.log li").first).to_contain_text("cmsRun")
    assert "fu-c2f11" not in page.locator("ol.log").inner_text()


def test_axe_finds_nothing_moderate_or_worse_on_the_public_mirror(browser: Browser, published_site: Site, watch: Watch) -> None:
    watch.expected.append("status of 404")
    with open_page(browser, published_site.mirror.url, watch) as page:
        add_axe(page)
        page.goto("/runs/358791")
        log = page.locator("a[href^='logs/']").first.evaluate("link => link.href")
        assert [fault for one in MIRROR_PAGES for fault in all_faults(page, [one])] == []
        page.goto(log)
        for size in (LAPTOP, PHONE["viewport"]):
            page.set_viewport_size(size)
            assert own_faults(page) + excess(page) == []
