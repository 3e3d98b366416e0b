"""Sign-on with a certified provider of another kind, in a real browser: to it and back, and out again everywhere."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Browser, Page, expect

from app.core import database
from app.security import Role
from app.security.models import Audit, Session, SignOnSession, User
from tests.security.conftest import csp_reports
from tests.security.sign_on.certified_provider import PROGRAM, certified_provider
from tests.security.sign_on.conftest import sign_on_settings
from tests.security.test_browser import serving
from tests.support.mock_provider import MockProvider
from tests.support.ports import free_port
from tests.support.processes import until

if TYPE_CHECKING:
    from flask import Flask

ADA = "ada@pixel@dqm-operators"
"""The provider takes what follows the name as groups."""


@pytest.fixture
def hub(small_app: Callable[..., Flask], tmp_path: Path) -> Iterator[str]:
    """The address of a hub whose users this provider checks; for a browser they are two sites."""
    port = free_port()
    app = small_app(**sign_on_settings(MockProvider(f"http://localhost:{port}")))
    app.teardown_appcontext(lambda _: database.end_thread())  # the test server has a thread for each connection
    with ExitStack() as stack:
        address = stack.enter_context(serving(app))
        stack.enter_context(certified_provider(tmp_path, port, address))
        yield address


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    with browser.new_context() as context:
        context.route("**/fonts.googleapis.com/**", lambda route: route.abort())  # the provider's pages want a font
        yield context.new_page()


def go_to_the_provider(page: Page, hub: str) -> None:
    page.goto(f"{hub}/account/sign-in?next=/account/sessions")
    page.get_by_role("link", name="Sign in with CERN").click()


def test_a_user_signs_on_and_out_of_all_sessions_that_began_there(hub: str, page: Page) -> None:
    before = csp_reports()
    go_to_the_provider(page, hub)
    page.locator("[name=login]").fill(ADA)
    page.locator("[name=password]").fill("any")
    page.get_by_role("button", name="Sign-in").click()
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sessions and tokens")
    assert (User.get().name, User.get().role) == ("ada", Role.OPERATOR)

    page.context.clear_cookies(domain="127.0.0.1")
    go_to_the_provider(page, hub)  # which knows the user still
    expect(page.get_by_role("heading", level=1)).to_have_text("Sessions and tokens")
    assert Session.select().count() == 2
    assert len({row.sid for row in SignOnSession.select()}) == 1

    page.get_by_text("ada", exact=True).first.click()
    page.get_by_role("button", name="Sign out", exact=True).click()
    page.get_by_role("button", name="Yes, sign me out").click()
    expect(page.get_by_role("link", name="Sign in with CERN")).to_be_visible()
    until(lambda: not Session.select().exists(), "the end of the other session")
    assert [(row.user, row.answer) for row in Audit.select().where(Audit.action == "end sessions")] == [("sign-on", "1, by sign-on")]
    go_to_the_provider(page, hub)
    expect(page.locator("[name=login]")).to_be_visible()
    assert csp_reports() == before


def test_a_user_who_cancels_at_the_provider_sees_why_the_sign_on_failed(hub: str, page: Page) -> None:
    go_to_the_provider(page, hub)
    page.get_by_role("link", name="[ Cancel ]").click()
    expect(page.get_by_role("alert")).to_contain_text("CERN did not sign you in (access_denied). Begin again, or use a local account")
    assert not User.select().exists()


def test_the_provider_is_installed_by_hashes_from_whatever_registry() -> None:
    packages = json.loads((PROGRAM.parent / "package-lock.json").read_text())["packages"]
    assert packages.pop("")["dependencies"] == {"oidc-provider": "8.8.1"}
    assert len(packages) > 50
    assert all(package["integrity"].startswith("sha512-") and "resolved" not in package for package in packages.values())
