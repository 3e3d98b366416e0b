"""The database: SQLite in WAL mode on a local disk, or PostgreSQL when `database_url` names one.

SQLite keeps one connection per thread open; PostgreSQL connections come from a pool and go back at the end of a
request or of a piece of work (`release`). Nothing may be opened before a fork: `disconnect` first.
The tables are made and changed by the numbered files of migrations/ only, through `dqmhub db upgrade`.
"""

from __future__ import annotations

import fcntl
import logging
import re
import select
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from peewee import Database, DatabaseProxy, Model, PeeweeException, SqliteDatabase

from app.core.settings import TREE, Settings

MIGRATIONS = TREE / "migrations"
NETWORK_FILE_SYSTEMS = (
    "nfs", "cifs", "smb", "afs", "ceph", "lustre", "gpfs", "glusterfs", "beegfs", "9p",
    "fuse.sshfs", "fuse.eos", "fuse.ceph", "fuse.cernvm",
)  # fmt: skip
POOL_SIZE = 32

proxy = DatabaseProxy()


class UnusableDatabase(RuntimeError):
    """The database cannot be used as it is; the message says why and what to do."""


class Table(Model):
    """Base of every table."""

    id: Any  # peewee adds it

    class Meta:
        database = proxy
        legacy_table_names = False


def connect(settings: Settings) -> Database:
    """The database of these settings, bound to the tables; nothing is opened until the first query."""
    logging.getLogger("peewee").setLevel(logging.INFO)  # at debug it logs every value, hashes of passwords among them
    database = _postgresql(settings.database_url) if settings.database_url else _sqlite(settings.data / "dqmhub.db")
    disconnect()  # from the one that was bound before
    proxy.initialize(database)
    return database


def is_sqlite() -> bool:
    return isinstance(proxy.obj, SqliteDatabase)


def server_version() -> str:
    """The name and version of the database server."""
    if is_sqlite():
        return f"SQLite {sqlite3.sqlite_version}"
    return f"PostgreSQL {proxy.execute_sql('SHOW server_version').fetchone()[0]}"


def _sqlite(path: Path) -> Database:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UnusableDatabase(f"{path} cannot be made ({error.strerror}): set data_dir to a folder that may be written") from error
    refuse_network(path.parent, Path("/proc/mounts").read_text(encoding="utf-8", errors="replace"))
    pragmas = {"journal_mode": "wal", "synchronous": "normal", "foreign_keys": 1, "cache_size": -16000}
    return SqliteDatabase(str(path), pragmas=pragmas, timeout=10, lock_type="IMMEDIATE")


def refuse_network(folder: Path, mounts: str) -> None:
    """Raise UnusableDatabase when a folder is on a network file system, by the text of /proc/mounts."""
    kind = file_system(folder, mounts)
    if kind.startswith(NETWORK_FILE_SYSTEMS):
        raise UnusableDatabase(
            f"{folder} is on a network file system ({kind}), where SQLite loses data: "
            "set data_dir to a folder on a local disk, or database_url to a PostgreSQL database"
        )


def file_system(folder: Path, mounts: str) -> str:
    """The type of file system that a folder is on, by the text of /proc/mounts; the longest mount point wins."""
    place, best, kind = str(folder.resolve()), -1, ""
    for line in mounts.splitlines():
        _, point, mounted, *_ = line.split(" ")
        point = re.sub(r"\\([0-7]{3})", lambda octal: chr(int(octal[1], 8)), point).rstrip("/")  # blanks are \040
        if (place + "/").startswith(point + "/") and len(point) >= best:
            best, kind = len(point), mounted
    return kind


def _postgresql(url: str) -> Database:
    from playhouse.pool import PooledPostgresqlDatabase

    class Pool(PooledPostgresqlDatabase):  # type: ignore[misc]  # playhouse is not typed
        def _is_closed(self, connection: Any) -> bool:
            """An idle connection has nothing to be read, unless the server ended it, for instance by a restart."""
            poll = select.poll()
            poll.register(connection.fileno(), select.POLLIN)
            return bool(super()._is_closed(connection) or poll.poll(0))

    parts = urlsplit(url)
    given = {"host": parts.hostname, "port": parts.port, "user": parts.username, "password": parts.password}
    options: dict[str, Any] = {name: unquote(value) if isinstance(value, str) else value for name, value in given.items() if value}
    for item in filter(None, parts.query.split("&")):  # e.g. host=/run/postgresql for a UNIX socket, sslmode=verify-full
        name, _, value = item.partition("=")
        options[name] = unquote(value)
    return Pool(unquote(parts.path.lstrip("/")), max_connections=POOL_SIZE, stale_timeout=300, timeout=10, prefer_psycopg3=True, **options)


