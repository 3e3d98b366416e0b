"""A write lock of SQLite that another program holds: a few threads wait for it, so that the others can answer."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
from peewee import IntegrityError, OperationalError

from app import create_app
from app.core import database
from app.core.database_kinds import SqliteFile
from app.core.database_waits import LockWaits
from app.core.outages import outage_of
from app.core.settings import Settings
from app.gui.models import Dataset
from tests.support.patience import PATIENCE_S
from tests.support.processes import until

THREADS = 8
FEW = 2


@pytest.fixture
def other(hub: Settings) -> Iterator[sqlite3.Connection]:
    """Another program, which has the lock."""
    with closing(sqlite3.connect(hub.data / "dqmhub.db", isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield connection


def set_waits(most_s: float, few: int | None) -> None:
    assert isinstance(database.proxy.obj, SqliteFile)
    database.proxy.obj.waits = LockWaits(most_s, few)


def add(number: int) -> str:
    """Add a row, in a transaction, as a statement of its own, or as one of many rows of a statement; what came of it."""
    try:
        if number % 3 == 1:
            Dataset.create(name=f"/{number}")
        elif number % 3 == 2:
            database.proxy.execute_many("INSERT INTO dataset (name) VALUES (?)", [(f"/{number}",)])
        else:
            with database.proxy.atomic():
                Dataset.create(name=f"/{number}")
    except OperationalError as error:
        outage = outage_of(error)
        return outage.kind if outage else str(error)
    finally:
        database.end_thread()
    return "stored"


def test_a_locked_database_holds_only_a_few_of_many_writers(other: sqlite3.Connection) -> None:
    set_waits(PATIENCE_S, FEW)
    with ThreadPoolExecutor(THREADS) as pool:
        writers = [pool.submit(add, number) for number in range(THREADS)]
        until(lambda: sum(writer.done() for writer in writers) >= THREADS - FEW, "most writers to be refused")
        late = pool.submit(add, THREADS)
        assert late.result() == "busy", "once it is known, nobody else begins to wait"
        assert sum(writer.done() for writer in writers) == THREADS - FEW
        other.execute("ROLLBACK")
        answers = [writer.result() for writer in writers]
    assert (answers.count("busy"), answers.count("stored")) == (THREADS - FEW, FEW)
    assert Dataset.select().count() == FEW


def test_writers_wait_again_after_the_lock_was_free(other: sqlite3.Connection) -> None:
    set_waits(PATIENCE_S, 0)
    assert {add(number) for number in range(3)} == {"busy"}
    other.execute("ROLLBACK")
    assert add(1) == "stored"
    other.execute("BEGIN IMMEDIATE")
    set_waits(PATIENCE_S, None)
    with ThreadPoolExecutor(THREADS) as pool:
        writers = [pool.submit(add, number) for number in range(3, 3 + THREADS)]
        until(lambda: len(database.proxy.obj.waits._waiting) == THREADS, "all to wait")
        other.execute("ROLLBACK")
        assert {writer.result() for writer in writers} == {"stored"}


def test_reading_and_what_must_not_wait_go_on(other: sqlite3.Connection) -> None:
    set_waits(PATIENCE_S, None)
    assert Dataset.select().count() == 0
    with database.waiting_at_most(0):
        assert add(0) == "busy"


def test_a_quarter_of_the_threads_of_a_web_process_waits_and_all_of_a_command(hub: Settings) -> None:
    create_app(hub.replace(web_threads=16))
    assert (database.proxy.obj.waits.few, database.proxy.obj.waits.most_s) == (4, database.WEB_LOCK_TIMEOUT_S)
    database.connect(hub)
    assert (database.proxy.obj.waits.few, database.proxy.obj.waits.most_s) == (None, database.LOCK_TIMEOUT_S)


def test_many_rows_are_stored_by_one_statement_or_none_of_them_also_within_a_transaction(hub: Settings) -> None:
    def add_one_twice() -> None:
        with pytest.raises(IntegrityError):
            database.proxy.execute_many("INSERT INTO dataset (name) VALUES (?)", [("/a",), ("/b",), ("/a",)])

    add_one_twice()
    with database.proxy.atomic():
        Dataset.create(name="/c")
        add_one_twice()
    assert [row.name for row in Dataset.select()] == ["/c"]
