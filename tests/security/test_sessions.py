"""Sessions and tokens of one's own account: their list, their end, and the time without use after which a session ends."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from app.core import database
from app.security import Role, accounts, sessions, tokens
from app.security.models import Audit, Session, Token, User
from app.security.sessions import Lengths, browser_name
from app.security.settings import SecuritySettings
from tests.security.conftest import HOME, PASSWORD, sign_in

if TYPE_CHECKING:
    from flask import Flask
    from flask.testing import FlaskClient

    from app.core.settings import Settings

FROM_PAGE = {"Origin": HOME}
NAVIGATION = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
POLL = {"HX-Request": "true", "HX-Target": "status", "DQM-Automatic": "1", "Accept": "*/*"}
NEW = "another tractor 9 lighthouse"


def may_see_audit(client: FlaskClient, **headers: str) -> bool:
    return client.get("/account/audit", headers=headers).status_code == 200


def change_password(client: FlaskClient, *keep: int) -> str:
    form = {"old": PASSWORD, "new": NEW, "again": NEW, "keep": [str(number) for number in keep]}
    return client.post("/account/password", data=form, headers=FROM_PAGE).text


def unused_for(hours: float) -> None:
    Session.update(last_used=Session.last_used - hours * 3600).execute()


@pytest.mark.both_databases
def test_tokens_end_with_a_change_of_password_but_those_that_are_kept(client: FlaskClient, people: dict[Role, User]) -> None:
    kept, _ = tokens.make(people[Role.ADMIN], "nightly registration", Role.OPERATOR, 1)
    _, stolen = tokens.make(people[Role.ADMIN], "of a thief", Role.ADMIN, 1)
    other, _ = tokens.make(people[Role.VIEWER], "of another user", Role.VIEWER, 1)
    sign_in(client, "admin")
    form = client.get("/account/password").text
    assert "nightly registration" in form
    assert "of another user" not in form
    assert "1 token revoked" in change_password(client, kept.id, other.id)
    assert {token.id for token in Token.select()} == {kept.id, other.id}
    assert client.get("/account/audit", headers={"Authorization": f"Bearer {stolen}"}).status_code in (401, 403)


def test_a_password_that_is_not_changed_revokes_no_token(client: FlaskClient, people: dict[Role, User]) -> None:
    token, _ = tokens.make(people[Role.ADMIN], "nightly", Role.ADMIN, 1)
    sign_in(client, "admin")
    form = {"old": "wrong", "new": NEW, "again": NEW, "keep": str(token.id)}
    answer = client.post("/account/password", data=form, headers=FROM_PAGE)
    assert answer.status_code == 403
    assert f'value="{token.id}" checked' in answer.text
    assert Token.select().exists()


def test_a_page_lists_the_sessions_and_tokens_of_the_user_alone_with_their_last_use(
    client: FlaskClient, app: Flask, people: dict[Role, User]
) -> None:
    token, secret = tokens.make(people[Role.ADMIN], "nightly <b>", Role.OPERATOR, 1)
    tokens.make(people[Role.VIEWER], "of another user", Role.VIEWER, 1)
    sign_in(app.test_client(), "viewer", headers={"User-Agent": "curl/8.0"})
    sign_in(client, "admin", headers={"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"})
    page = client.get("/account/sessions").text
    assert page.count("Firefox, Linux") == 1
    assert "This browser" in page
    assert "curl" not in page
    assert "nightly &lt;b&gt;" in page
    assert "never" in page
    assert "of another user" not in page
    tokens.authenticate(secret)
    assert "never" not in client.get("/account/sessions").text
    client.post(f"/account/tokens/{token.id}/revoke", headers=FROM_PAGE)
    assert "nightly" not in client.get("/account/sessions").text


@pytest.mark.both_databases
def test_a_user_ends_own_sessions_one_or_all_others(client: FlaskClient, app: Flask, people: dict[Role, User]) -> None:
    others = [app.test_client() for _ in range(3)]
    for each in (*others, client):
        sign_in(each, "admin")
    first = Session.select().order_by(Session.id).first().id
    assert client.post(f"/account/sessions/{first}/end", headers=FROM_PAGE).headers["Location"] == "/account/sessions"
    assert [may_see_audit(each) for each in (*others, client)] == [False, True, True, True]
    client.post("/account/sessions/end-others", headers=FROM_PAGE)
    assert [may_see_audit(each) for each in (*others, client)] == [False, False, False, True]
    assert [row.action for row in Audit.select().where(Audit.action.contains("end session"))] == ["end session", "end sessions"]


def test_nobody_ends_sessions_or_tokens_of_others(client: FlaskClient, app: Flask, people: dict[Role, User]) -> None:
    token, _ = tokens.make(people[Role.ADMIN], "nightly", Role.ADMIN, 1)
    admin = app.test_client()
    sign_in(admin, "admin")
    sign_in(client, "viewer")
    of_admin = Session.get(Session.user == people[Role.ADMIN]).id
    assert client.post(f"/account/sessions/{of_admin}/end", headers=FROM_PAGE).status_code == 303
    assert client.post(f"/account/tokens/{token.id}/revoke", headers=FROM_PAGE).status_code == 303
    assert may_see_audit(admin)
    assert Token.select().exists()


@pytest.mark.both_databases
def test_a_script_that_signs_in_again_and_again_ends_its_oldest_sessions(
    client: FlaskClient, people: dict[Role, User], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sessions, "SESSIONS", 3)
    sign_in(client.application.test_client(), "viewer")
    rows = []
    for _ in range(5):
        sessions.start(people[Role.ADMIN], Lengths(12, 4), "", "")
        rows.append(Session.select().order_by(Session.id.desc()).get().id)
    assert [row.id for row in sessions.sessions_of(people[Role.ADMIN], Lengths(12, 4))] == rows[:1:-1]
    assert Session.select().where(Session.user == people[Role.VIEWER]).exists()


def test_a_token_neither_sees_nor_ends_sessions(client: FlaskClient, bearer: dict[Role, dict[str, str]]) -> None:
    sign_in(client, "admin")
    assert client.get("/account/sessions", headers=bearer[Role.ADMIN]).status_code == 403
    assert client.post("/account/sessions/end-others", headers={**FROM_PAGE, **bearer[Role.ADMIN]}).status_code == 403


@pytest.mark.both_databases
def test_a_session_ends_when_it_is_not_used(client: FlaskClient, hub: Settings, people: dict[Role, User]) -> None:
    idle = hub.of(SecuritySettings).session_idle_hours
    assert idle < hub.of(SecuritySettings).session_hours
    sign_in(client, "admin")
    unused_for(idle * 0.9)
    assert may_see_audit(client, **NAVIGATION)
    unused_for(idle * 0.9)
    assert may_see_audit(client, **POLL)
    unused_for(idle * 0.2)
    assert not may_see_audit(client)


@pytest.mark.parametrize(
    "headers",
    [
        POLL,
        {"HX-Request": "true", "HX-Target": "main", "DQM-Automatic": "1", "Accept": "text/html, */*"},
        {"Accept": "image/avif,image/webp,*/*"},
        {"Accept": "*/*", "Sec-Fetch-Dest": "script"},
        {"Accept": "application/json", "Sec-Fetch-Dest": "empty"},
    ],
    ids=["poll", "poll of the whole page", "picture", "script", "data"],
)
def test_a_page_that_updates_itself_does_not_keep_its_user_signed_in(
    client: FlaskClient, hub: Settings, people: dict[Role, User], headers: dict[str, str]
) -> None:
    sign_in(client, "admin")
    unused_for(hub.of(SecuritySettings).session_idle_hours * 0.9)
    before = Session.get().last_used
    assert may_see_audit(client, **headers)
    assert Session.get().last_used == before


@pytest.mark.parametrize("accept", ["*/*", "application/json"])
def test_who_reads_the_api_with_a_copied_cookie_is_seen_in_the_list_of_sessions(
    client: FlaskClient, people: dict[Role, User], accept: str
) -> None:
    sign_in(client, "viewer")
    unused_for(1)
    before = Session.get().last_used
    assert client.get("/api/v1/samples", headers={"Accept": accept}).status_code == 200
    assert Session.get().last_used > before


@pytest.mark.both_databases
def test_a_sign_in_that_began_before_a_change_of_the_password_starts_no_session(
    client: FlaskClient, people: dict[Role, User], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when the old password is still being checked while the new one is stored."""
    check = accounts.check_password

    def checked_slowly(*arguments: str) -> User | None:
        user = check(*arguments)
        accounts.set_password(people[Role.ADMIN], NEW)
        return user

    monkeypatch.setattr(accounts, "check_password", checked_slowly)
    answer = sign_in(client, "admin")
    assert "The password was changed just now" in answer.text
    assert not Session.select().exists()


