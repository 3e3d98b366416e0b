"""Alarms in open pages: their number in the bar, the title and the icon, their sound, and the list while it is used."""

from __future__ import annotations

import os
import re
import signal
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from app.alarms.models import ACKNOWLEDGED, NEW, AlarmMute, AlarmRule, PlotAlarm
from app.core.settings import Settings
from app.security import Role, accounts
from tests.alarms.pages import seed
from tests.browser.pages import LOST_OUTPUT, Watch, accessibility_faults, becomes_true, open_page, set_hidden, sign_in
from tests.support.patience import PATIENCE_S
from tests.support.processes import until
from tests.support.site import address, bound, site

pytestmark = pytest.mark.slow

PASSWORD = "seven-horses-in-the-rain"
LISTEN = """
window.tones = 0;
window.AudioContext = class extends AudioContext {
    createOscillator() { window.audio = this; window.tones += 1; return super.createOscillator(); }
};
"""
"""Counts the tones of a page, and lets tests see what plays them."""


@pytest.fixture(scope="module")
def alarm_hub(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[Settings]:
    """A hub whose alarms tests change."""
    with site(Settings(data_dir=str(tmp_path_factory.mktemp("a")), web_workers=1), sqlite_template, []) as settings, bound(settings):
        seed.rule()
        accounts.add("sue", Role.SHIFTER, PASSWORD)
        yield settings


def shown_count(alarm_hub: Settings) -> str:
    """Number of alarms and time of the newest, as the server tells pages."""
    request = urllib.request.Request(f"{address(alarm_hub)}/alarms/count", headers={"HX-Request": "true"})
    with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
        return str(answer.headers["DQM-Alarms"])


@pytest.fixture
def page(browser: Browser, alarm_hub: Settings, watch: Watch) -> Iterator[Page]:
    """A page of the hub; alarms of other tests are gone, also from the number that the server keeps for a second."""
    PlotAlarm.delete().execute()
    until(lambda: shown_count(alarm_hub) == "0.0", "the number without alarms")
    watch.expected += ["AudioContext was not allowed to start", LOST_OUTPUT]
    with open_page(browser, address(alarm_hub), watch) as page:
        page.context.add_init_script(LISTEN)
        yield page


def end_sound_output(page: Page) -> None:
    """End the process of the browser that plays the sound of all pages; the browser starts another one when it needs it."""
    browser = page.context.browser
    assert browser is not None
    session = browser.new_browser_cdp_session()
    processes = session.send("SystemInfo.getProcessInfo")["processInfo"]
    (number,) = (process["id"] for process in processes if process["type"] == "audio.mojom.AudioService")
    os.kill(number, signal.SIGKILL)
    session.detach()


def tones_once_heard(page: Page) -> int:
    """How many tones the sound has, which is played once when it is switched on, to be known."""
    assert becomes_true(page, lambda: page.evaluate("tones") > 0)
    return int(page.evaluate("tones"))


def test_title_icon_and_bar_carry_the_number_on_a_page_that_polls(page: Page) -> None:
    page.goto("/alarms")
    rule = AlarmRule.get()
    expect(page).to_have_title(re.compile("^Alarms"))
    expect(page.locator("#alarm-count")).to_be_hidden()
    alarms = []
    for number in (1, 2):
        alarms.append(seed.alarm(rule, f"Pixel/{number}"))
        expect(page).to_have_title(re.compile(rf"^\({number}\) Alarms"))
        expect(page.locator('link[rel="icon"]')).to_have_attribute("href", re.compile(f"^data:image/svg.*%3E{number}%3C%2Ftext"))
        expect(page.locator("#alarm-count")).to_have_text(f"{number} alarm{'s' if number > 1 else ''} to look at")
    for alarm in alarms:
        seed.change(alarm, state=ACKNOWLEDGED)
    expect(page).to_have_title(re.compile("^Alarms"))
    expect(page.locator('link[rel="icon"]')).to_have_attribute("href", re.compile("web/icon.svg"))


def test_a_page_without_polls_asks_also_in_a_hidden_tab(page: Page) -> None:
    page.clock.install()
    page.goto("/help")
    set_hidden(page, True)
    seed.alarm(AlarmRule.get())
    time_to_ask = 30_000
    page.clock.run_for(time_to_ask)
    expect(page).to_have_title(re.compile(r"^\(1\) "))


def test_a_sound_is_played_for_a_new_alarm_once_the_user_allowed_it_and_by_one_page_alone(page: Page) -> None:
    page.goto("/alarms")
    rule = AlarmRule.get()
    seed.alarm(rule, "Pixel/1")
    expect(page.locator("#alarm-count")).to_have_text("1 alarm to look at")
    assert page.evaluate("tones") == 0, "nobody allowed a sound"
    button = page.locator("#alarm-sound")
    expect(button).to_have_attribute("aria-pressed", "false")
    button.click()
    expect(button).to_have_attribute("aria-pressed", "true")
    expect(button).to_have_attribute("data-sound", "on")
    allowed = tones_once_heard(page)
    second = page.context.new_page()
    second.goto("/alarms")
    second.locator("h1").click()
    expect(second.locator("#alarm-sound")).to_have_attribute("data-sound", "on")
    seed.alarm(rule, "Pixel/2", told=time.time() + 5)
    expect(page.locator("#alarm-count")).to_have_text("2 alarms to look at")
    expect(second.locator("#alarm-count")).to_have_text("2 alarms to look at")
    assert becomes_true(page, lambda: page.evaluate("tones") + second.evaluate("tones") == 2 * allowed)
    button.click()
    expect(button).to_have_attribute("aria-pressed", "false")


def test_a_page_that_lost_its_sound_output_plays_the_next_alarm(page: Page, watch: Watch) -> None:
    page.goto("/alarms")
    button = page.locator("#alarm-sound")
    button.click()
    expect(button).to_have_attribute("data-sound", "on")
    allowed = tones_once_heard(page)
    assert becomes_true(page, lambda: page.evaluate("audio.currentTime > 0"))
    end_sound_output(page)
    assert becomes_true(page, lambda: any(LOST_OUTPUT in error for error in watch.errors))
    seed.alarm(AlarmRule.get())
    assert becomes_true(page, lambda: page.evaluate("tones") == 2 * allowed)
    expect(button).to_have_attribute("data-sound", "on")


def test_tones_wait_for_an_output_and_old_ones_are_dropped(page: Page) -> None:
    page.clock.install()
    page.add_init_script("addEventListener('load', () => { window.audio = new AudioContext(); dqm.beep(audio, [660, 770]); });")
    page.goto("/help")
    page.clock.pause_at(time.time() + 60)
    assert page.evaluate("tones") == 0, "the browser allows no sound yet"
    page.evaluate("void dqm.beep(audio, [880])")
    assert becomes_true(page, lambda: page.evaluate("tones") > 0)
    assert page.evaluate("tones") == 1


def test_a_page_that_may_not_play_yet_leaves_the_sound_to_others_and_plays_what_nobody_heard(page: Page) -> None:
    page.clock.install()
    page.goto("/help")
    rule, poll_ms, ask_ms = AlarmRule.get(), 6_000, 21_000
    page.locator("#alarm-sound").click()
    expect(page.locator("#alarm-sound")).to_have_attribute("data-sound", "on")
    allowed = tones_once_heard(page)
    waiting = page.context.new_page()
    waiting.goto("/alarms")
    expect(waiting.locator("#alarm-sound")).to_have_attribute("title", "Alarm sound: waiting for a click")
    looks = "button => [getComputedStyle(button).backgroundColor, getComputedStyle(button, '::after').content]"
    assert waiting.locator("#alarm-sound").evaluate(looks) == ["rgb(255, 194, 102)", "none"], "neither on nor crossed out"
    seed.alarm(rule, "Pixel/1", told=time.time() + 5)
    page.clock.run_for(poll_ms)
    expect(waiting.locator("#alarm-count")).to_have_text("1 alarm to look at")
    page.clock.run_for(ask_ms)
    expect(page.locator("#alarm-count")).to_have_text("1 alarm to look at")
    assert becomes_true(page, lambda: page.evaluate("tones") == 2 * allowed)
    page.close()
    seed.alarm(rule, "Pixel/2", told=time.time() + 10)
    waiting.clock.run_for(poll_ms)
    expect(waiting.locator("#alarm-count")).to_have_text("2 alarms to look at")
    assert waiting.evaluate("tones") == 0
    waiting.locator("h1").click()
    assert becomes_true(waiting, lambda: waiting.evaluate("tones") == allowed)


def test_what_is_typed_and_ticked_in_the_list_stays_while_it_updates(page: Page) -> None:
    rule = AlarmRule.get()
    first = seed.alarm(rule, "Pixel/1")
    sign_in(page, "/account/sign-in?next=/alarms", "sue", PASSWORD)
    page.locator(f"#tick-{first.id}").check()
    page.get_by_label("Note").fill("looking")
    seed.alarm(rule, "Pixel/2")
    expect(page.get_by_role("link", name="Pixel/2")).to_be_visible()
    expect(page.locator(f"#tick-{first.id}")).to_be_checked()
    expect(page.get_by_label("Note")).to_have_value("looking")
    assert becomes_true(page, lambda: page.locator("tr[id^=alarm-]").count() == 2)


def test_enter_in_the_reason_of_a_mute_mutes_and_acknowledges_nothing(page: Page) -> None:
    first = seed.alarm(AlarmRule.get(), "Pixel/1")
    sign_in(page, "/account/sign-in?next=/alarms", "sue", PASSWORD)
    page.locator(f"#tick-{first.id}").check()
    page.get_by_role("button", name="Mute selected").click()
    assert accessibility_faults(page) == []
    page.get_by_label("Reason").fill("known dead module")
    page.get_by_label("Reason").press("Enter")
    expect(page.locator(f"#alarm-{first.id}")).to_contain_text("muted")
    assert PlotAlarm.get_by_id(first.id).state == NEW
    assert [mute.reason for mute in AlarmMute.select()] == ["known dead module"]
    AlarmMute.delete().execute()


def test_on_a_phone_the_box_of_an_alarm_is_beside_its_label(page: Page) -> None:
    first = seed.alarm(AlarmRule.get(), "Pixel/1")
    page.set_viewport_size({"width": 390, "height": 844})
    sign_in(page, "/account/sign-in?next=/alarms", "sue", PASSWORD)
    box, cell = (page.locator(where).bounding_box() for where in (f"#tick-{first.id}", f"td:has(> #tick-{first.id})"))
    assert box is not None
    assert cell is not None
    assert box["x"] >= cell["x"] + 94, "after the label"
    assert cell["height"] < box["height"] + 4, "the label stands at the lower end of a box that is aligned by its baseline"
