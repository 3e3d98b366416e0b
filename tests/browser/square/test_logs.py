"""The log of a job: search, matches, addresses of lines, and its end while it grows."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from app.core.counters import advance
from app.core.database import proxy
from app.square.models import Job, Log
from app.square.systems import SYSTEMS
from tests.browser.square.jobs import key_of
from tests.square import data

pytestmark = pytest.mark.slow


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
