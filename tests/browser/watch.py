"""What a page does beside what it shows: requests, errors, and breaches of its policy."""

from __future__ import annotations

import time
from collections.abc import Callable

from playwright.sync_api import ConsoleMessage, Page, Request

from tests.support.patience import PATIENCE_S


def comes(page: Page, wanted: Callable[[], bool]) -> bool:
    """Whether something comes true while the page lives on."""
    end = time.monotonic() + PATIENCE_S
    while not wanted():
        if time.monotonic() > end:
            return False
        page.wait_for_timeout(50)
    return True


class Watch:
    """Collects what a page does; `expected` are texts of errors that a test causes on purpose."""

    def __init__(self) -> None:
        self.requests: list[str] = []
        self.errors: list[str] = []
        self.expected: list[str] = []

    def at(self, page: Page) -> None:
        page.on("request", self._request)
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.errors.append(f"script: {error}"))
        page.on("dialog", lambda dialog: (self.errors.append(f"dialog: {dialog.message}"), dialog.dismiss()))

    def _request(self, request: Request) -> None:
        self.requests.append(request.url)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.errors.append(f"{message.type}: {message.text}")

    def judge(self, home: str) -> None:
        """Fail for a request to another site, and for an error that was not expected."""
        elsewhere = [url for url in self.requests if not url.startswith((f"{home}/", "data:", "blob:"))]
        assert elsewhere == [], elsewhere
        errors = [error for error in self.errors if not any(text in error for text in self.expected)]
        assert errors == [], errors
