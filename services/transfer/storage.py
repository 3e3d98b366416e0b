"""The database of a journal: a file, or memory for as long as the file cannot be used."""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

RETURN_S = 30.0
"""Seconds after which a file that could not be used is tried again."""
BUSY_S = 10.0
MOST_LOG_BYTES = 4 << 20
"""Bytes of the log of SQLite that stay when it was larger."""
_SCHEMA = """
CREATE TABLE IF NOT EXISTS documents (kind TEXT, run INTEGER, key BLOB, document TEXT NOT NULL, PRIMARY KEY (kind, run, key)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS documents_run ON documents (run);
CREATE TABLE IF NOT EXISTS records (number INTEGER PRIMARY KEY, record TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS hubs (hub TEXT PRIMARY KEY, number INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS counts (name TEXT PRIMARY KEY, count INTEGER NOT NULL) WITHOUT ROWID;
CREATE TRIGGER IF NOT EXISTS record_added AFTER INSERT ON records
    BEGIN UPDATE counts SET count = count + length(new.record) WHERE name = 'bytes'; END;
CREATE TRIGGER IF NOT EXISTS record_removed AFTER DELETE ON records
    BEGIN UPDATE counts SET count = count - length(old.record) WHERE name = 'bytes'; END;
"""
_CHANGES = """
CREATE TABLE changes (kind TEXT, run INTEGER, key BLOB, PRIMARY KEY (kind, run, key)) WITHOUT ROWID;
CREATE TRIGGER stored AFTER INSERT ON documents BEGIN INSERT OR REPLACE INTO changes VALUES (new.kind, new.run, new.key); END;
CREATE TRIGGER removed AFTER DELETE ON documents BEGIN INSERT OR REPLACE INTO changes VALUES (old.kind, old.run, old.key); END;
"""
"""Only in memory: the documents to change in the file."""
_DAMAGES = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_FAULTS = {sqlite3.SQLITE_ERROR, sqlite3.SQLITE_CONSTRAINT, sqlite3.SQLITE_MISUSE, sqlite3.SQLITE_RANGE, sqlite3.SQLITE_TOOBIG}
"""Errors of statements. All others come from the file or its disk."""
Result = TypeVar("Result")
Action = Callable[[sqlite3.Connection], Result]
log = logging.getLogger(__name__)


