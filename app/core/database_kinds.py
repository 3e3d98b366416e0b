"""The two kinds of databases, with what peewee leaves open: first causes of errors, a replaced file, idle connections."""

from __future__ import annotations

import os
import select
import sqlite3
import sys
import time
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from threading import Lock, local
from typing import Any
from urllib.parse import unquote, urlsplit

from peewee import PeeweeException, SqliteDatabase, __exception_wrapper__  # type: ignore[attr-defined]  # its types lack it

from app.core.database_log import LOG_ENDINGS, foreign_log, note_file
from app.core.database_waits import LockWaits

CHECK_S = 0.2
"""Shortest time between two checks whether the file of the database is still the one that was opened, s."""

ROLLBACK_TO_SAVEPOINT = "ROLLBACK TO "
WRITES = ("INSERT", "UPDATE", "DELETE")

RESTORE = "stop all its services, restore the database as docs/operators/backup.md says, and start them again"


class DatabaseRefused(PeeweeException):
    """This process may not use the database that it found. The message has the reason and the remedy."""

    def __init__(self, reason: str, remedy: str) -> None:
        self.reason, self.remedy = reason, remedy
        super().__init__(f"{reason}: {remedy}")


class DatabaseReplaced(DatabaseRefused):
    """The file of the database was replaced or removed while this process runs."""


class WrongEncoding(DatabaseRefused):
    """A PostgreSQL database has another encoding than UTF8: not all texts can be stored, or the driver returns them as bytes."""


class FirstCause:
    """Keeps the first error of a transaction: the rollback after it fails, too, if the database rolled back by itself or is unreachable."""

    def rollback(self) -> None:
        """Roll the transaction back; while an error is handled, a further one is dropped."""
        first = sys.exc_info()[1]
        try:
            super().rollback()  # type: ignore[misc]  # a class of peewee follows
        except PeeweeException:
            if first is None:
                raise

    def execute_sql(self, sql: str, params: Any = None) -> Any:
        """Run a statement. While an error is handled, a further one of rolling back is dropped."""
        first = sys.exc_info()[1] if sql.startswith(ROLLBACK_TO_SAVEPOINT) else None
        try:
            return super().execute_sql(sql, params)  # type: ignore[misc]  # a class of peewee follows
        except PeeweeException:
            if first is None:
                raise

    def execute_many(self, sql: str, values: Iterable[Sequence[Any]]) -> None:
        """Run a statement for each row of values, for all or for none. It waits and fails as other statements do: the driver alone does not."""
        database: Any = self
        with database.atomic(), __exception_wrapper__:
            database.cursor().executemany(sql, values)


class SqliteFile(FirstCause, SqliteDatabase):
    """A database in a file. Refuses the file if it was replaced since it was opened.

    A process with open connections would go on with the old file, and others would read the new file with the log of
    the old one, which damages it.

    Attributes:
        file_id: Device and inode of the file.
        waits: How long threads wait for the write lock.
    """

    def __init__(self, path: str, file_id: tuple[int, int] | None, waits: LockWaits, **options: Any) -> None:
        self.file_id = file_id
        self.waits = waits
        self._checked = 0.0
        self._opening = Lock()
        super().__init__(path, timeout=0, **options)

    def connect(self, reuse_if_open: bool = False) -> bool:
        """Open a connection for this thread; whether it is new. Raises DatabaseReplaced."""
        self.check_file()
        return self.waits.run(partial(self._connect_now, reuse_if_open), takes_lock=False)

    def _connect_now(self, reuse_if_open: bool) -> bool:
        with self._opening:
            return bool(super().connect(reuse_if_open)) if self.file_id else self._connect_first()

    def _connect_first(self) -> bool:
        file = Path(self.database)
        if reason := foreign_log(file):
            raise DatabaseReplaced(reason, RESTORE)
        self._note(file)
        super().connect()
        self.file_id = self._file_id()
        self._note(file)  # if it is new
        return True

    def _note(self, file: Path) -> None:
        note_file(file)

    def begin(self, lock_type: str | None = None) -> None:
        """Begin a transaction. Raises DatabaseReplaced."""
        self._check_sometimes()
        self.waits.run(partial(super().begin, lock_type), takes_lock=True)

    def execute_sql(self, sql: str, params: Any = None) -> Any:
        """Run a statement. Raises DatabaseReplaced."""
        self._check_sometimes()
        if self.in_transaction():
            return super().execute_sql(sql, params)
        return self.waits.run(partial(super().execute_sql, sql, params), takes_lock=sql.startswith(WRITES))

    def _check_sometimes(self) -> None:
        now = time.monotonic()
        if now - self._checked > CHECK_S:
            self.check_file()
            self._checked = now

    def check_file(self) -> None:
        """Raise DatabaseReplaced unless the file is the one that was opened first."""
        if self.file_id and (found := self._file_id()) != self.file_id:
            if found:
                raise DatabaseReplaced("The file of the database was replaced while DQM Hub runs", RESTORE)
            reason = "The file of the database was removed while DQM Hub runs, or its disk cannot be reached"
            raise DatabaseReplaced(reason, f"mount it again, or {RESTORE}")

    def _file_id(self) -> tuple[int, int] | None:
        try:
            found = os.stat(self.database)
        except OSError:  # not only because it is missing: also of a disk that fails
            return None
        return found.st_dev, found.st_ino


