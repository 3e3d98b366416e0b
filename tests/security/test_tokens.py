"""API tokens."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from app.security import Role, accounts, needs, tokens
from app.security.caller import current_user
from app.security.models import Audit, Token

if TYPE_CHECKING:
    from flask import Flask

    from app.security.models import User
    from tests.security.conftest import RemoteClient

pytestmark = pytest.mark.both_databases

UserOf = Callable[[str], str]


@pytest.fixture
def user_of(app: Flask, remote: RemoteClient) -> UserOf:
    """Returns "name role" of the user of a token, or the status of the error."""
    app.add_url_rule(
        "/api/user", view_func=needs(Role.VIEWER)(lambda: f"{current_user().name} {current_user().role.title}"), endpoint="user"
    )

    def name_and_role(token: str) -> str:
        answer = remote("GET", "/api/user", headers={"Authorization": f"Bearer {token}"})
        return answer.text if answer.status_code == 200 else str(answer.status_code)

    return name_and_role


def test_a_token_is_its_owner_with_its_own_role(user_of: UserOf, people: dict[Role, User]) -> None:
    _, secret = tokens.make(people[Role.OPERATOR], "script", Role.SHIFTER, 1)
    assert secret.startswith("dqmhub_")
    assert len(secret) >= 7 + 43
    assert user_of(secret) == "operator shifter"


def test_only_the_hash_of_a_token_is_stored(people: dict[Role, User]) -> None:
    _, secret = tokens.make(people[Role.VIEWER], "script", Role.VIEWER, 1)
    rows = [*Token.select().tuples(), *Audit.select().tuples()]
    assert secret.removeprefix("dqmhub_") not in str(rows)


def test_a_token_never_has_a_higher_role_than_its_owner_has_now(user_of: UserOf, people: dict[Role, User]) -> None:
    _, secret = tokens.make(people[Role.EXPERT], "script", Role.ADMIN, 1)
    assert user_of(secret) == "expert expert"
    accounts.set_role(people[Role.EXPERT], Role.VIEWER)
    assert user_of(secret) == "expert viewer"


@pytest.mark.parametrize("end", ["expired", "revoked", "disabled"])
def test_a_token_stops_working_when_it_expires_or_is_revoked_or_its_owner_is_disabled(
    user_of: UserOf, people: dict[Role, User], end: str
) -> None:
    row, secret = tokens.make(people[Role.ADMIN], "script", Role.ADMIN, 1)
    assert user_of(secret) == "admin admin"
    if end == "expired":
        Token.update(expires=Token.expires - 86401).execute()
    elif end == "revoked":
        tokens.revoke(row)
    else:
        accounts.set_disabled(people[Role.ADMIN], True)
    assert user_of(secret) == "401"


@pytest.mark.parametrize("token", ["", "x", "dqmhub_", "dqmhub_" + "A" * 43, "\xff" * 20, "a" * 8000])
def test_an_invalid_token_is_rejected_even_with_anonymous_access(app: Flask, remote: RemoteClient, token: str) -> None:
    app.add_url_rule("/api/read", view_func=needs(Role.VIEWER)(lambda: "x"), endpoint="read")
    answer = remote("GET", "/api/read", address="127.0.0.1", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 401
    assert set(answer.get_json()) == {"message", "status", "errors"}
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="dqmhub", error="invalid_token"'


def test_the_last_use_is_written_once_a_minute(user_of: UserOf, people: dict[Role, User]) -> None:
    row, secret = tokens.make(people[Role.VIEWER], "script", Role.VIEWER, 1)
    assert Token.get().last_used is None
    user_of(secret)
    first = Token.get().last_used
    user_of(secret)
    assert Token.get().last_used == first
    Token.update(last_used=first - 61).where(Token.id == row.id).execute()
    user_of(secret)
    assert Token.get().last_used >= first
