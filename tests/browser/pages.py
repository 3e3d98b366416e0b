"""Pages in a browser: how tests open them, what a page must not do, and what every page must be for everybody."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, ConsoleMessage, Page, Request, expect

from tests.support.patience import PATIENCE_MS, PATIENCE_S

LAPTOP = {"width": 1366, "height": 768}
"""Window of most pages of the tests, in pixels."""
PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}
"""Options of `open_page`."""
ACCESSIBILITY = (Path(__file__).parent / "accessibility.js").read_text(encoding="utf-8")
ABORTED = ["htmx:afterRequest", "htmx:sendAbort"]
"""What htmx writes when a newer request takes the place of another."""
LOST_OUTPUT = "AudioContext encountered an error from the audio device"
"""What Chromium writes when its sound output ends or hangs, as on a machine that stalls."""
SET_HIDDEN = """hidden => {
    Object.defineProperty(document, "hidden", {value: hidden, configurable: true});
    document.dispatchEvent(new Event("visibilitychange"));
}"""


class Watch:
    """Requests and errors of pages; a test adds the texts of errors that it causes to `expected`."""

    def __init__(self) -> None:
        self.requests: list[str] = []
        self.errors: list[str] = []
        self.expected: list[str] = []

    def attach(self, page: Page) -> None:
        """Record what this page does from now on."""
        page.on("request", self._request)
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.errors.append(f"script: {error}"))
        page.on("dialog", lambda dialog: (self.errors.append(f"dialog: {dialog.message}"), dialog.dismiss()))

    def _request(self, request: Request) -> None:
        self.requests.append(request.url)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.errors.append(f"{message.type}: {message.text}")

    def check(self, home: str) -> None:
        """Fail for a request to another site than `home`, and for an error that was not expected."""
        elsewhere = [url for url in self.requests if not url.startswith((f"{home}/", "data:", "blob:"))]
        assert elsewhere == [], elsewhere
        errors = [error for error in self.errors if not any(text in error for text in self.expected)]
        assert errors == [], errors


@contextmanager
def open_page(browser: Browser, home: str, watch: Watch, **options: Any) -> Iterator[Page]:
    """A page of the site `home`, of a laptop's size; in the end it is checked for foreign requests and errors.

    options: of `Browser.new_context`.
    """
    expect.set_options(timeout=PATIENCE_MS)
    with browser.new_context(**{"viewport": LAPTOP, "base_url": home} | options) as context:
        context.set_default_timeout(PATIENCE_MS)
        page = context.new_page()
        watch.attach(page)
        yield page
    watch.check(home)


def sign_in(page: Page, address: str, name: str, password: str) -> None:
    """Open a page that needs an account, and sign in on the way."""
    page.goto(address)
    page.get_by_label("User name").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()


def accessibility_faults(page: Page) -> list[str]:
    """Missing names, wrong headings, low contrast and the like; empty for a good page."""
    found: list[str] = page.evaluate(f"{ACCESSIBILITY}accessibilityFaults()")
    return found


def content_width(page: Page) -> int:
    """Width of the page in pixels; more than the window means scrolling sideways."""
    return int(page.evaluate("document.documentElement.scrollWidth"))


def becomes_true(page: Page, condition: Callable[[], bool]) -> bool:
    """Whether a condition becomes true in time, while the page keeps running."""
    end = time.monotonic() + PATIENCE_S
    while not condition():
        if time.monotonic() > end:
            return False
        page.wait_for_timeout(50)
    return True


def set_hidden(page: Page, hidden: bool) -> None:
    """Let the page believe that its tab is hidden, or shown again."""
    page.evaluate(SET_HIDDEN, hidden)
