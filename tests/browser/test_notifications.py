"""Notifications in a real browser: events and deliveries appear by themselves, and an operator acts on them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from app.core.settings import Settings
from app.notify.models import Notification
from app.security import Role, accounts
from tests.browser.pages import PHONE, Watch, open_page, sign_in
from tests.notify import seed
from tests.notify.receivers import Box, Hook, hook, mail_server
from tests.support.processes import service
from tests.support.raw_server import closed
from tests.support.site import address, bound, site

pytestmark = pytest.mark.slow

PASSWORD = "seven-horses-in-the-rain"


@dataclass
class Site:
    """A hub and its receivers."""

    settings: Settings
    chat: Hook
    box: Box


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[Site]:
    """A hub whose P5 and sound server are unreachable, with a webhook and a mail server."""
    with ExitStack() as stack:
        chat, box = stack.enter_context(hook()), stack.enter_context(mail_server())
        base_settings = Settings(
            data_dir=str(tmp_path_factory.mktemp("n")),
            web_workers=1,
            notify_refresh_s=1.0,
            notify_timeout_s=60.0,  # a late answer would mean a second message
            square_url=f"http://{closed()}",
            square_production=("dqmfu-c2b03-45-01", "dqmfu-c2b04-45-01"),
            square_playback=(),
            log_level="error",
            notify_webhooks=(chat.address,),
            notify_smtp=box.place,
            notify_smtp_security="none",
            notify_mail_from="dqm@cern.ch",
            notify_mail_to=("shifter@cern.ch",),
            notify_sound=closed(),
            notify_quiet=("sound 03:00-03:01",),
        )
        settings = stack.enter_context(site(base_settings, sqlite_template, []))
        stack.enter_context(bound(settings))
        accounts.add("olga", Role.OPERATOR, PASSWORD)
        stack.enter_context(service(settings, "live"))
        yield Site(settings, chat, box)


@pytest.fixture
def page(browser: Browser, hub: Site, watch: Watch) -> Iterator[Page]:
    """An operator at the page."""
    with open_page(browser, address(hub.settings), watch) as page:
        sign_in(page, "/notifications", "olga", PASSWORD)
        expect(page.get_by_role("heading", name="Notifications", exact=True)).to_be_visible()
        yield page


def test_a_crash_and_its_deliveries_appear_on_the_open_page(page: Page, hub: Site) -> None:
    seed.job(358792, "beam", time.time() - 1, 139, lumi=35)
    row = page.locator(".notifications tbody tr", has_text="beam crashed in run 358792")
    expect(row).to_contain_text("Exit code 139 SIGSEGV, on dqmfu-c2b03-45-01, lumisection 35")
    expect(row.locator("li", has_text="webhook")).to_contain_text("sent")
    expect(row.locator("li", has_text="mail")).to_contain_text("sent")
    expect(row.locator("li", has_text="sound")).to_contain_text("no connection to port")
    assert [each["title"] for each in hub.chat.messages if each["kind"] == "crash"] == ["beam crashed in run 358792"]
    assert [mail["Subject"] for mail in hub.box.mails] == ["[DQM Hub] beam crashed in run 358792"]


def test_an_operator_tests_a_channel_by_keyboard(page: Page, hub: Site) -> None:
    page.get_by_role("button", name="Send a test by mail").focus()
    page.keyboard.press("Enter")
    row = page.locator(".notifications tbody tr", has_text="Test of DQM Hub").first
    expect(row).to_contain_text("olga is testing this channel")
    expect(row.locator("li", has_text="mail")).to_contain_text("sent")
    assert "[DQM Hub] Test of DQM Hub" in [mail["Subject"] for mail in hub.box.mails]


def test_a_failed_delivery_is_sent_again(page: Page, hub: Site) -> None:
    hub.chat.status = 404
    page.get_by_role("button", name="Send a test by webhook").click()
    row = page.locator(".notifications tbody tr", has_text="Test of DQM Hub").first
    expect(row).to_contain_text("status 404: the channel is archived")
    hub.chat.status = 200
    row.get_by_role("button", name="Send again by webhook").click()
    expect(page.locator(".notifications tbody tr", has_text="Test of DQM Hub").first.locator("li")).to_contain_text("sent")


def test_events_in_announced_maintenance_are_not_sent(page: Page, hub: Site) -> None:
    page.get_by_label("Reason").fill("new <b>kernel</b>")
    page.get_by_label("dqmfu-c2b04-45-01").check()
    page.get_by_role("button", name="Announce").click()
    window = page.locator("tr", has_text="new <b>kernel</b>")
    expect(window).to_contain_text("now")
    expect(window).to_contain_text("dqmfu-c2b04-45-01")
    seed.job(358792, "csc", time.time() + 1, 1, host="dqmfu-c2b04-45-01")
    row = page.locator(".notifications tbody tr", has_text="csc crashed in run 358792")
    expect(row).to_contain_text("none (maintenance)")
    window.get_by_role("button", name="End the maintenance").click()
    expect(page.locator("tr", has_text="new <b>kernel</b>")).to_have_count(0)
    assert Notification.select().where(Notification.outcome == "maintenance").count() == 1


def test_words_of_the_list_are_not_broken_on_a_phone(page: Page) -> None:
    page.set_viewport_size(PHONE["viewport"])
    expect(page.locator(".notifications tbody tr").first).to_be_visible()
    assert page.evaluate("document.querySelector('.notifications td.words').clientWidth") > 200


def test_a_half_filled_form_survives_an_update(page: Page) -> None:
    page.get_by_label("Reason").fill("half a rea")
    seed.job(358792, "ecal", time.time() - 1, 1)
    expect(page.locator(".notifications tbody tr", has_text="ecal crashed in run 358792")).to_be_visible()
    expect(page.get_by_label("Reason")).to_have_value("half a rea")
