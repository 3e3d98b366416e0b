"""Requests while the database is locked, unreachable or replaced: refused for now with a reason, and never a fault of the hub."""

from __future__ import annotations

import errno
import shutil
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from peewee import PeeweeException

from app import create_app
from app.core import database
from app.core.database import UnusableDatabase
from app.core.database_kinds import DatabaseReplaced
from app.core.outages import outage_of
from app.core.settings import Settings
from app.gui.models import Dataset
from app.security import Role
from tests.security.conftest import HOME, make_user, sign_in
from tests.support.processes import until

if TYPE_CHECKING:
    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse


@contextmanager
def locked(settings: Settings) -> Iterator[None]:
    """Another program holds all locks; the hub waits for less time than it usually does."""
    if settings.database_url:
        database.proxy.execute_sql("SET lock_timeout = 50")
        with psycopg.connect(settings.database_url) as other:
            other.execute("LOCK TABLE short_link IN ACCESS EXCLUSIVE MODE")
            yield
    else:
        with database.waiting_at_most(0.05), closing(sqlite3.connect(settings.data / "dqmhub.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            yield


def make_link(client: FlaskClient) -> TestResponse:
    """A request that stores something."""
    return client.post("/s", data={"address": "/browse/1/a/b/c?q=pixel"}, headers={"Origin": HOME}, base_url=HOME)


@pytest.mark.both_databases
def test_a_locked_database_is_503_and_tried_again_soon(client: FlaskClient, hub: Settings) -> None:
    with locked(hub):
        answer = make_link(client)
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
        assert "The database of DQM Hub is busy: try again in some seconds" in answer.text
        assert client.get("/trends").status_code == 200, "reading goes on"
    assert make_link(client).status_code == 200


@pytest.mark.both_databases
def test_a_database_that_is_away_is_503_for_pages_fragments_and_scripts(client: FlaskClient, hub: Settings) -> None:
    make_user("ada", Role.ADMIN)
    assert sign_in(client, "ada").status_code == 303
    database.connect(hub.replace(database_url="postgresql://secret-user@127.0.0.1:1/none"))
    for path in ("/", "/square", "/diary", "/account/password", "/api/v1/samples", "/account/sign-in"):
        for headers in ({}, {"HX-Request": "true"}):
            answer = client.get(path, headers=headers)
            assert (answer.status_code, answer.headers["Retry-After"]) == (503, "30"), path
            assert "DQM Hub cannot reach its database now" in (answer.json["message"] if answer.is_json else answer.text)
            assert "secret-user" not in answer.text
    assert client.get("/healthz/live").status_code == 200
    database.connect(hub)
    assert client.get("/account/password").status_code == 200


def test_a_page_without_a_database_tries_once_to_reach_it(client: FlaskClient, hub: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """While its cable is out, each try takes seconds."""
    connect, tries = psycopg.connect, []

    def counted(*arguments: Any, **options: Any) -> Any:
        tries.append(options)
        return connect(*arguments, **options)

    monkeypatch.setattr(psycopg, "connect", counted)
    database.connect(hub.replace(database_url="postgresql://user@127.0.0.1:1/none"))
    for path in ("/", "/square", "/diary", "/alarms", "/browse/1/a/b/c"):
        tries.clear()
        assert client.get(path).status_code == 503
        assert len(tries) == 1, path


@pytest.mark.parametrize("way", ["replaced", "restored", "removed"])
def test_a_database_file_that_is_another_one_is_refused_until_the_first_one_is_back(client: FlaskClient, hub: Settings, way: str) -> None:
    file, aside = hub.data / "dqmhub.db", hub.data / "aside.db"
    Dataset.create(name="/a/b/c")
    file.rename(aside)
    if way == "replaced":
        shutil.copy(aside, file)
    elif way == "restored":
        shutil.copy(aside, hub.data / "backup.db")
        (hub.data / "backup.db").rename(file)
    until(lambda: client.get("/api/v1/datasets").status_code == 503, "the file to be compared")
    for path in ("/api/v1/samples", "/"):
        answer = client.get(path)
        assert answer.status_code == 503
        assert ("removed" if way == "removed" else "replaced") in answer.text
        assert "stop all its services, restore the database as docs/operators/backup.md says, and start them again" in answer.text
    assert make_link(client).status_code == 503
    assert client.get("/healthz/ready").json["checks"]["database"] == "down"
    assert "was removed" in client.get("/status").text or way != "removed"
    assert file.exists() == (way != "removed"), "no empty database is made in its place"
    aside.rename(file)
    until(lambda: client.get("/api/v1/samples").status_code == 200, "the file to be compared")


def test_a_new_web_worker_refuses_the_file_that_the_others_refuse(hub: Settings) -> None:
    """Each worker makes the application itself, in a process that was forked after the file was opened."""
    file = hub.data / "dqmhub.db"
    shutil.copy(file, hub.data / "backup.db")
    (hub.data / "backup.db").rename(file)
    with pytest.raises(UnusableDatabase, match=r"The file of the database was replaced while DQM Hub runs: stop all its services"):
        create_app(hub)


def test_new_threads_open_no_connection_to_another_file(hub: Settings) -> None:
    (hub.data / "dqmhub.db").unlink()
    with ThreadPoolExecutor(1) as pool, pytest.raises(DatabaseReplaced):
        pool.submit(lambda: Dataset.select().count()).result()
    assert not (hub.data / "dqmhub.db").exists()


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "full"),
        (OSError(errno.EDQUOT, "Disk quota exceeded"), "full"),
        (OSError(errno.EROFS, "Read-only file system"), "unreachable"),
        (FileNotFoundError(errno.ENOENT, "No such file"), None),
        (psycopg.errors.DiskFull(), "full"),
        (psycopg.errors.LockNotAvailable(), "busy"),
        (psycopg.errors.DeadlockDetected(), "busy"),
        (psycopg.errors.AdminShutdown(), "unreachable"),
        (psycopg.OperationalError("the connection is lost"), "unreachable"),
        (psycopg.errors.UniqueViolation(), None),
        (psycopg.errors.UndefinedTable(), None),
        (ValueError(), None),
    ],
    ids=repr,
)
def test_only_errors_of_the_outside_are_outages(error: Exception, kind: str | None) -> None:
    found = outage_of(error)
    assert (found and found.kind) == kind


def test_faults_of_our_own_in_the_database_stay_faults(hub: Settings) -> None:
    for statement in ("SELECT nothing FROM nowhere", "INSERT INTO dataset (id, name) VALUES (1, NULL)"):
        with pytest.raises(PeeweeException) as raised:
            database.proxy.execute_sql(statement)
        assert outage_of(raised.value) is None
