"""The audit log: rows, their protection in the database, and the page."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from peewee import DatabaseError

from app.core import database
from app.security import Role, accounts, needs, tokens
from app.security.audit_log import audit
from app.security.models import Audit, User
from tests.security.conftest import PASSWORD, sign_in

if TYPE_CHECKING:
    from flask import Flask
    from flask.testing import FlaskClient

    from app.core.settings import Settings

pytestmark = pytest.mark.both_databases


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit SET answer = 'another'",
        "DELETE FROM audit",
        "DELETE FROM audit WHERE id = 1",
        "INSERT OR REPLACE INTO audit VALUES (1, 0, 'x', 'x', 'x', 'x', 'x')",
        "TRUNCATE audit",
    ],
)
def test_the_database_itself_refuses_to_change_or_remove_a_row(hub: Settings, statement: str) -> None:
    audit("test", "something", "why", "done", user="alice")
    with pytest.raises(DatabaseError):
        database.proxy.execute_sql(statement)
    row = Audit.get()
    assert (row.user, row.action, row.target, row.reason, row.answer) == ("alice", "test", "something", "why", "done")


def test_the_refusal_names_the_reason(hub: Settings) -> None:
    audit("test", "something")
    with pytest.raises(DatabaseError, match="audit is append-only"):
        Audit.delete().execute()
    with pytest.raises(DatabaseError, match="audit is append-only"):
        Audit.update(answer="").execute()


def rows() -> list[tuple[str, str, str, str]]:
    return [(row.user, row.action, row.target, row.answer) for row in Audit.select().order_by(Audit.id)]


def test_sign_ins_are_audited_without_the_text_of_unknown_names(client: FlaskClient, people: dict[Role, User]) -> None:
    sign_in(client, "expert")
    sign_in(client, "expert", "wrong")
    sign_in(client, PASSWORD, "expert")
    client.post("/account/sign-out", headers={"Sec-Fetch-Site": "same-origin"})
    assert rows() == [
        ("expert", "sign in", "expert", "accepted"),
        ("nobody", "sign in", "expert", "refused"),
        ("nobody", "sign in", "(unknown name)", "refused"),
        ("expert", "sign out", "expert", ""),
    ]
    assert Audit.get().reason == "from 127.0.0.1"


def test_changes_of_accounts_and_tokens_are_audited(hub: Settings) -> None:
    user = accounts.add("alice", Role.VIEWER, PASSWORD)
    accounts.set_role(user, Role.EXPERT)
    accounts.set_password(user, PASSWORD + "!")
    accounts.set_disabled(user, True)
    accounts.set_disabled(user, False)
    row, _ = tokens.make(user, "script", Role.VIEWER, 30)
    tokens.revoke(row)
    assert [(action, target, answer) for _, action, target, answer in rows()] == [
        ("add user", "alice", "role viewer"),
        ("change role", "alice", "from viewer to expert"),
        ("change password", "alice", ""),
        ("disable user", "alice", ""),
        ("enable user", "alice", ""),
        ("add token", f"token {row.id} 'script' of alice", "role viewer, 30 days"),
        ("revoke token", f"token {row.id} 'script' of alice", ""),
    ]
    assert all(user.endswith("(command line)") for user, *_ in rows())


def test_a_change_and_its_audit_row_are_one_transaction(hub: Settings) -> None:
    user = accounts.add("alice", Role.VIEWER, PASSWORD)
    database.proxy.execute_sql("DROP TABLE audit")
    with pytest.raises(DatabaseError):
        accounts.set_role(user, Role.ADMIN)
    assert User.get().role == Role.VIEWER


def test_anonymous_users_are_named_by_address(app: Flask, client: FlaskClient) -> None:
    @app.get("/do")
    @needs(Role.PUBLIC)
    def do() -> str:
        audit("do", "it")
        return "done"

    client.get("/do")
    assert rows() == [("anonymous at 127.0.0.1", "do", "it", "")]


def test_the_page_shows_the_latest_rows_first_and_has_an_address_for_each_view(client: FlaskClient, people: dict[Role, User]) -> None:
    for number in range(150):
        audit("edit", f"row <b>{number}</b>", user="alice" if number % 2 else "bob")
    sign_in(client, "admin")
    first = client.get("/account/audit?action=edit").text
    assert first.index("row &lt;b&gt;149&lt;/b&gt;") < first.index("row &lt;b&gt;50&lt;/b&gt;")
    assert "row &lt;b&gt;49&lt;/b&gt;" not in first
    older = first.split('rel="next"')[0].split('href="')[-1].split('"')[0].replace("&amp;", "&")
    second = client.get(older).text
    assert "row &lt;b&gt;49&lt;/b&gt;" in second
    assert "row &lt;b&gt;50&lt;/b&gt;" not in second
    only = client.get("/account/audit?user=alice").text
    assert "row &lt;b&gt;149" in only
    assert "row &lt;b&gt;148" not in only


def test_times_are_in_swiss_time_with_the_zone(client: FlaskClient, people: dict[Role, User]) -> None:
    at = {"summer": 1783080000.0, "winter": 1798761599.0}  # 2026-07-03 12:00:00 UTC, 2026-12-31 23:59:59 UTC
    for season, seconds in at.items():
        Audit.create(at=seconds, user="x", action=season, target="", reason="", answer="")
    sign_in(client, "admin")
    assert "2026-07-03 14:00:00 CEST" in client.get("/account/audit?action=summer").text
    assert "2027-01-01 00:59:59 CET" in client.get("/account/audit?action=winter").text


@pytest.mark.parametrize("before", ["x", "-1", "1e3", "9" * 30, "\u0663"])
def test_an_invalid_page_of_the_log_is_400(client: FlaskClient, people: dict[Role, User], before: str) -> None:
    sign_in(client, "admin")
    assert client.get("/account/audit", query_string={"before": before}).status_code == 400
