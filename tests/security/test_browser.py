"""Accounts and the defences against other sites, in a real browser."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Thread
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import Browser, Page, expect
from werkzeug.serving import make_server
from werkzeug.wrappers import Response

from app.core import database
from app.security import Role, needs
from app.security.models import Session
from tests.security.conftest import PASSWORD, csp_reports, make_user

if TYPE_CHECKING:
    from flask import Flask


@contextmanager
def serving(application: Any, https: bool = False) -> Iterator[str]:
    """The address of an application on a free port of this machine."""
    server = make_server("127.0.0.1", 0, application, threaded=True, ssl_context="adhoc" if https else None)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http{'s' if https else ''}://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page in a browser without cookies."""
    with browser.new_context() as context:
        yield context.new_page()


@pytest.fixture
def hub_with_alice(small_app: Callable[..., Flask]) -> Iterator[tuple[Flask, str]]:
    """An instance with the administrator alice, and its address."""
    app = small_app()
    app.teardown_appcontext(lambda _: database.end_thread())  # the test server has a thread for each connection
    make_user("alice", Role.ADMIN)
    with serving(app) as address:
        yield app, address


def sign_in(page: Page, address: str) -> None:
    page.goto(f"{address}/account/sign-in?next=/account/audit")
    expect(page.get_by_label("User name")).to_be_focused()  # shortly after the page is loaded
    page.keyboard.type("alice")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Audit log")


def test_signing_in_and_out_works_with_the_keyboard_and_breaks_no_policy(hub_with_alice: tuple[Flask, str], page: Page) -> None:
    _, address = hub_with_alice
    before = csp_reports()
    sign_in(page, address)
    expect(page.get_by_role("cell", name="accepted")).to_be_visible()
    page.get_by_text("alice", exact=True).first.focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Sign out").press("Enter")
    expect(page.get_by_role("link", name="Sign in")).to_be_visible()
    assert not Session.select().exists()
    assert csp_reports() == before


def test_a_form_of_another_site_is_refused_although_the_browser_sends_the_cookie(hub_with_alice: tuple[Flask, str], page: Page) -> None:
    _, address = hub_with_alice
    form = f'<form method="post" action="{address}/account/sign-out"></form><script>document.forms[0].submit()</script>'
    sign_in(page, address)
    with serving(Response(form, mimetype="text/html")) as other:
        page.goto(other)
        expect(page.get_by_role("alert")).to_contain_text("sent by another site")
    expect(page.get_by_text("alice", exact=True).first).to_be_visible()  # on another port, so the cookie came along
    assert Session.select().count() == 1


def test_an_injected_script_does_not_run_and_is_reported(hub_with_alice: tuple[Flask, str], page: Page) -> None:
    app, address = hub_with_alice
    smuggled = "<!doctype html><title>quiet</title><script>document.title = 'ran'</script><p onclick='x' style='color: red'>x</p>"
    app.add_url_rule("/smuggled", view_func=needs(Role.PUBLIC)(lambda: smuggled), endpoint="smuggled")
    before = csp_reports()
    with page.expect_request(f"{address}/csp-report") as reported:
        page.goto(f"{address}/smuggled")
    answer = reported.value.response()
    assert answer is not None
    assert answer.status == 204
    assert page.title() == "quiet"
    assert csp_reports() > before


def test_over_https_a_browser_keeps_the_cookie_of_this_host_alone(small_app: Callable[..., Flask], browser: Browser) -> None:
    app = small_app(secure_cookies=True)
    app.teardown_appcontext(lambda _: database.end_thread())
    make_user("alice", Role.ADMIN)
    with serving(app, https=True) as address, browser.new_context(ignore_https_errors=True) as context:
        sign_in(context.new_page(), address)
        (cookie,) = context.cookies()
    assert cookie.get("name") == "__Host-dqmhub_8889"
    assert (cookie.get("path"), cookie.get("secure"), cookie.get("httpOnly"), cookie.get("domain")) == ("/", True, True, "127.0.0.1")


def test_a_browser_tells_its_own_requests_from_those_of_its_user(hub_with_alice: tuple[Flask, str], page: Page) -> None:
    _, address = hub_with_alice
    sign_in(page, address)
    page.goto(f"{address}/status")
    with page.expect_request(lambda request: "hx-request" in request.headers) as poll:
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")  # as after a look at another tab: polls at once
    assert poll.value.headers["dqm-automatic"] == "1"
    page.goto(f"{address}/files")
    page.get_by_label("Run").focus()
    with page.expect_request(lambda request: "hx-request" in request.headers) as search:
        page.keyboard.type("1")
    assert "dqm-automatic" not in search.value.headers


def test_keys_are_use_of_a_session_as_clicks_are(hub_with_alice: tuple[Flask, str], page: Page) -> None:
    _, address = hub_with_alice
    sign_in(page, address)
    page.goto(f"{address}/status")
    page.evaluate(
        "document.querySelector('main').insertAdjacentHTML('beforeend', '<a href=\"/\" data-key=\"y\" hx-get=\"/\">Y</a>');"
        " htmx.process(document.body)"
    )
    with page.expect_request(lambda request: request.headers.get("hx-current-url") and request.url == f"{address}/") as clicked:
        page.keyboard.press("y")
    assert "dqm-automatic" not in clicked.value.headers


def test_a_user_ends_another_session_with_the_keyboard(hub_with_alice: tuple[Flask, str], page: Page, browser: Browser) -> None:
    _, address = hub_with_alice
    with browser.new_context() as context:
        sign_in(context.new_page(), address)
    sign_in(page, address)
    page.get_by_text("alice", exact=True).first.focus()
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Sessions and tokens").press("Enter")
    expect(page.get_by_role("cell", name="Chrome, Linux", exact=True)).to_have_count(2)
    page.get_by_role("button", name="End the session of Chrome").press("Enter")
    expect(page.get_by_role("cell", name="Chrome, Linux", exact=True)).to_have_count(1)
    expect(page.get_by_text("This browser")).to_be_visible()


def test_the_caption_of_the_audit_log_is_one_line_on_a_phone(hub_with_alice: tuple[Flask, str], page: Page) -> None:
    _, address = hub_with_alice
    sign_in(page, address)
    height = "element => element.getBoundingClientRect().height"
    caption = page.locator("caption")
    wide = caption.evaluate(height)
    page.set_viewport_size({"width": 390, "height": 844})
    assert caption.evaluate(height) <= wide
