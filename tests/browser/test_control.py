"""The control room, used by an operator: restart of hltd, a playback run, a command that P5 refuses."""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, StorageState, expect

from app.core.settings import Settings
from app.security import Role, passwords
from app.security.models import User
from tests.browser.pages import LAPTOP, PHONE, Watch, accessibility_faults, content_width, open_page, sign_in
from tests.square.chain import Chain, chain
from tests.support.p5 import FU
from tests.support.site import address, bound

pytestmark = pytest.mark.slow

PASSWORD = "violet tractor 7 harbour"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[Chain]:
    """P5 with a production and a playback run, the live worker, the web server, and the operator olga."""
    data = tmp_path_factory.mktemp("control") / "var"
    shutil.copytree(sqlite_template, data)
    base_settings = Settings(data_dir=str(data), square_status_s=2.0, square_refresh_s=1.0)
    with bound(base_settings):
        User.create(name="olga", role=Role.OPERATOR, password=passwords.hash_password(PASSWORD), created=time.time())
    with chain(base_settings, "--quiet-start", "--speed", "1", services=("web", "live", "p5")) as found:
        for system in ("production", "playback"):
            found.p5.incident("start_run", system=system, lumis=200)
        found.p5.advance(60)
        yield found


@pytest.fixture(scope="module")
def signed_in(browser: Browser, running: Chain) -> StorageState:
    """The cookies of olga."""
    with open_page(browser, address(running.settings), Watch()) as page:
        sign_in(page, "/account/sign-in?next=/square", "olga", PASSWORD)
        expect(page.locator("#square")).to_be_visible()
        return page.context.storage_state()


@pytest.fixture
def page(browser: Browser, running: Chain, signed_in: StorageState, watch: Watch) -> Iterator[Page]:
    with open_page(browser, address(running.settings), watch, storage_state=signed_in) as page:
        yield page


def confirm(page: Page, reason: str) -> None:
    """Confirm the command of the open form by keyboard."""
    page.get_by_label("Reason").focus()
    page.keyboard.type(reason)
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/control/commands/\d+$"))


def test_operator_restarts_hltd_starts_playback_and_sees_a_refusal(page: Page, running: Chain) -> None:
    p5 = running.p5
    page.goto("/square")
    expect(page.locator(".jobs .job-running")).to_have_count(31)
    page.keyboard.press("c")
    row = page.get_by_role("row", name=FU)
    expect(row.locator("td.number")).to_have_text("4")
    other = page.context.new_page()
    other.goto("/control?show=commands")

    row.get_by_role("link", name="Restart hltd").click()
    expect(page.locator(".confirm tbody tr")).to_have_count(4)
    old = set(page.locator(".confirm tbody td:nth-child(5)").all_inner_texts())
    assert old == {str(job["pid"]) for job in p5.jobs(FU)}
    confirm(page, "clients <b>hang</b>")
    expect(page.get_by_role("status").first).to_contain_text("Confirmed by P5")
    p5.advance(30)
    jobs = page.locator("section[aria-labelledby=jobs-title] tbody tr")
    expect(jobs).to_have_count(4)
    expect(jobs.filter(has_text="-15 SIGTERM")).to_have_count(4)
    expect(jobs.locator("td:last-child a")).to_have_count(4)
    new = {re.sub(r"\D", "", text) for text in jobs.locator("td:last-child a").all_inner_texts()}
    assert new.isdisjoint(old)
    expect(other.locator(".activity tbody tr").first).to_contain_text("clients <b>hang</b>")
    expect(other.locator(".activity tbody tr").first).to_contain_text("olga")

    page.keyboard.press("u")
    page.get_by_role("button", name="Runs to play").click()
    page.get_by_role("row", name="run256936").get_by_role("link", name="Play").click()
    page.get_by_label("Run key").select_option("hi_run")
    page.get_by_label("Lumisections").fill("5")
    page.keyboard.press("Enter")
    expect(page.locator(".confirm")).to_contain_text("its 31 clients read it to its end")
    before = p5.status()["systems"]["playback"]["run"]
    confirm(page, "a run of ions")
    expect(page.get_by_role("status").first).to_contain_text("Confirmed by P5")
    assert p5.status()["systems"]["playback"]["run"] == before + 1
    p5.advance(30)
    page.keyboard.press("u")
    expect(page.locator("#player-title + p")).to_contain_text(f"Run {before + 1} is running, run key hi_run")

    p5.incident("broken_commands")
    page.get_by_role("link", name="Next run").click()
    confirm(page, "it should fail")
    expect(page.get_by_role("status").first).to_contain_text("failed")
    expect(page.get_by_role("alert")).to_contain_text("P5 responded with status 500")
    expect(page.get_by_role("alert")).to_contain_text("cannot connect to its player")
    expect(other.locator(".activity tbody tr").first).to_contain_text("Skip to the next run")
    expect(other.locator(".activity tbody tr").first).to_contain_text("failed")
    p5.incident("broken_commands", on=False)


