"""An identity provider that fails, is slow, or is set up wrongly: the page says so, and local accounts get in."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

from app import create_app
from app.security import Role
from app.security.models import User
from app.security.sign_on.provider import EXCHANGES, IdentityProvider
from tests.security.conftest import HOME, make_user
from tests.security.conftest import sign_in as sign_in_locally
from tests.security.sign_on.conftest import STRANGE_VALUES, begin, bring_back, refusal, sign_on, sign_on_settings
from tests.support.mock_provider import MockProvider
from tests.support.small_disk import fill_hub

if TYPE_CHECKING:
    from flask import Flask
    from flask.testing import FlaskClient

    from app.core.settings import Settings


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"failing": 502}, "/.well-known/openid-configuration answers 502 server_error"),
        ({"metadata": {"issuer": "https://evil.example"}}, "its metadata name another issuer: 'https://evil.example'"),
        ({"metadata": {"token_endpoint": "http://far.example/token"}}, "its metadata have no secure address as token_endpoint"),
        ({"metadata": {"jwks_uri": None}}, "its metadata have no secure address as jwks_uri"),
        ({"published": []}, "its keys cannot be read"),
    ],
)
def test_while_the_provider_does_not_work_the_page_says_so_and_local_accounts_get_in(
    visitor: FlaskClient, provider: MockProvider, wrong: dict[str, Any], reason: str
) -> None:
    for name, value in wrong.items():
        setattr(provider, name, value)
    answer = visitor.get("/account/sign-on", base_url=HOME)
    assert answer.status_code == 503
    assert "Signing in with CERN does not work now. Try again later, or use a local account" in answer.text
    assert refusal().startswith(reason)
    assert "CERN cannot be reached now. Local accounts work." in visitor.get("/account/sign-in", base_url=HOME).text
    make_user("emergency", Role.ADMIN)
    assert sign_in_locally(visitor, "emergency").status_code == 303


def test_a_provider_that_failed_gets_no_request_for_some_seconds(visitor: FlaskClient, provider: MockProvider) -> None:
    provider.failing = 500
    assert [visitor.get("/account/sign-on", base_url=HOME).status_code for _ in range(5)] == [503] * 5
    assert len(provider.requests) == 1


def test_another_reason_why_the_provider_cannot_be_used_is_logged_at_once(
    visitor: FlaskClient, provider: MockProvider, caplog: pytest.LogCaptureFixture
) -> None:
    visitor.application.extensions["identity_provider"].metadata()
    for status in (401, 401, 500):
        state = provider.authorize(begin(visitor))
        provider.failing = status
        bring_back(visitor, state)
        provider.failing = 0
    assert caplog.text.count("/token answers 401") == 1
    assert caplog.text.count("/token answers 500") == 1


def test_an_outage_of_the_provider_is_logged_once_however_many_visitors_see_it(
    visitor: FlaskClient, provider: MockProvider, caplog: pytest.LogCaptureFixture
) -> None:
    provider.failing = 500
    for _ in range(3):
        assert visitor.get("/account/sign-on", base_url=HOME).status_code == 503
    assert caplog.text.count("The identity provider cannot be used") == 1


def test_a_provider_without_names_is_told_to_administrators_by_the_setting(visitor: FlaskClient, provider: MockProvider) -> None:
    provider.wrong = {"preferred_username": 7}
    answer = sign_on(visitor, provider)
    assert "CERN sends no name for your account: tell the administrators of this hub (sign_on_name_claim)" in answer.text


def test_a_wrong_secret_is_named_in_the_audit_log(small_app: Callable[..., Flask], provider: MockProvider) -> None:
    answer = sign_on(small_app(**{**sign_on_settings(provider), "sign_on_client_secret": "old"}).test_client(), provider)
    assert (answer.status_code, refusal()) == (503, "/token answers 401 invalid_client")
    assert "Signing in with CERN does not work: tell the administrators of this hub, or use a local account" in answer.text


def test_few_requests_wait_for_a_slow_provider_at_the_same_time(visitor: FlaskClient, provider: MockProvider) -> None:
    answer = provider.authorize(begin(visitor))
    exchanges = visitor.application.extensions["identity_provider"]._exchanges
    with ExitStack() as others:
        for _ in range(EXCHANGES):
            others.enter_context(exchanges)
        busy = bring_back(visitor, answer)
    assert (busy.status_code, busy.headers["Retry-After"]) == (503, "2")
    assert "Too many sign-ons at the same time; try again in a few seconds" in busy.text
    assert "/token" not in provider.requests


def test_metadata_of_any_type_make_no_error(visitor: FlaskClient, provider: MockProvider) -> None:
    for name in ("issuer", "authorization_endpoint", "jwks_uri", "end_session_endpoint", "token_endpoint_auth_methods_supported"):
        for value in (*STRANGE_VALUES, "http://[::1", "javascript:alert(1)"):
            provider.metadata = {name: value}
            visitor.application.extensions["identity_provider"] = IdentityProvider(
                visitor.application.extensions["identity_provider"].settings
            )
            answer = visitor.get("/account/sign-on", base_url=HOME)
            assert answer.status_code == 503 or sign_on(visitor, provider).status_code in (303, 403, 503), (name, value)


def test_a_full_disk_refuses_a_sign_on_with_the_reason_and_the_next_one_works(small_hub: Settings, provider: MockProvider) -> None:
    visitor = create_app(small_hub.replace(**sign_on_settings(provider))).test_client()
    answer = provider.authorize(begin(visitor))
    filling = fill_hub(small_hub)
    refused = bring_back(visitor, answer)
    assert (refused.status_code, "full" in refused.text) == (507, True)
    assert not User.select().exists()
    filling.unlink()
    assert sign_on(visitor, provider).status_code == 303
