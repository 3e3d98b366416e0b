"""Headers of every response, and reports of browsers."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from flask import Response

from app.security import Role, headers, needs
from tests.security.conftest import HOME, csp_reports

if TYPE_CHECKING:
    from flask import Flask
    from flask.testing import FlaskClient

EVERYWHERE = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


@pytest.mark.parametrize(
    "path", ["/healthz/live", "/account/sign-in", "/no-such-page", "/api/no-such", "/static/vendor/README.md", "/account/audit"]
)
def test_every_response_has_the_security_headers(local: FlaskClient, path: str) -> None:
    answer = local.get(path, base_url=HOME)
    answer.close()  # a file of static/ is open until then
    for name, value in EVERYWHERE.items():
        assert answer.headers[name] == value
    policy = dict(part.strip().split(" ", 1) for part in answer.headers["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == policy["script-src"] == policy["style-src"] == policy["form-action"] == "'self'"
    assert policy["object-src"] == policy["base-uri"] == policy["frame-ancestors"] == "'none'"
    assert policy["report-uri"] == "/csp-report"
    assert "unsafe" not in answer.headers["Content-Security-Policy"]
    assert "Strict-Transport-Security" not in answer.headers
    assert "Server" not in answer.headers


def test_refusals_of_the_guard_have_the_security_headers(local: FlaskClient) -> None:
    answer = local.get("/", headers={"Host": "evil.example"})
    assert answer.status_code == 400
    assert "Content-Security-Policy" in answer.headers


def test_with_https_responses_have_hsts(small_app: Callable[..., Flask]) -> None:
    answer = small_app(secure_cookies=True, url_prefix="/dqm").test_client().get("/dqm/healthz/live", base_url=HOME)
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"
    assert answer.headers["Content-Security-Policy"].endswith("report-uri /dqm/csp-report")


@pytest.mark.parametrize(("status", "more"), [(204, set()), (304, {"Vary"})])
def test_a_response_without_content_has_only_the_required_headers(small_app: Callable[..., Flask], status: int, more: set[str]) -> None:
    """RFC 9110, 15.4.5: a 304 has the Vary of the answer that it stands for. The id of the request is for logs."""
    app = small_app()

    def view() -> Response:
        answer = Response(status=status, headers={"Cache-Control": "no-cache"})
        answer.set_etag("x")
        return answer

    app.add_url_rule("/poll", view_func=needs(Role.PUBLIC)(view), endpoint="poll")
    assert set(app.test_client().get("/poll", base_url=HOME).headers.keys()) == {"Cache-Control", "ETag", "X-Request-ID", *more}


def test_a_view_can_set_its_own_cache_lifetime(small_app: Callable[..., Flask]) -> None:
    app = small_app()
    app.add_url_rule("/kept", view_func=needs(Role.PUBLIC)(lambda: Response("x", headers={"Cache-Control": "max-age=60"})), endpoint="kept")
    assert app.test_client().get("/kept", base_url=HOME).headers["Cache-Control"] == "max-age=60"
    assert app.test_client().get("/healthz/live", base_url=HOME).headers["Cache-Control"] == "private, no-cache"


def test_a_report_of_a_browser_is_counted_and_logged_on_one_line(local: FlaskClient, caplog: pytest.LogCaptureFixture) -> None:
    report = {
        "csp-report": {"document-uri": "http://x/\nroot logged in", "effective-directive": "script-src", "blocked-uri": "\x1b[31minline"}
    }
    before = csp_reports()
    headers._log_limit.start = 0.0
    with caplog.at_level(logging.WARNING):
        answer = local.post(
            "/csp-report", data=json.dumps(report), content_type="application/csp-report", headers={"Origin": HOME}, base_url=HOME
        )
    assert answer.status_code == 204
    assert csp_reports() == before + 1
    (message,) = [record.getMessage() for record in caplog.records if record.name == "app.security.headers"]
    assert "script-src" in message
    assert "\n" not in message
    assert "\x1b" not in message


@pytest.mark.parametrize(
    "body", ["", "null", "[]", "{", '{"csp-report": 1}', '{"csp-report": null}', "[" * 10_000, '{"csp-report": {"blocked-uri": {"a": []}}}']
)
def test_a_report_with_any_content_is_accepted(local: FlaskClient, body: str) -> None:
    assert local.post("/csp-report", data=body, base_url=HOME).status_code == 204


def test_a_large_report_is_refused(local: FlaskClient) -> None:
    assert local.post("/csp-report", data="x" * 20_000, base_url=HOME).status_code == 413


def test_a_flood_of_reports_does_not_fill_the_log(local: FlaskClient, caplog: pytest.LogCaptureFixture) -> None:
    headers._log_limit.start = 0.0
    with caplog.at_level(logging.WARNING, "app.security.headers"):
        for _ in range(30):
            local.post("/csp-report", data="{}", base_url=HOME)
    assert sum(record.name == "app.security.headers" for record in caplog.records) <= headers.LOGGED_PER_MINUTE


def test_an_image_may_have_the_styles_of_the_browser_that_shows_it_and_nothing_else(small_app: Callable[..., Flask]) -> None:
    app = small_app()
    app.add_url_rule("/image", view_func=needs(Role.PUBLIC)(lambda: Response(b"", mimetype="image/png")), endpoint="image")
    answer = app.test_client().get("/image", base_url=HOME)
    policy = dict(part.strip().split(" ", 1) for part in answer.headers["Content-Security-Policy"].split(";"))
    assert policy == dict.fromkeys(("default-src", "base-uri", "frame-ancestors", "form-action"), "'none'") | {
        "style-src": "'unsafe-inline'"
    }
    assert all(answer.headers[name] == value for name, value in EVERYWHERE.items())
