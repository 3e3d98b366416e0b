"""Requests that another site makes a browser send: CSRF and DNS rebinding."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from app.security import Role
from tests.security.conftest import HOME, sign_in

if TYPE_CHECKING:
    from flask import Flask
    from flask.testing import FlaskClient

    from app.security.models import User

POST = "/account/sign-out"
OTHERS = [
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "cross-site", "Origin": HOME},
    {"Sec-Fetch-Site": ""},
    {"Origin": "null"},
    {"Origin": "null", "Sec-Fetch-Site": "same-origin"},
    {"Origin": "https://evil.example"},
    {"Origin": "http://127.0.0.1:3000"},  # another program on this machine
    {"Origin": "http://127.0.0.1"},
    {"Origin": "http://127.0.0.1:8889.evil.example"},
    {"Origin": ""},
]
OWN = [{"Sec-Fetch-Site": "same-origin"}, {"Sec-Fetch-Site": "none"}, {"Origin": HOME}, {"Origin": "https://127.0.0.1:8889"}]


@pytest.mark.parametrize("headers", OTHERS, ids=str)
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "STRANGE"])
def test_requests_of_another_site_are_refused_with_or_without_a_cookie(local: FlaskClient, headers: dict[str, str], method: str) -> None:
    assert local.open(POST, method=method, headers=headers, base_url=HOME).status_code == 403
    local.set_cookie("any", "thing", domain="127.0.0.1")
    assert local.open(POST, method=method, headers=headers, base_url=HOME).status_code == 403


@pytest.mark.parametrize("headers", OWN, ids=str)
def test_requests_of_our_own_pages_are_accepted(local: FlaskClient, headers: dict[str, str]) -> None:
    local.set_cookie("any", "thing", domain="127.0.0.1")
    assert local.post(POST, headers=headers, base_url=HOME).status_code == 303


def test_on_https_a_page_of_the_same_name_on_http_is_another_site(local: FlaskClient) -> None:
    secure = HOME.replace("http:", "https:")
    assert local.post(POST, headers={"Origin": HOME}, base_url=secure).status_code == 403
    assert local.post(POST, headers={"Origin": secure}, base_url=secure).status_code == 303


def test_a_request_without_origin_is_accepted_only_without_a_cookie(local: FlaskClient) -> None:
    assert local.post(POST, base_url=HOME).status_code == 303
    local.set_cookie("any", "thing", domain="127.0.0.1")
    assert local.post(POST, base_url=HOME).status_code == 403


def test_a_token_without_a_cookie_needs_no_origin(client: FlaskClient, bearer: dict[Role, dict[str, str]]) -> None:
    other = {**bearer[Role.OPERATOR], "Origin": "https://notebook.example"}
    assert client.post(POST, headers=other).status_code == 303
    client.set_cookie("any", "thing", domain="127.0.0.1")
    assert client.post(POST, headers=other).status_code == 403


def test_read_requests_of_any_origin_are_accepted(local: FlaskClient) -> None:
    assert (
        local.get("/healthz/live", headers={"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}, base_url=HOME).status_code
        == 200
    )


def test_another_site_cannot_sign_a_browser_in(client: FlaskClient, people: dict[Role, User]) -> None:
    assert sign_in(client, "expert", headers={"Origin": "https://evil.example"}).status_code == 403


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8889", "127.0.0.1.evil.example", "", "127.0.0.1@evil.example", "[::1].evil.example:80"]
)
def test_an_unknown_host_name_is_refused_naming_the_setting(local: FlaskClient, host: str) -> None:
    answer = local.get("/api/x", environ_overrides={"HTTP_HOST": host})
    assert answer.status_code == 400
    assert "allowed_hosts" in answer.get_json()["message"]


@pytest.mark.parametrize("host", ["127.0.0.1:8889", "LOCALHOST", "[::1]:9", "hub.cern.ch", "HUB.cern.ch:8443", "10.0.0.5:8889"])
def test_the_names_of_the_settings_are_answered_on_any_port(small_app: Callable[..., Flask], host: str) -> None:
    app = small_app(allowed_hosts=("127.0.0.1", "localhost", "[::1]", "hub.CERN.ch"), web_host="10.0.0.5")
    assert app.test_client().get("/healthz/live", environ_overrides={"HTTP_HOST": host}).status_code == 200


def test_listening_on_all_addresses_does_not_allow_all_host_names(small_app: Callable[..., Flask]) -> None:
    app = small_app(web_host="0.0.0.0")
    assert app.test_client().get("/healthz/live", base_url="http://0.0.0.0").status_code == 400
