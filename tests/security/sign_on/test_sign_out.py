"""Signing out, here and at the identity provider, and the end of sessions that the provider sends."""

from __future__ import annotations

import re
import time
from html import unescape
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest

from app.core.database import proxy
from app.security import Role, sessions
from app.security.models import Audit, Session, SignOnSession, UsedLogoutToken, User
from app.security.sessions import Lengths
from tests.security.conftest import HOME, make_user
from tests.security.conftest import sign_in as sign_in_locally
from tests.security.sign_on.conftest import sign_on
from tests.support.mock_provider import CLIENT, OTHER_KEY, MockProvider, sign

if TYPE_CHECKING:
    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse

FROM_PAGE = {"Origin": HOME}


def sign_out(visitor: FlaskClient, **form: str) -> TestResponse:
    return visitor.post("/account/sign-out", data=form, headers=FROM_PAGE, base_url=HOME)


def send(visitor: FlaskClient, token: str) -> TestResponse:
    """What the provider sends, which has no cookie."""
    client = visitor.application.test_client()
    return client.post("/account/sign-on/end-sessions", data={"logout_token": token}, base_url=HOME)


def test_signing_out_ends_the_session_here_and_leads_to_its_end_at_the_provider(visitor: FlaskClient, provider: MockProvider) -> None:
    sign_on(visitor, provider)
    id_token = SignOnSession.get().id_token
    page = sign_out(visitor)
    assert page.status_code == 200
    found = re.search(r'http-equiv="refresh" content="0; url=([^"]*)"', page.text)
    assert found
    address = unescape(found[1])
    assert address.startswith(f"{provider.issuer}/end?")
    assert parse_qs(urlsplit(address).query) == {
        "id_token_hint": [id_token],
        "client_id": [CLIENT],
        "post_logout_redirect_uri": [f"{HOME}/"],
    }
    assert not Session.select().exists()
    assert not SignOnSession.select().exists()


def test_a_local_user_signs_out_here_alone(visitor: FlaskClient, provider: MockProvider) -> None:
    make_user("emergency", Role.ADMIN)
    sign_in_locally(visitor, "emergency")
    assert sign_out(visitor).headers["Location"] == "/"
    assert not provider.requests


def test_a_local_user_can_sign_out_everywhere(visitor: FlaskClient) -> None:
    make_user("emergency", Role.ADMIN)
    for each in (visitor.application.test_client(), visitor):
        sign_in_locally(each, "emergency")
    assert sign_out(visitor, everywhere="1").headers["Location"] == "/"
    assert not Session.select().exists()


def test_signing_out_works_while_the_provider_does_not_and_says_what_remains(visitor: FlaskClient, provider: MockProvider) -> None:
    sign_on(visitor, provider)
    visitor.application.extensions["identity_provider"]._fetched -= 4000  # more than an hour later
    provider.failing = 500
    page = sign_out(visitor).text
    assert "You are signed out here, but not at CERN. On a shared computer, close all windows of the browser." in page
    assert not Session.select().exists()


def test_signing_out_everywhere_ends_all_sessions_of_the_user_and_of_nobody_else(visitor: FlaskClient, provider: MockProvider) -> None:
    others = [visitor.application.test_client() for _ in range(2)]
    for each in (visitor, *others):
        sign_on(each, provider)
    sessions.start(make_user("bob", Role.VIEWER), Lengths(1, 1), "", "")
    assert "Sign out everywhere" in visitor.get("/account/sessions", base_url=HOME).text
    sign_out(visitor, everywhere="1")
    assert [row.user.name for row in Session.select()] == ["bob"]


def test_the_provider_ends_all_sessions_of_a_user(visitor: FlaskClient, provider: MockProvider) -> None:
    for _ in range(2):
        sign_on(visitor.application.test_client(), provider)
    sessions.start(make_user("bob", Role.VIEWER), Lengths(1, 1), "", "")
    answer = send(visitor, provider.logout_token())
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")
    assert [row.user.name for row in Session.select()] == ["bob"]
    row = Audit.select().order_by(Audit.id.desc()).get()
    assert (row.user, row.action, row.target, row.answer) == ("sign-on", "end sessions", "ada", "2, by sign-on")


def test_the_provider_ends_one_session_of_a_user(visitor: FlaskClient, provider: MockProvider) -> None:
    for sid in ("s-1", "s-2"):
        provider.claims["sid"] = sid
        sign_on(visitor.application.test_client(), provider)
    assert send(visitor, provider.logout_token(sub=None, sid="s-1")).status_code == 200
    assert [row.sid for row in SignOnSession.select()] == ["s-2"]


