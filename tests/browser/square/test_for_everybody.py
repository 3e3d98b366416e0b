"""Pages of DQM^2 by keyboard, and for people who do not see colours; test_axe.py looks at every page."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from app.core.settings import Settings
from app.square.models import Job
from tests.browser.square.jobs import key_of, pages

pytestmark = pytest.mark.slow


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