def rows(query: Any) -> list[tuple[Any, ...]]:
    """The rows of a query as the driver gives them: much faster than objects of a table, for columns that need no conversion."""
    found: list[tuple[Any, ...]] = proxy.execute(query).fetchall()
    return found


def prepared(build: Callable[[], Any]) -> Callable[..., list[tuple[Any, ...]]]:
    """A query whose SQL is written once: for a query that every page asks, peewee takes longer to write it than SQLite to answer.

    `build` makes it with any values; the function that comes out takes the values in the order of the placeholders.
    """

    @lru_cache(maxsize=1)
    def sql(database: Database) -> str:
        text: str = build().sql()[0]
        return text

    def ask(*values: int | str) -> list[tuple[Any, ...]]:
        found: list[tuple[Any, ...]] = proxy.execute_sql(sql(proxy.obj), values).fetchall()
        return found

    return ask


def release() -> None:
    """Give a PostgreSQL connection back to the pool; an SQLite connection stays with its thread."""
    if proxy.obj is not None and not is_sqlite() and not proxy.is_closed():
        proxy.close()


def end_thread() -> None:
    """Close this thread's connection at its end; that of PostgreSQL goes back to the pool."""
    database = proxy.obj  # which the end of the process may take away meanwhile
    if database is not None and not database.is_closed():
        database.close()


def disconnect() -> None:
    """Close this thread's connection and the idle ones of the pool, before a fork."""
    end_thread()
    if proxy.obj is not None and not is_sqlite():
        proxy.obj.close_idle()


def _runner(database: Database) -> Any:
    from playhouse.migrations import Runner

    return Runner(database, str(MIGRATIONS))


def _reach(database: Database) -> None:
    try:
        database.connect(reuse_if_open=True)
        database.execute_sql("SELECT 1")
    except PeeweeException as error:
        where = "data_dir" if isinstance(database, SqliteDatabase) else "database_url and at the server"
        raise UnusableDatabase(f"the database does not answer: {str(error).strip()}; look at {where}") from error


def check(database: Database) -> None:
    """Raise UnusableDatabase unless every migration of this version, and none of a newer one, was applied."""
    _reach(database)
    rows = _runner(database).status()
    if unknown := [row.name for row in rows if row.path is None]:
        raise UnusableDatabase(
            f"the database is of a newer version of DQM Hub (it has {unknown[-1]}): install that version, or restore a backup"
        )
    if missing := [row.name for row in rows if not row.applied]:
        raise UnusableDatabase(f"the database is older than this version of DQM Hub (it lacks {missing[0]}): run `dqmhub db upgrade`")


def upgrade(database: Database, announce: Callable[[str], object]) -> list[str]:
    """Apply the migrations that are missing, one runner at a time; their names."""
    _reach(database)
    with _one_runner(database, announce):
        unknown = [row.name for row in _runner(database).status() if row.path is None]
        if unknown:
            check(database)
        done: list[str] = _runner(database).up()
    return done


@contextmanager
def _one_runner(database: Database, announce: Callable[[str], object]) -> Iterator[None]:
    if isinstance(database, SqliteDatabase):
        with open(f"{database.database}.upgrade", "w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                announce("another upgrade is running; waiting for it")
                fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        return
    name = 0x44514D  # any number that only these upgrades use
    if not database.execute_sql("SELECT pg_try_advisory_lock(%s)", (name,)).fetchone()[0]:
        announce("another upgrade is running; waiting for it")
        database.execute_sql("SELECT pg_advisory_lock(%s)", (name,))
    try:
        yield
    finally:
        database.execute_sql("SELECT pg_advisory_unlock(%s)", (name,))
