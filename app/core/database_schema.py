"""Which migrations the database has: opens it only with those of this version, and applies missing ones."""

from __future__ import annotations

import fcntl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from peewee import Database, PeeweeException, SqliteDatabase

from app.core import database_faults
from app.core.database import (
    LOCK_TIMEOUT_S,
    POOL_SIZE,
    NewerDatabase,
    UnusableDatabase,
    connect,
    disconnect,
    file_of,
    proxy,
    refuse_missing,
    refuse_network,
)
from app.core.database_kinds import SqliteFileToRead, postgresql
from app.core.database_upgrades import newer_release, note_upgrade
from app.core.database_waits import LockWaits
from app.core.settings import TREE, Settings

MIGRATIONS = TREE / "migrations"
"""The folder of the numbered files that create and change tables."""


def open_usable(settings: Settings, web_threads: int = 0) -> None:
    """As `connect`, of a database that is there and has the tables of this version. Raises UnusableDatabase, and makes no file."""
    refuse_missing(settings)
    check(connect(settings, web_threads))


@contextmanager
def reading(settings: Settings) -> Iterator[Database]:
    """The database of these settings, bound to the tables for a block that only reads: nothing is made, and nothing is changed.

    Raises UnusableDatabase if a service that starts now could not use it.
    """
    before = proxy.obj
    refuse_missing(settings)
    disconnect()
    if settings.database_url:
        database = postgresql(settings.database_url, POOL_SIZE, LOCK_TIMEOUT_S)
    else:
        refuse_network(settings.data, Path("/proc/mounts").read_text(encoding="utf-8", errors="replace"))
        database = SqliteFileToRead(str(settings.data / "dqmhub.db"), None, LockWaits(LOCK_TIMEOUT_S, None))
    proxy.initialize(database)
    try:
        check(database)
        yield database
    finally:
        disconnect()
        proxy.initialize(before)


def _runner(database: Database) -> Any:
    from playhouse.migrations import Runner

    return Runner(database, str(MIGRATIONS))


def _migrations(database: Database) -> list[Any]:
    """The migrations of this version and the applied ones. Raises UnusableDatabase if the database cannot be read."""
    try:
        database.connect(reuse_if_open=True)
        return list(_runner(database).status())
    except PeeweeException as error:
        raise UnusableDatabase(*database_faults.unreadable(file_of(database), error)) from error


def check(database: Database) -> None:
    """Raise UnusableDatabase unless exactly the migrations of this version were applied, NewerDatabase if there are more."""
    rows = _migrations(database)
    if unknown := [row.name for row in rows if row.path is None]:
        raise NewerDatabase(*newer_release(database, unknown[-1]))
    if not any(row.applied for row in rows):
        raise UnusableDatabase(*database_faults.without_tables(file_of(database)))
    if missing := [row.name for row in rows if not row.applied]:
        raise UnusableDatabase(f"The database is older than this version of DQM Hub (it lacks {missing[0]})", "run `dqmhub db upgrade`")


def upgrade(database: Database, announce: Callable[[str], object], backup: str = "") -> list[str]:
    """Apply the missing migrations, in one process at a time; returns their names.

    Args:
        backup: Name of the backup that was made before; "" for none.
    """
    with _one_runner(database, announce):
        if any(row.path is None for row in _runner(database).status()):
            check(database)
        done: list[str] = _runner(database).up()
        note_upgrade(database, backup)
    return done


def _lock_file(path: Path) -> TextIO:
    try:
        return path.open("w")
    except OSError as error:
        raise UnusableDatabase(f"Cannot write {path} ({error.strerror})", "check data_dir") from error


@contextmanager
def _one_runner(database: Database, announce: Callable[[str], object]) -> Iterator[None]:
    if isinstance(database, SqliteDatabase):
        with _lock_file(Path(f"{database.database}.upgrade")) as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                announce("Another upgrade is running; waiting for it")
                fcntl.flock(lock, fcntl.LOCK_EX)
            _migrations(database)  # not before: SQLite refuses, without waiting, when two processes make one file a WAL database
            yield
        return
    _migrations(database)
    name = 0x44514D  # any number that only these upgrades use
    if not database.execute_sql("SELECT pg_try_advisory_lock(%s)", (name,)).fetchone()[0]:
        announce("Another upgrade is running; waiting for it")
        database.execute_sql("SET lock_timeout = 0")
        database.execute_sql("SELECT pg_advisory_lock(%s)", (name,))
    try:
        yield
    finally:
        database.execute_sql("SELECT pg_advisory_unlock(%s)", (name,))
