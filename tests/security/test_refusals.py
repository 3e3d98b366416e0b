"""Refused requests, throttled sign-ins and downloads leave rows in the audit log, and a flood of them only a few."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
from peewee import DatabaseError, OperationalError

from app.core import database
from app.core.database_waits import LockWaits
from app.gui.models import Dataset
from app.security import Role, repeated, throttle
from app.security.models import Audit, AuditCount, User
from app.security.repeated import audit_often
from app.security.throttle import network_of
from tests.security.conftest import HOME, PASSWORD, sign_in

if TYPE_CHECKING:
    from flask.testing import FlaskClient

    from app.core.settings import Settings
    from tests.security.conftest import RemoteClient

NOON = 1_800_000_000.0
"""A full hour."""

NEVER_S = 1e6

Row = tuple[str, str, str, str, str]


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """The clock of the rows, which is stopped, so that no test meets the end of an hour."""
    clock = SimpleNamespace(now=NOON)
    monkeypatch.setattr(repeated, "time", SimpleNamespace(time=lambda: clock.now))
    monkeypatch.setattr(repeated, "_gathered", repeated._Gathered())
    return clock


def rows(action: str = "refused request") -> list[Row]:
    query = Audit.select().where(Audit.action == action).order_by(Audit.id)
    return [(row.user, row.action, row.target, row.reason, row.answer) for row in query]


def counts() -> list[int]:
    return [row.count for row in AuditCount.select().order_by(AuditCount.row)]


def test_a_request_without_the_role_of_its_page_leaves_a_row(remote: RemoteClient, bearer: dict[Role, dict[str, str]]) -> None:
    assert remote("GET", "/account/audit?before=7", headers=bearer[Role.VIEWER]).status_code == 403
    assert remote("POST", "/control/kill", address="192.0.2.8").status_code == 303
    assert remote("GET", "/api/v1/samples", address="192.0.2.9").status_code == 401
    assert rows() == [
        ("viewer", "refused request", "GET /account/audit", "from 192.0.2.7", "403, as viewer"),
        ("anonymous at 192.0.2.8", "refused request", "POST /control/kill", "from 192.0.2.8", "303, as public"),
        ("anonymous at 192.0.2.9", "refused request", "GET /api/v1/samples", "from 192.0.2.9", "401, as public"),
    ]


def test_an_invalid_token_and_a_form_of_another_site_leave_rows(remote: RemoteClient) -> None:
    assert remote("GET", "/api/v1/samples", headers={"Authorization": "Bearer dqmhub_x"}).status_code == 401
    assert remote("POST", "/account/sign-out", address="192.0.2.8", headers={"Origin": "https://evil.example"}).status_code == 403
    assert [(target, answer) for _, _, target, _, answer in rows()] == [
        ("GET /api/v1/samples", "401, as public"),
        ("POST /account/sign-out", "403, as public"),
    ]


def test_what_is_allowed_or_missing_leaves_no_row(remote: RemoteClient, bearer: dict[Role, dict[str, str]]) -> None:
    assert remote("GET", "/account/audit", headers=bearer[Role.ADMIN]).status_code == 200
    assert remote("GET", "/nothing", headers=bearer[Role.ADMIN]).status_code == 404
    assert remote("GET", "/account/sign-in").status_code == 200
    assert rows() == []


def test_many_refusals_of_one_address_are_one_row_with_a_count(
    remote: RemoteClient, client: FlaskClient, people: dict[Role, User], clock: SimpleNamespace
) -> None:
    for number in range(90):
        clock.now = NOON + number
        assert remote("GET", f"/control/{number}").status_code == 303
    assert [target for _, _, target, _, _ in rows()] == ["GET /control/0"]
    assert counts() == [90]
    sign_in(client, "admin")
    shown = client.get("/account/audit?action=refused+request").text
    assert "90 times, last at" in shown
    assert shown.count("refused request</td>") == 1
    clock.now = NOON + 3600
    remote("GET", "/control/later")
    assert [target for _, _, target, _, _ in rows()] == ["GET /control/0", "GET /control/later"]


def test_the_addresses_of_one_network_share_a_row_and_users_do_not(remote: RemoteClient, bearer: dict[Role, dict[str, str]]) -> None:
    for last in ("1", "ffff"):  # one client may use all of a /64
        remote("GET", "/control", address=f"2001:db8::{last}")
    remote("GET", "/account/audit", headers=bearer[Role.VIEWER])
    remote("GET", "/account/audit", headers=bearer[Role.EXPERT])
    assert counts() == [2, 1, 1]


def test_a_flood_writes_each_hundredth_refusal(hub: Settings) -> None:
    for _ in range(1000):
        audit_often("refused request", "GET /", "", "403", sender="192.0.2.7", user="mallory")
    before = counts()
    for _ in range(99):
        audit_often("refused request", "GET /", "", "403", sender="192.0.2.7", user="mallory")
    assert (before, counts()) == ([1000], [1000])
    audit_often("refused request", "GET /", "", "403", sender="192.0.2.7", user="mallory")
    assert counts() == [1100]


def test_a_flood_from_many_addresses_leaves_a_bounded_number_of_rows(hub: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repeated, "SENDERS", 10)
    for number in range(50):
        audit_often("refused request", f"GET /{number}", "", "403", sender=f"address {number}", user="mallory")
    assert len(rows()) == 11
    assert rows()[-1][:3] == ("others", "refused request", "(many)")
    assert counts() == [1] * 10 + [40]


@pytest.mark.both_databases
def test_a_sender_with_many_networks_hides_no_other_one(hub: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repeated, "SENDERS", 10)

    def refuse(address: str, target: str) -> None:
        audit_often("refused request", target, address, "403", sender=f"nobody@{network_of(address)}", user="nobody")

    for number in range(50):
        refuse(f"2001:db8:{number:x}::1", "GET /flood")
    refuse("192.0.2.7", "GET /control")
    refuse("192.0.77.7", "GET /files")
    assert len(rows()) == 12
    assert [row[2:4] for row in rows()[-2:]] == [
        ("GET /flood", "from 2001:db8:a::1 and others in 2001:db8::/32"),
        ("GET /control", "from 192.0.2.7 and others in 192.0.0.0/16"),
    ]
    assert counts() == [1] * 10 + [40, 2]
    for number in range(50):
        refuse(f"{number + 1}.0.0.1", "GET /")
    assert (len(rows()), counts()[-1]) == (21, 42), "the number of rows stays bounded"


@pytest.mark.both_databases
def test_simultaneous_refusals_are_all_counted_in_one_row(hub: Settings) -> None:
    def refuse(_: int) -> None:
        try:
            audit_often("refused request", "GET /", "", "403", sender="192.0.2.7", user="mallory")
        finally:
            database.end_thread()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(refuse, range(64)))
    assert (len(rows()), counts()) == (1, [64])


@pytest.mark.both_databases
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_count SET count = 1",
        "UPDATE audit_count SET sender = 'another'",
        'UPDATE audit_count SET "row" = 7, count = count + 1',
        "DELETE FROM audit_count",
        "TRUNCATE audit_count",
    ],
)
def test_the_database_itself_refuses_to_lower_a_count(hub: Settings, statement: str) -> None:
    for _ in range(2):
        audit_often("refused request", "GET /", "", "403", sender="192.0.2.7", user="mallory")
    with pytest.raises(DatabaseError):
        database.proxy.execute_sql(statement)
    assert counts() == [2]


def test_a_refusal_is_answered_where_the_audit_log_cannot_be_written(remote: RemoteClient, bearer: dict[Role, dict[str, str]]) -> None:
    remote("GET", "/status", headers=bearer[Role.VIEWER])
    database.proxy.execute_sql("PRAGMA query_only = ON")
    assert remote("GET", "/account/audit", headers=bearer[Role.VIEWER]).status_code == 403


@pytest.fixture
def other(hub: Settings) -> Iterator[sqlite3.Connection]:
    """Another program, which has locked the database."""
    with closing(sqlite3.connect(hub.data / "dqmhub.db", isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield connection


def test_refusals_in_a_locked_database_are_counted_with_the_next_one(remote: RemoteClient, other: sqlite3.Connection) -> None:
    with database.waiting_at_most(0.05):
        for _ in range(3):
            assert remote("GET", "/api/v1/samples").status_code == 401
    other.execute("ROLLBACK")
    assert (rows(), counts()) == ([], [])
    assert remote("GET", "/api/v1/samples").status_code == 401
    assert counts() == [4]


def test_a_refusal_does_not_wait_for_its_row_in_a_database_that_is_known_to_be_locked(
    remote: RemoteClient, other: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would wait for longer than any test may last."""
    monkeypatch.setattr(repeated, "WAIT_S", NEVER_S)
    database.proxy.obj.waits = LockWaits(NEVER_S, 0)
    with pytest.raises(OperationalError, match="database is locked"):
        Dataset.create(name="/a/b/c")
    assert remote("GET", "/api/v1/samples").status_code == 401


def test_throttled_sign_ins_leave_one_row_without_the_text_of_unknown_names(
    client: FlaskClient, people: dict[Role, User], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = time.time()
    monkeypatch.setattr(throttle, "time", SimpleNamespace(time=lambda: now))
    for _ in range(5):
        sign_in(client, "admin", "wrong")
        sign_in(client, PASSWORD, "wrong")
    assert sign_in(client, PASSWORD, "wrong").status_code == 429
    assert sign_in(client, "admin").status_code == 429
    throttled = [row for row in rows("sign in") if row[4].startswith("not checked")]
    assert throttled == [
        ("nobody", "sign in", "(unknown name)", "from 127.0.0.1", "not checked: Too many wrong passwords: wait 2 s, then try again")
    ]
    assert counts() == [2]


def test_a_wrong_password_leaves_the_row_of_its_sign_in_alone(client: FlaskClient, people: dict[Role, User]) -> None:
    assert client.post("/account/sign-in", data={"name": "admin", "password": "x"}, headers={"Origin": HOME}).status_code == 401
    assert rows() == []
    assert len(rows("sign in")) == 1