def test_a_logout_token_that_is_sent_again_ends_no_later_session(visitor: FlaskClient, provider: MockProvider) -> None:
    token = provider.logout_token(iat=int(time.time()) - 120)
    sign_on(visitor, provider)
    assert send(visitor, token).status_code == 200
    assert Session.select().count() == 1


def test_a_logout_token_is_used_once_by_all_processes_and_forgotten_when_it_is_too_old(
    visitor: FlaskClient, provider: MockProvider
) -> None:
    token = provider.logout_token()
    assert send(visitor, token).status_code == 200
    sign_on(visitor, provider)
    answer = send(visitor, token)
    assert (answer.status_code, answer.json["error"]) == (400, "invalid_request")
    assert answer.json["error_description"] == "This logout token is not valid (token: it was used already)"
    assert Session.select().count() == 1
    assert Audit.select().order_by(Audit.id.desc()).get().answer == "refused: token: it was used already"
    UsedLogoutToken.update(expires=time.time() - 1).execute()
    assert send(visitor, provider.logout_token()).status_code == 200
    assert UsedLogoutToken.select().count() == 1
    assert not Session.select().exists()


def test_a_logout_token_that_was_not_used_because_of_an_error_can_be_sent_again(visitor: FlaskClient, provider: MockProvider) -> None:
    sign_on(visitor, provider)
    token = provider.logout_token()
    proxy.execute_sql("CREATE TRIGGER broken BEFORE DELETE ON session BEGIN SELECT RAISE(ABORT, 'broken'); END")
    assert send(visitor, token).status_code == 500
    proxy.execute_sql("DROP TRIGGER broken")
    assert send(visitor, token).status_code == 200
    assert not Session.select().exists()


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"aud": "another"}, "token: invalid_claim: Invalid claim: 'aud'"),
        ({"iss": "https://evil.example"}, "token: invalid_claim: Invalid claim: 'iss'"),
        ({"iat": 1}, "token: it is too old"),
        ({"exp": 1}, "token: expired_token: The token is expired"),
        ({"jti": None}, "token: missing_claim: Missing claim: 'jti'"),
        ({"events": {}}, "token: it is no logout token: it has no event of a logout"),
        ({"events": ["http://schemas.openid.net/event/backchannel-logout"]}, "token: it is no logout token: it has no event of a logout"),
        ({"nonce": "n"}, "token: it is no logout token: it has a nonce, as an ID token"),
        ({"sub": None}, "token: it names neither a user nor a session"),
    ],
)
def test_a_logout_token_that_is_not_right_ends_nothing(
    visitor: FlaskClient, provider: MockProvider, changes: dict[str, Any], reason: str
) -> None:
    sign_on(visitor, provider)
    answer = send(visitor, provider.logout_token(**changes))
    assert (answer.status_code, answer.json["error"]) == (400, "invalid_request")
    assert answer.json["error_description"].startswith("This logout token is not valid (token: ")
    assert Session.select().count() == 1
    row = Audit.select().order_by(Audit.id.desc()).get()
    assert (row.user, row.action, row.answer) == ("nobody", "end sessions", f"refused: {reason}")


def test_a_token_of_a_stranger_or_an_id_token_ends_nothing(visitor: FlaskClient, provider: MockProvider) -> None:
    sign_on(visitor, provider)
    id_token = SignOnSession.get().id_token
    provider.sign = lambda mock, claims: sign(mock, claims, OTHER_KEY, kid="first")
    for token in (provider.logout_token(), id_token, "", "abc"):
        assert send(visitor, token).status_code == 400
    assert Session.select().count() == 1


def test_accounts_of_the_provider_have_no_password_to_change(visitor: FlaskClient, provider: MockProvider) -> None:
    sign_on(visitor, provider)
    page = visitor.get("/account/sessions", base_url=HOME).text
    assert "Change password" not in page
    assert "change your password where you sign in" in page
    answer = visitor.get("/account/password", base_url=HOME)
    assert answer.status_code == 403
    assert "You have no password here: your account comes from sign-on" in answer.text
    form = {"old": "", "new": "violet tractor 7 harbour", "again": "violet tractor 7 harbour"}
    assert visitor.post("/account/password", data=form, headers=FROM_PAGE, base_url=HOME).status_code == 403
    assert User.get().password == ""


def test_a_user_of_the_provider_learns_where_a_role_comes_from(visitor: FlaskClient, provider: MockProvider) -> None:
    sign_on(visitor, provider)
    page = visitor.get("/account/audit", base_url=HOME).text
    assert "Needs the role admin (you are operator); ask the administrators: your role comes from sign-on" in page