class Storage:
    """One database, for several threads.

    Reading and writing never fail because of the file: a damaged file is renamed to `.damaged`. While a file cannot be used, for
    example on a full disk, a copy in memory is used in its place, and changes are written to the file later.
    """

    def __init__(self, path: Path, prepare: Action[None]) -> None:
        """Open the file, or make a new one.

        Args:
            path: The file; its folder is made.
            prepare: Called in a transaction of each database that replaces another one.
        """
        self._path, self._prepare = path, prepare
        self._lock = threading.Lock()
        self._return_at = 0.0
        self._before = 0
        """Number of the last record that is not only in memory."""
        try:
            self._connection = _open_file(path)
            self._is_file = True
        except (OSError, sqlite3.Error) as error:
            self._go_to_memory(error)

    def close(self) -> None:
        """Close the file; changes that are only in memory are lost if the file still cannot be used."""
        with self._lock:
            self._return_at = 0.0
            self._return_when_due()
            self._connection.close()

    def read(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """The rows of a statement. Raises `sqlite3.Error` when it is wrong."""
        return self._do(lambda connection: connection.execute(statement, values).fetchall())

    def write(self, action: Action[None]) -> None:
        """Do something in a transaction; it may be called twice. Raises `sqlite3.Error` when its statements are wrong."""
        self._do(lambda connection: _in_transaction(connection, action))

    def shrink(self) -> None:
        """Free the disk space of removed rows."""
        self._do(lambda connection: connection.executescript("PRAGMA incremental_vacuum"))  # `execute` stops after a page

    def _do(self, action: Action[Result]) -> Result:
        with self._lock:
            self._return_when_due()
            try:
                return action(self._connection)
            except sqlite3.Error as error:
                if not self._is_file or _code(error) in _FAULTS:
                    raise
                self._replace(error)
            return action(self._connection)

    def _replace(self, error: sqlite3.Error) -> None:
        """Use a new file in place of a damaged one, or memory."""
        self._connection.close()
        try:
            if _code(error) not in _DAMAGES:
                raise error
            _put_aside(self._path, error)
            self._connection = _open_file(self._path)
            _in_transaction(self._connection, self._prepare)
        except (OSError, sqlite3.Error) as failure:
            self._go_to_memory(failure)

    def _go_to_memory(self, error: Exception) -> None:
        """Continue with a copy in memory. Its new records have higher numbers than the file can get until it is used again."""
        log.error("Cannot use the journal %s: %s; new entries are kept in memory until it can be used", self._path, error)
        self._connection, self._is_file = _copy(self._path), False
        self._connection.execute("UPDATE counts SET count = max(count, ?) WHERE name = 'number'", (_number_now(),))
        ((self._before,),) = self._connection.execute("SELECT count FROM counts WHERE name = 'number'")
        self._return_at = time.monotonic() + RETURN_S
        _in_transaction(self._connection, self._prepare)

    def _return_when_due(self) -> None:
        """Use the file again, if possible, after writing the changes in memory to it."""
        if self._is_file or time.monotonic() < self._return_at:
            return
        self._return_at = time.monotonic() + RETURN_S
        try:
            file = _open_file(self._path)
            try:
                _in_transaction(file, self._write_changes)
            except BaseException:
                file.close()
                raise
        except (OSError, sqlite3.Error) as error:
            log.debug("Cannot use the journal %s yet: %s", self._path, error)
            return
        self._connection.close()
        self._connection, self._is_file = file, True
        log.info("The journal %s is used again", self._path)

    def _write_changes(self, file: sqlite3.Connection) -> None:
        self._prepare(file)
        memory = self._connection
        for place in memory.execute("SELECT kind, run, key FROM changes"):
            file.execute("DELETE FROM documents WHERE (kind, run, key) = (?, ?, ?)", place)
            rows = memory.execute("SELECT kind, run, key, document FROM documents WHERE (kind, run, key) = (?, ?, ?)", place)
            file.executemany("INSERT INTO documents VALUES (?, ?, ?, ?)", rows)
        rows = memory.execute("SELECT number, record FROM records WHERE number > ?", (self._before,))
        file.executemany("INSERT OR IGNORE INTO records VALUES (?, ?)", rows)
        counts = memory.execute("SELECT count, name FROM counts WHERE name IN ('dropped', 'number')")
        file.executemany("UPDATE counts SET count = max(count, ?) WHERE name = ?", counts)


def _open_file(path: Path) -> sqlite3.Connection:
    """Open a file, or make a new one, also in place of a damaged one. Raises `OSError` and `sqlite3.Error`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        return _connect(path)
    except sqlite3.Error as error:
        if _code(error) not in _DAMAGES:
            raise
        _put_aside(path, error)
    return _connect(path)


def _connect(path: Path) -> sqlite3.Connection:
    is_new = not path.exists()
    connection = _opened(str(path))
    try:
        if is_new:  # later this has no use
            connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute(f"PRAGMA journal_size_limit = {MOST_LOG_BYTES}")
        _check(connection)
        _make_tables(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _opened(name: str, timeout_s: float = BUSY_S) -> sqlite3.Connection:
    return sqlite3.connect(name, timeout=timeout_s, isolation_level=None, check_same_thread=False, uri=name.startswith("file:"))


def _make_tables(connection: sqlite3.Connection) -> None:
    connection.executescript(_SCHEMA)
    connection.execute("INSERT OR IGNORE INTO counts VALUES ('dropped', 0), ('bytes', 0), ('number', ?)", (_number_now(),))


def _number_now() -> int:
    """The number of the first record of a new database: larger than those of the one before, which may be lost."""
    return time.time_ns() // 1_000_000


def _check(connection: sqlite3.Connection) -> None:
    """Raise `sqlite3.Error` when any page is damaged: SQLite itself notices that of each when it is read, for example at the end of a run."""
    ((found,),) = connection.execute("PRAGMA quick_check(1)")
    if found != "ok":
        error = sqlite3.DatabaseError(" ".join(found.split()))
        error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
        raise error


def _put_aside(path: Path, error: sqlite3.Error) -> None:
    log.error("The journal %s is damaged (%s); it is kept as %s.damaged, and a new one is created", path, error, path.name)
    path.replace(path.with_name(path.name + ".damaged"))
    for ending in ("-wal", "-shm"):
        path.with_name(path.name + ending).unlink(missing_ok=True)


def _copy(path: Path) -> sqlite3.Connection:
    """A copy in memory of the readable part of a file."""
    for read in (_read_alone, _read_beside_others, _read_file_alone):
        memory = _opened(":memory:")
        try:
            read(path, memory)
            _check(memory)
            _make_tables(memory)
            break
        except (OSError, sqlite3.Error) as error:
            log.debug("Cannot read the journal %s: %s", path, error)
            memory.close()
    else:
        memory = _opened(":memory:")
        _make_tables(memory)
    memory.executescript(_CHANGES)
    return memory


def _read_alone(path: Path, memory: sqlite3.Connection) -> None:
    """Read a file that no other process uses: the index of its log is in memory then, for which a full disk has no room."""
    with closing(_opened(f"{_uri(path)}?mode=rw", timeout_s=0.0)) as file:
        file.execute("PRAGMA locking_mode = EXCLUSIVE")
        file.backup(memory)


def _read_beside_others(path: Path, memory: sqlite3.Connection) -> None:
    """Read a file that another process uses, or one on a read-only disk, with the index that is there."""
    with closing(_opened(f"{_uri(path)}?mode=ro")) as file:
        file.backup(memory)


def _read_file_alone(path: Path, memory: sqlite3.Connection) -> None:
    """Read a file without a log where not even an empty one can be made."""
    log_file = path.with_name(path.name + "-wal")
    if log_file.is_file() and log_file.stat().st_size:
        raise FileExistsError(f"{log_file} has more")
    with closing(_opened(f"{_uri(path)}?mode=ro&immutable=1")) as file:
        file.backup(memory)


def _uri(path: Path) -> str:
    return f"file:{quote(str(path))}"


def _in_transaction(connection: sqlite3.Connection, action: Action[None]) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        action(connection)
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _code(error: sqlite3.Error) -> int:
    """The primary code of an error; that of a wrong call for those of Python."""
    return getattr(error, "sqlite_errorcode", sqlite3.SQLITE_MISUSE) & 0xFF