def is_red(button: Locator) -> bool:
    """Whether the ground, or the frame and text, of a button have more red than green and blue together in contrast."""
    colours = button.evaluate(
        "e => [getComputedStyle(e).backgroundColor, getComputedStyle(e).color].map(c => c.match(/[0-9]+/g).map(Number))"
    )
    return any(red > 1.5 * max(green, blue) for red, green, blue, *_ in colours)


def top(element: Locator) -> float:
    """Upper edge of an element in pixels."""
    box = element.bounding_box()
    assert box
    return box["y"]


def test_dangerous_commands_are_red_name_their_object_and_stand_apart(page: Page, running: Chain) -> None:
    run = running.p5.status()["systems"]["production"]["run"]
    jobs = [job for job in running.p5.jobs(FU) if "exit_code" not in job]
    page.goto("/square")
    delete = page.get_by_role("link", name=f"Delete data of run {run} at P5")
    assert is_red(delete)
    assert top(delete) > top(page.locator(".jobs tbody tr").last), "it is not the first thing of the live page"

    page.goto(f"/square/job?key={jobs[0]['_id']}")
    assert is_red(page.get_by_role("link", name=f"(process {jobs[0]['pid']})"))

    page.goto("/control")
    links = [page.get_by_role("row", name=FU).get_by_role("link", name=f"{name} on {FU}") for name in ("Restart hltd", "Restart DQM tools")]
    apart = page.get_by_role("region", name="Dangerous commands")
    assert apart.get_by_role("button").count() == 0, "no harmless query beside them"
    for link in (*links, *apart.get_by_role("link").all()):
        assert is_red(link)
    assert not is_red(page.get_by_role("button", name="hltd logs").first)

    links[0].click()
    confirmation = page.get_by_role("form", name="Confirmation").get_by_role("button")
    expect(confirmation).to_have_text(f"Restart hltd on {FU}, {len(jobs)} jobs will stop")
    assert is_red(confirmation)


def test_the_page_of_a_command_with_files_is_accessible(page: Page) -> None:
    page.goto("/control")
    page.get_by_role("row", name=FU).get_by_role("button", name="hltd logs").click()
    expect(page.get_by_role("link", name="Download")).to_have_count(2)
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)
        assert accessibility_faults(page) == []
    for size in (LAPTOP, PHONE["viewport"]):
        page.set_viewport_size(size)
        assert content_width(page) <= size["width"]


def test_menu_words_of_an_operator_stay_whole_on_a_phone(page: Page) -> None:
    page.set_viewport_size(PHONE["viewport"])
    page.goto("/square")
    entries = page.get_by_role("navigation", name="Main").get_by_role("link")
    texts = entries.all_text_contents()
    heights = [box["height"] for entry in entries.all() if (box := entry.bounding_box())]
    assert {"DQM^2", "Control room", "Notifications"} <= set(texts)
    assert len(heights) == len(texts)
    assert max(heights) < 2 * min(heights), "one line each"
    assert content_width(page) <= PHONE["viewport"]["width"]


def restarts(running: Chain) -> int:
    """How many requests to restart hltd came to P5."""
    return sum(request["query"].get("what") == "restart_hltd" for request in running.p5.record()["requests"])


def test_a_command_is_not_confirmed_for_another_host_than_the_form_shows(page: Page, running: Chain) -> None:
    before = restarts(running)
    page.goto(f"/control/restart_hltd?host={FU}")
    button = page.get_by_role("button", name=f"Restart hltd on {FU}")
    expect(button).to_be_enabled()
    page.get_by_label("Host").focus()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_label("Host")).not_to_have_value(FU)
    expect(button).to_be_disabled()
    expect(page.get_by_role("alert")).to_have_text("The arguments above have changed: update the preview first.")
    page.get_by_label("Reason").fill("meant for the host in the field")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Update preview").click()
    other = page.get_by_label("Host").input_value()
    expect(page.get_by_role("button", name=f"Restart hltd on {other}")).to_be_enabled()
    page.get_by_label("Host").select_option(FU)
    page.get_by_label("Host").select_option(other)
    expect(page.get_by_role("button", name=f"Restart hltd on {other}")).to_be_enabled()
    assert restarts(running) == before


def test_an_omitted_argument_leaves_the_preview_of_a_command_valid(page: Page) -> None:
    page.goto("/control")
    page.get_by_role("button", name="Runs to play").click()
    page.get_by_role("row", name="run256936").get_by_role("link", name="Play").click()
    expect(page.get_by_label("Run key")).to_have_value("")
    button = page.get_by_role("region", name="Effect").get_by_role("button")
    expect(button).to_be_enabled()
    page.get_by_label("Lumisections").fill("5")
    expect(button).to_be_disabled()
    page.get_by_label("Lumisections").fill("")
    expect(button).to_be_enabled()
