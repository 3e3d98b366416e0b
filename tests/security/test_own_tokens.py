"""The page of one's own API tokens: what a token may do, until when, and who can make one."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Any

import pytest

from app.security import Role, own_tokens, tokens
from app.security.models import Audit, Token
from tests.security.conftest import HOME, make_user, sign_in

if TYPE_CHECKING:
    from flask import Flask
    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse

    from app.security.models import User
    from tests.security.conftest import RemoteClient

PAGE = "/account/tokens"


def create(client: FlaskClient, **form: Any) -> TestResponse:
    values = {"name": "nightly registration", "role": "viewer", "days": "90", **form}
    return client.post(PAGE, data=values, headers={"Origin": HOME}, base_url=HOME)


def secret_in(answer: TestResponse) -> str:
    found = re.search(r"dqmhub_[\w-]{43}", answer.text)
    assert found, answer.text
    return found[0]


def status(remote: RemoteClient, secret: str, path: str, method: str = "GET") -> int:
    return remote(method, path, headers={"Authorization": f"Bearer {secret}"}).status_code


@pytest.mark.both_databases
def test_a_user_makes_a_token_that_is_shown_once_with_its_role_its_limit_and_its_end(
    client: FlaskClient, remote: RemoteClient, people: dict[Role, User]
) -> None:
    sign_in(client, "operator")
    answer = create(client, role="shifter", days="7", area=["trends", "gui"])
    secret = secret_in(answer)
    assert answer.headers["Cache-Control"] == "no-store"
    row = Token.get()
    assert (row.user.name, row.name, row.role, row.areas) == ("operator", "nightly registration", Role.SHIFTER, "gui,trends")
    assert row.expires == pytest.approx(time.time() + 7 * 86400, abs=600)
    page = client.get(PAGE, base_url=HOME).text
    assert secret not in page
    assert "Runs and plots, Trends" in page
    assert "never" in page
    assert status(remote, secret, "/api/v1/samples") == 200
    assert "never" not in client.get(PAGE, base_url=HOME).text
    assert Audit.get(Audit.action == "add token").answer == "role shifter in gui, trends, 7 days"
    client.post(f"{PAGE}/{row.id}/revoke", headers={"Origin": HOME}, base_url=HOME)
    assert status(remote, secret, "/api/v1/samples") == 401


def test_a_token_that_is_limited_to_areas_can_do_nothing_elsewhere(
    client: FlaskClient, app: Flask, remote: RemoteClient, people: dict[Role, User]
) -> None:
    sign_in(client, "admin")
    secret = secret_in(create(client, role="admin", area="transfers"))
    assert status(remote, secret, "/api/v1/transfers/runs") in (200, 404)
    elsewhere = [("GET", "/api/v1/samples"), ("GET", "/account/audit"), ("GET", "/metrics"), ("POST", "/api/v1/control/commands")]
    for method, path in elsewhere:
        assert status(remote, secret, path, method) == 403, path
    answer = remote("GET", "/api/v1/samples", headers={"Authorization": f"Bearer {secret}"})
    assert answer.get_json()["message"] == "This API token is limited to transfers, and this address belongs to none of them"
    registering = remote("POST", "/api/v1/register", headers={"Authorization": f"Bearer {secret}"}, json=[])
    assert registering.status_code == 403, "its own check asks for the role, too"


@pytest.mark.parametrize(
    ("form", "problem"),
    [
        ({"role": "admin"}, "has at most your role, expert"),
        ({"role": "public"}, "has at most your role, expert"),
        ({"role": "wizard"}, "There is no role wizard"),
        ({"name": " "}, "Say what the token is for"),
        ({"name": "x" * 101}, "at most 100 characters"),
        ({"name": "a\nb"}, "Say what the token is for"),
        ({"days": "0"}, "is valid for 1, 7, 30, 90, 365 days"),
        ({"days": "36500"}, "is valid for"),
        ({"days": "x"}, "is valid for"),
        ({"area": ["gui", "trendz"]}, "A token cannot be limited to trendz: there is no such area"),
    ],
)
def test_a_token_that_cannot_be_made_says_why_and_keeps_the_form(
    client: FlaskClient, people: dict[Role, User], form: dict[str, str], problem: str
) -> None:
    sign_in(client, "expert")
    answer = create(client, **{"name": "nightly <b>", "area": "gui", **form})
    assert answer.status_code == 400
    assert problem in answer.text
    assert 'value="gui" checked' in answer.text
    assert not Token.select().exists()


def test_a_form_that_is_sent_again_makes_no_second_token(client: FlaskClient, people: dict[Role, User]) -> None:
    sign_in(client, "operator")
    secret_in(create(client))
    again = create(client)
    assert again.status_code == 400
    assert "You have a token “nightly registration” already" in again.text
    assert Token.select().count() == 1


def test_an_unknown_area_does_not_make_a_token_without_a_limit(client: FlaskClient, people: dict[Role, User]) -> None:
    sign_in(client, "operator")
    assert create(client, area="trendz").status_code == 400
    assert not Token.select().exists()


def test_a_user_has_a_bounded_number_of_tokens(client: FlaskClient, people: dict[Role, User]) -> None:
    for number in range(own_tokens.TOKENS):
        tokens.make(people[Role.VIEWER], f"script {number}", Role.VIEWER, 1)
    sign_in(client, "viewer")
    assert "revoke one first" in create(client).text
    assert Token.select().count() == own_tokens.TOKENS


def test_a_token_makes_no_token_and_nobody_without_an_account_does(
    client: FlaskClient, remote: RemoteClient, bearer: dict[Role, dict[str, str]]
) -> None:
    before = Token.select().count()
    form = {"name": "x", "role": "viewer", "days": "7"}
    assert remote("POST", PAGE, data=form, headers=bearer[Role.ADMIN]).status_code == 403
    assert remote("GET", PAGE, headers=bearer[Role.ADMIN]).status_code == 403
    assert remote("POST", PAGE, data=form).status_code in (303, 403)
    assert remote("GET", PAGE, address="127.0.0.1").headers["Location"] == f"/account/sign-in?next={PAGE}"
    assert client.post(PAGE, data=form, headers={"Origin": "https://evil.example"}).status_code == 403
    assert Token.select().count() == before


def test_nobody_revokes_tokens_of_others(client: FlaskClient, people: dict[Role, User]) -> None:
    row, _ = tokens.make(make_user("other", Role.ADMIN), "nightly", Role.ADMIN, 1)
    sign_in(client, "admin")
    client.post(f"{PAGE}/{row.id}/revoke", headers={"Origin": HOME}, base_url=HOME)
    assert Token.select().count() == 1
    assert client.post(f"{PAGE}/{2**63}/revoke", headers={"Origin": HOME}, base_url=HOME).status_code == 404
