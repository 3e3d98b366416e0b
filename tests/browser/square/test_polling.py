"""Pages of DQM^2 follow the jobs: what polls bring, and what they leave as it is."""

from __future__ import annotations

import re
import time
from collections import Counter

import pytest
from playwright.sync_api import Page, Request, Response, expect

from tests.browser.pages import LOST_OUTPUT, Watch, becomes_true
from tests.browser.square.jobs import key_of
from tests.square import data

pytestmark = pytest.mark.slow


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
    page.clock.install(time=0)
    page.goto("/square")
    page.clock.pause_at(3600)
    for lumi in (55551, 55552):
        data.change(key_of("gem"), lumi=lumi, reported=time.time() + 3600)  # dated in the future: its age is 0
        shown = page.locator(".jobs tr", has_text=str(lumi))
        while shown.count() == 0:
            page.clock.run_for(500)
        age = shown.locator("[data-age]")
        expect(age).to_have_text(re.compile(r"^[0-3] s$"))
        page.clock.run_for(5000)
        expect(age).to_have_text(re.compile(r"^[5-9] s$"))


def test_job_page_shows_the_end_of_the_job(page: Page) -> None:
    page.goto(f"/square/job?key={key_of('gem')}")
    expect(page.locator("#job")).to_contain_text("running")
    data.change(key_of("gem"), exit_code=-11)
    expect(page.locator("#job")).to_contain_text("exit code -11 SIGSEGV")
    data.change(key_of("gem"), exit_code=None)


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


def test_focus_stays_on_a_client_while_it_reports_and_crashes(page: Page) -> None:
    page.goto("/square")
    link = page.get_by_role("link", name="gem", exact=True)
    link.focus()
    for change, expected in (({"lumi": 43211}, "43211"), ({"exit_code": 134}, "134 SIGABRT"), ({"exit_code": None}, "running")):
        data.change(key_of("gem"), **change)
        expect(page.locator("tr", has=link)).to_contain_text(expected)
        expect(link).to_be_focused()


def test_crash_sound_button_keeps_state_and_focus_during_polls(page: Page, watch: Watch) -> None:
    watch.expected.append(LOST_OUTPUT)
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
