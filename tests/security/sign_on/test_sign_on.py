"""Signing on with the identity provider: how a user gets in, and which accounts do not."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from app.security import Role, accounts
from app.security.models import Audit, Session, User
from tests.security.conftest import HOME, make_user
from tests.security.conftest import sign_in as sign_in_locally
from tests.security.sign_on.conftest import begin, sign_on, sign_on_settings
from tests.support.mock_provider import MockProvider

if TYPE_CHECKING:
    from flask import Flask
    from flask.testing import FlaskClient


def test_a_user_gets_in_with_the_role_that_the_provider_grants_and_returns_to_the_page(
    visitor: FlaskClient, provider: MockProvider
) -> None:
    answer = sign_on(visitor, provider, "/account/sessions?x=1")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/account/sessions?x=1")
    page = visitor.get("/account/sessions", base_url=HOME).text
    assert "Role: operator" in page
    user = User.get()
    assert (user.name, user.role, user.origin, user.subject) == ("ada", Role.OPERATOR, "sign-on", f"{provider.issuer} 4711")
    assert [(row.user, row.action, row.answer) for row in Audit.select()] == [
        ("ada", "add user", "role operator, from sign-on"),
        ("ada", "sign on", "accepted"),
    ]


def test_the_hub_proves_to_the_provider_that_it_began_the_sign_on(visitor: FlaskClient, provider: MockProvider) -> None:
    asked = dict(parse_qsl(urlsplit(begin(visitor)).query))
    assert asked["redirect_uri"] == f"{HOME}/account/sign-on/return"
    assert asked["scope"] == "openid profile"
    assert all(len(asked[name]) >= 32 for name in ("state", "nonce", "code_challenge"))
    again = dict(parse_qsl(urlsplit(begin(visitor)).query))
    assert not {asked[name] for name in ("state", "nonce", "code_challenge")} & set(again.values())


def test_who_is_refused_can_sign_on_as_another_user(visitor: FlaskClient, provider: MockProvider) -> None:
    provider.claims["roles"] = []
    page = sign_on(visitor, provider, "/help").text
    assert 'href="/account/sign-on?next=/help&amp;another=1"' in page
    again = visitor.get("/account/sign-on?next=/help&another=1", base_url=HOME).headers["Location"]
    assert dict(parse_qsl(urlsplit(again).query))["prompt"] == "login"
    assert "prompt" not in begin(visitor)
    assert "As another user" not in visitor.get("/account/sign-in", base_url=HOME).text


def test_a_local_account_of_the_same_name_is_never_taken_over(visitor: FlaskClient, provider: MockProvider) -> None:
    make_user("ada", Role.ADMIN)
    answer = sign_on(visitor, provider)
    assert answer.status_code == 403
    assert "The name ada belongs to another account here, which is not taken over" in answer.text
    assert not Session.select().exists()
    assert sign_in_locally(visitor, "ada").status_code == 303


def test_an_account_that_is_disabled_here_does_not_get_in(visitor: FlaskClient, provider: MockProvider) -> None:
    sign_on(visitor, provider)
    accounts.set_disabled(User.get(), True)
    answer = sign_on(visitor, provider)
    assert (answer.status_code, "The account ada is disabled here" in answer.text) == (403, True)
    assert not Session.select().exists()


def test_the_page_sends_nobody_without_an_account_to_a_command_where_there_is_sign_on(visitor: FlaskClient) -> None:
    text = visitor.get("/account/sign-in", base_url=HOME).text
    assert "No account, or no role? Ask the administrators of this hub." in text
    assert "dqmhub user add" not in text


def test_the_secret_of_the_hub_goes_where_the_provider_takes_it(small_app: Callable[..., Flask], provider: MockProvider) -> None:
    provider.metadata = {"token_endpoint_auth_methods_supported": ["client_secret_post"]}
    assert sign_on(small_app(**sign_on_settings(provider)).test_client(), provider).status_code == 303


def test_a_hub_without_a_secret_is_a_public_client(small_app: Callable[..., Flask], provider: MockProvider) -> None:
    provider.secret = ""
    assert sign_on(small_app(**{**sign_on_settings(provider), "sign_on_client_secret": ""}).test_client(), provider).status_code == 303


def test_behind_a_proxy_the_way_to_the_provider_and_back_stays_below_the_prefix(
    small_app: Callable[..., Flask], provider: MockProvider
) -> None:
    settings = {"url_prefix": "/dqm", "trusted_proxies": ("192.0.2.1/32",), "secure_cookies": True, "allowed_hosts": ("hub.cern.ch",)}
    visitor = small_app(**sign_on_settings(provider), **settings).test_client()
    proxied: dict[str, Any] = {
        "base_url": "https://hub.cern.ch",
        "environ_overrides": {"REMOTE_ADDR": "192.0.2.1"},
        "headers": {"X-Forwarded-For": "192.0.2.7", "X-Forwarded-Proto": "https"},
    }
    address = visitor.get("/dqm/account/sign-on?next=/help", **proxied).headers["Location"]
    assert dict(parse_qsl(urlsplit(address).query))["redirect_uri"] == "https://hub.cern.ch/dqm/account/sign-on/return"
    answer = visitor.get("/dqm/account/sign-on/return", query_string=provider.authorize(address), **proxied)
    assert answer.headers["Location"] == "/dqm/help"


def test_a_hub_without_a_provider_has_only_local_accounts(small_app: Callable[..., Flask]) -> None:
    visitor = small_app().test_client()
    assert "Local account" not in visitor.get("/account/sign-in", base_url=HOME).text
    for path in ("/account/sign-on", "/account/sign-on/return"):
        assert visitor.get(path, base_url=HOME).status_code == 404