def address_to_read(file: Path) -> str:
    """The address of an SQLite file for a connection that makes no log beside it."""
    has_log = file.with_name(file.name + LOG_ENDINGS[0]).exists()
    return f"{file.absolute().as_uri()}?{'mode=ro' if has_log else 'immutable=1'}"


class SqliteFileToRead(SqliteFile):
    """An SQLite file that is read without making or changing anything, not even the log of a database that no process has open."""

    def _note(self, file: Path) -> None:
        pass

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(address_to_read(Path(self.database)), uri=True, isolation_level=None)
        self._add_conn_hooks(connection)  # type: ignore[attr-defined]  # of peewee
        return connection


POSTGRESQL_GONE = {"connect_timeout": 5, "tcp_user_timeout": 10_000, "keepalives_idle": 4, "keepalives_interval": 3, "keepalives_count": 2}
"""Options of libpq, s and ms: a server whose machine or network is gone counts as unreachable after 10 s. TCP itself waits for a quarter of an hour."""
CLIENT_GONE = {"tcp_user_timeout": 10_000, "tcp_keepalives_idle": 4, "tcp_keepalives_interval": 3, "tcp_keepalives_count": 2}
"""The same for the server: it ends transactions of lost hosts after 10 s. Otherwise their locks would last for two hours."""

ENCODING = "UTF8"
CREATE_DATABASE = f"createdb --encoding {ENCODING} --template template0 NAME"


def postgresql(url: str, most: int, lock_timeout_s: float) -> Any:
    """A pool of connections to a PostgreSQL database.

    Args:
        most: Connections of the pool.
        lock_timeout_s: Longest wait of a statement for locks.
    """
    parts = urlsplit(url)
    values = {"host": parts.hostname, "port": parts.port, "user": parts.username, "password": parts.password}
    options: dict[str, Any] = {name: unquote(value) if isinstance(value, str) else value for name, value in values.items() if value}
    for item in filter(None, parts.query.split("&")):  # e.g. host=/run/postgresql for a UNIX socket, sslmode=verify-full
        name, _, value = item.partition("=")
        options[name] = unquote(value)
    session = CLIENT_GONE | {"lock_timeout": round(1000 * lock_timeout_s)}
    options.setdefault("options", " ".join(f"-c {option}={value}" for option, value in session.items()))
    name = unquote(parts.path.lstrip("/"))
    return _pool(name, max_connections=most, stale_timeout=300, timeout=10, prefer_psycopg3=True, **options)


def unknown_parameters(url: str) -> list[str]:
    """The parameters of the URL of a PostgreSQL database that its driver does not have."""
    from psycopg.pq import Conninfo  # here, since the driver loads slowly

    known = {option.keyword.decode() for option in Conninfo.get_defaults()}
    names = [item.partition("=")[0] for item in urlsplit(url).query.split("&") if item]
    return [name for name in names if name not in known]


def _pool(*arguments: Any, **options: Any) -> Any:
    import psycopg  # here, since it loads slowly
    from playhouse.pool import PooledPostgresqlDatabase

    class Pool(FirstCause, PooledPostgresqlDatabase):  # type: ignore[misc]  # playhouse is not typed
        _failed = float("-inf"), ""  # when the last connection could not be made, and why
        _asked = local()  # when this thread asked for a connection

        def _is_closed(self, connection: Any) -> bool:
            """Whether the server has closed an idle connection, e.g. in a restart: only then it has something to read."""
            poll = select.poll()
            poll.register(connection.fileno(), select.POLLIN)
            return bool(super()._is_closed(connection) or poll.poll(0))

        def connect(self, reuse_if_open: bool = False) -> bool:
            """Take a connection for this thread; whether it is new to it."""
            self._asked.at = time.monotonic()
            return bool(super().connect(reuse_if_open))

        def _connect(self) -> Any:
            """A connection. Threads make them one after the other; those that waited share a failure, or the last one would wait for all."""
            if self._asked.at < self._failed[0] and not self._connections:  # one may have been given back meanwhile
                raise psycopg.OperationalError(self._failed[1])
            try:
                connection = super()._connect()
            except psycopg.OperationalError as error:
                self._failed = time.monotonic(), str(error)
                raise
            if (encoding := connection.info.parameter_status("server_encoding")) != ENCODING:
                self._close(connection, close_conn=True)
                reason = f"The database {self.database} has the encoding {encoding}, and DQM Hub needs {ENCODING}"
                raise WrongEncoding(reason, f"make another one by `{CREATE_DATABASE}`, and set database_url to it")
            return connection

    return Pool(*arguments, **POSTGRESQL_GONE | options)
