"""Axe, the checker of accessibility, and our own checks, on pages in each theme, on a laptop and a phone."""

from __future__ import annotations

from importlib.metadata import distribution
from pathlib import Path
from typing import Any, Literal

from playwright.sync_api import Error, Page

from tests.browser.pages import LAPTOP, PHONE, accessibility_faults, becomes_true, content_width

Theme = Literal["light", "dark"]
AXE = Path(str(distribution("axe-playwright-python").locate_file("axe_playwright_python/axe.min.js")))
"""Axe itself; the rest of its package is not needed."""
CHECKS = Path(__file__).with_name("axe_checks.js")
OTHERS = {"rules": {"color-contrast": {"enabled": False}}}
"""Options of axe for all rules but that of the contrast of texts, which costs three quarters of its time, see `contrast_faults`."""
LINKS = {"runOnly": ["link-in-text-block"]}
"""The other rule that a theme can break."""
SCROLLED = {"runOnly": ["scrollable-region-focusable"]}
FAULTS = ("moderate", "serious", "critical")
GOOD_LOOKS: set[str] = set()
"""Looks of texts whose contrast axe has found good in this process."""


def add_axe(page: Page) -> None:
    for script in (AXE, CHECKS):
        page.add_init_script(script.read_text(encoding="utf-8"))


def faults(page: Page, theme: Theme, *, only_selected: bool = False, **options: Any) -> list[str]:
    """What axe finds that is moderate or worse: the rule, and the element. options: of `axe.run`."""
    page.emulate_media(color_scheme=theme)
    return readable(page, theme, page.evaluate("options => axeFaults(options)", {"run": options, "onlySelected": only_selected}))


def contrast_faults(page: Page, theme: Theme) -> list[str]:
    """What axe finds of the contrast of texts. Texts that look alike are examined once in a process, whatever their page."""
    page.emulate_media(color_scheme=theme)
    new = [look for look in page.evaluate("looks()") if look not in GOOD_LOOKS]
    if not new:
        return []
    found = page.evaluate("looks => contrast(looks)", new)
    GOOD_LOOKS.update(found["good"])
    return readable(page, theme, found["faults"])


def readable(page: Page, theme: Theme, found: list[dict[str, str]]) -> list[str]:
    return [f"{view(page)} {theme}: {fault['text']}" for fault in found if fault["impact"] in FAULTS]


def own_faults(page: Page) -> list[str]:
    """What our own checks find in the theme that the page has."""
    return [f"{view(page)}: {fault}" for fault in accessibility_faults(page)]


def excess(page: Page) -> list[str]:
    """A sentence if the page must be scrolled sideways."""
    width = content_width(page)
    return [f"{view(page)} is {width} wide"] if width > (page.viewport_size or LAPTOP)["width"] else []


def view(page: Page) -> str:
    return f"{page.url} {(page.viewport_size or LAPTOP)['width']}"


def is_complete(page: Page) -> bool:
    """Whether nothing is about to be added to the page, and it is about to lead to no other by itself."""
    try:
        return bool(page.evaluate("isComplete()"))
    except Error:  # the page of a file that was being read is just being left
        return False


def all_faults(page: Page, addresses: list[str]) -> list[str]:
    """The faults of these addresses of one page in each theme and width.

    A rule is not asked again where the answer must be the same: in the width of a phone all but the first address are
    asked about parts that are scrolled, and about elements that a laptop does not show.
    """
    found = []
    for number, one in enumerate(addresses):
        page.set_viewport_size(LAPTOP)
        page.goto(one)
        assert becomes_true(page, lambda: is_complete(page)), f"{one} never becomes complete"
        found += faults(page, "dark", **LINKS) + contrast_faults(page, "dark") + own_faults(page)
        found += faults(page, "light", **OTHERS) + contrast_faults(page, "light") + own_faults(page) + excess(page)
        page.evaluate("rememberShown()")
        page.set_viewport_size(PHONE["viewport"])
        found += faults(page, "light", **(SCROLLED if number else OTHERS)) + own_faults(page) + excess(page)
        if number and page.evaluate("selectNew()"):
            found += faults(page, "light", only_selected=True, **OTHERS)
        found += contrast_faults(page, "light") + contrast_faults(page, "dark")
    return found