def test_the_last_use_of_a_session_is_written_once_a_minute(client: FlaskClient, people: dict[Role, User]) -> None:
    sign_in(client, "admin")
    first = Session.get().last_used
    assert may_see_audit(client, **NAVIGATION)
    assert Session.get().last_used == first
    Session.update(last_used=first - 61).execute()
    assert may_see_audit(client, **NAVIGATION)
    assert Session.get().last_used >= first


def test_reading_goes_on_beside_a_writer_that_does_not_end(
    client: FlaskClient, hub: Settings, people: dict[Role, User], bearer: dict[Role, dict[str, str]]
) -> None:
    sign_in(client, "admin")
    unused_for(1)
    with closing(sqlite3.connect(hub.data / "dqmhub.db")) as writer:
        writer.execute("BEGIN IMMEDIATE")
        assert may_see_audit(client, **NAVIGATION)
        assert may_see_audit(client, **bearer[Role.ADMIN])
        writer.rollback()
    assert may_see_audit(client, **NAVIGATION)
    assert Session.get().last_used > Session.get().created - 3600, "stored by the next request"


def test_reading_goes_on_where_the_last_use_cannot_be_stored(
    client: FlaskClient, people: dict[Role, User], bearer: dict[Role, dict[str, str]]
) -> None:
    sign_in(client, "admin")
    unused_for(1)
    database.proxy.execute_sql("PRAGMA query_only = ON")
    assert may_see_audit(client, **NAVIGATION)
    assert may_see_audit(client, **bearer[Role.ADMIN])


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox, Linux"),
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36 Edg/140.0",
            "Edge, Windows",
        ),
        (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605.1.15",
            "Safari, Macintosh",
        ),
        ("Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Mobile Safari/537.36", "Chrome, Android"),
        ("python-requests/2.32", "python-requests"),
        ("", "Unknown"),
    ],
)
def test_a_browser_has_the_name_that_people_know(agent: str, name: str) -> None:
    assert browser_name(agent) == name
