"""The database: SQLite in WAL mode on a local disk, or PostgreSQL when `database_url` names one.

SQLite keeps one connection per thread open; PostgreSQL connections come from a pool and return to it at the end of a
request or job (`release`). Call `disconnect` before forking. Only the numbered files of migrations/ create and change
tables, through `dqmhub db upgrade`.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

from peewee import Database, DatabaseProxy, Model, SqliteDatabase

from app.core import database_faults
from app.core.database_kinds import SqliteFile, postgresql
from app.core.database_waits import LockWaits
from app.core.disk import NETWORK_FILE_SYSTEMS, file_system
from app.core.settings import Settings

POOL_SIZE = 32
LOCK_TIMEOUT_S = 10
"""Longest wait of a statement for locks, s; after it the database is busy."""
WEB_LOCK_TIMEOUT_S = 3
"""The same in the web server, where other requests wait for the thread."""

proxy = DatabaseProxy()


class UnusableDatabase(RuntimeError):
    """The database cannot be used. The message has the reason and the remedy."""

    def __init__(self, reason: str, remedy: str) -> None:
        self.reason, self.remedy = reason, remedy
        super().__init__(f"{reason}: {remedy}")


class NewerDatabase(UnusableDatabase):
    """The database has migrations of a newer version. A process that runs already goes on with it; none starts with it."""


class Table(Model):
    """Base class of all tables."""

    id: Any  # added by peewee

    class Meta:
        database = proxy
        legacy_table_names = False


def connect(settings: Settings, web_threads: int = 0) -> Database:
    """The database of these settings, bound to the tables. The first query connects.

    Args:
        web_threads: Threads of a web process: these wait for locks for a shorter time, and at most a quarter of them at once.
    """
    logging.getLogger("peewee").setLevel(logging.INFO)  # at level debug it logs all values, including password hashes
    database = (
        postgresql(settings.database_url, POOL_SIZE, _lock_timeout(web_threads))
        if settings.database_url
        else _sqlite(settings.data / "dqmhub.db", web_threads)
    )
    disconnect()  # from the previous database
    proxy.initialize(database)
    return database


def refuse_missing(settings: Settings) -> None:
    """Raise UnusableDatabase if the file of the database does not exist: only `upgrade` and a restore may make one."""
    if not settings.database_url and (found := database_faults.missing(settings.data / "dqmhub.db")):
        raise UnusableDatabase(*found)


def is_sqlite() -> bool:
    """Whether the database is SQLite."""
    return isinstance(proxy.obj, SqliteDatabase)


@contextmanager
def waiting_at_most(seconds: float) -> Iterator[None]:
    """Limit the time that the statements of this thread wait for other writers.

    Only SQLite has one writer at a time. In PostgreSQL no long transaction locks the rows concerned.
    """
    if not is_sqlite():
        yield
        return
    with proxy.obj.waits.at_most(seconds):
        yield


def sqlite_file() -> Path | None:
    """The file of the database; None for PostgreSQL."""
    return file_of(proxy.obj)


def file_of(database: Database | None) -> Path | None:
    """The file of a database; None for PostgreSQL, and for none."""
    return Path(database.database) if isinstance(database, SqliteDatabase) else None


def server_version() -> str:
    """Name and version of the database server."""
    if is_sqlite():
        return f"SQLite {sqlite3.sqlite_version}"
    return f"PostgreSQL {proxy.execute_sql('SHOW server_version').fetchone()[0]}"


def _lock_timeout(web_threads: int) -> float:
    return min(LOCK_TIMEOUT_S, WEB_LOCK_TIMEOUT_S) if web_threads else LOCK_TIMEOUT_S


def _sqlite(path: Path, web_threads: int) -> Database:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UnusableDatabase(f"Cannot create {path} ({error.strerror})", "set data_dir to a writable folder") from error
    refuse_network(path.parent, Path("/proc/mounts").read_text(encoding="utf-8", errors="replace"))
    pragmas = {
        "journal_mode": "wal",
        "synchronous": "normal",
        "foreign_keys": 1,
        "cache_size": -16000,
        "mmap_size": 0,  # a full or failing disk would end the process by SIGBUS
    }
    before = proxy.obj  # of the process that forked this one: a new worker must not accept another file than the others
    file_id = before.file_id if isinstance(before, SqliteFile) and before.database == str(path) else None
    waits = LockWaits(_lock_timeout(web_threads), web_threads // 4 if web_threads else None)
    return SqliteFile(str(path), file_id, waits, pragmas=pragmas, lock_type="IMMEDIATE")


def refuse_network(folder: Path, mounts: str) -> None:
    """Raise UnusableDatabase if a folder is on a network file system. mounts: content of /proc/mounts."""
    kind = file_system(folder, mounts)
    if kind.startswith(NETWORK_FILE_SYSTEMS):
        raise UnusableDatabase(
            f"{folder} is on a network file system ({kind}), where SQLite loses data",
            "set data_dir to a folder on a local disk, or database_url to a PostgreSQL database",
        )


def one_writer(name: int) -> None:
    """Make other transactions that call this with the same number wait for the end of this one; PostgreSQL has many writers."""
    if not is_sqlite():
        proxy.execute_sql("SELECT pg_advisory_xact_lock(%s)", (name,))


def rows(query: Any) -> list[tuple[Any, ...]]:
    """The rows of a query as tuples of the driver: much faster than objects, for columns that need no conversion."""
    found: list[tuple[Any, ...]] = proxy.execute(query).fetchall()
    return found


def prepared(build: Callable[[], Any]) -> Callable[..., list[tuple[Any, ...]]]:
    """A query whose SQL is generated once. For frequent queries peewee needs more time to write SQL than SQLite to run it.

    Args:
        build: Makes the query with any values.

    Returns:
        A function of the values, in the order of the placeholders, that returns the rows.
    """

    @lru_cache(maxsize=1)
    def sql(database: Database) -> str:
        return str(build().sql()[0])

    def run(*values: int | str) -> list[tuple[Any, ...]]:
        found: list[tuple[Any, ...]] = proxy.execute_sql(sql(proxy.obj), values).fetchall()
        return found

    return run


def release() -> None:
    """Return a PostgreSQL connection to the pool; an SQLite connection stays with its thread."""
    if proxy.obj is not None and not is_sqlite() and not proxy.is_closed():
        proxy.close()


def end_thread() -> None:
    """Close the connection of this thread, which ends; that of PostgreSQL returns to the pool."""
    database = proxy.obj  # the end of the process may remove it meanwhile
    if database is not None and not database.is_closed():
        database.close()


def disconnect() -> None:
    """Close the connection of this thread and the idle ones of the pool, before a fork."""
    end_thread()
    if proxy.obj is not None and not is_sqlite():
        proxy.obj.close_idle()
