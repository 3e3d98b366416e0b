"""Outages: errors with a cause outside of the hub, a full disk or a database that is busy or cannot be reached.

They end by themselves or by an administrator, so requests are refused for now, steps and jobs are repeated, and nothing
is stored about what was being done.
"""

from __future__ import annotations

import errno
import logging
import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal, NamedTuple

from app.core.database import UnusableDatabase, sqlite_file
from app.core.database_faults import DAMAGED_CODES, damage, forbidden
from app.core.database_kinds import DatabaseRefused
from app.core.disk import FULL_ERRORS, is_full

log = logging.getLogger(__name__)

OutageKind = Literal["full", "busy", "unreachable", "unusable"]
"""Unusable: the reason is a sentence for people, with what to do."""

BUSY_CODES = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL})
UNREACHABLE_CODES = DAMAGED_CODES | {sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM}
DISK_FULL = "53100"
BUSY_STATES = ("55P03", "40P01", "40001", "57014", "53300")
"""SQL states of PostgreSQL: lock not available, deadlock, serialization failure, query cancelled, too many connections."""
UNREACHABLE_STATES = ("08", "53", "57P", "58", "25006", "XX00")
"""Beginnings of SQL states: connection, resources, shutdown, system errors, a read-only standby, damaged data."""

UNREACHABLE_REDIS = frozenset({"ConnectionError", "TimeoutError", "ReadOnlyError", "OutOfMemoryError"})
"""Classes of errors of Redis; one that reads its data after a restart has a connection error, too."""

LOG_S = 60.0
"""An outage is logged at most this often by a process."""


class Outage(NamedTuple):
    """Why something cannot be done now."""

    kind: OutageKind
    reason: str  # the first cause, as the system or the database names it


def outage_of(error: BaseException) -> Outage | None:
    """The outage that is the first cause of an error; None if there is none."""
    found = None
    for each in _chain(error):
        if kind := _kind(each):
            found = Outage(kind, _reason(each, kind))
    return found


def _reason(error: BaseException, kind: OutageKind) -> str:
    """The reason given by the system or the database; SQLite reports a full disk only while it writes the database itself."""
    text = f"{error}".strip()
    if found := damage(sqlite_file(), error):
        return ": ".join(found)
    if kind == "unreachable" and isinstance(error, sqlite3.Error) and (file := sqlite_file()) and (found := forbidden(file)):
        return ": ".join(found)
    if kind == "full" and getattr(error, "sqlite_errorcode", sqlite3.SQLITE_FULL) & 0xFF != sqlite3.SQLITE_FULL:
        return f"{os.strerror(errno.ENOSPC)} ({text})"
    return text


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """An error, its cause, the cause of that, and so on."""
    while error is not None:
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def _kind(error: BaseException) -> OutageKind | None:
    if isinstance(error, sqlite3.Error):
        return _sqlite_kind(getattr(error, "sqlite_errorcode", 0))
    if isinstance(error, UnusableDatabase | DatabaseRefused):
        return "unusable"
    if type(error).__module__.startswith("psycopg"):
        return _postgresql_kind(error)
    if type(error).__module__.startswith("redis."):
        return "unreachable" if UNREACHABLE_REDIS.intersection(each.__name__ for each in type(error).__mro__) else None
    if isinstance(error, OSError):
        return "full" if error.errno in FULL_ERRORS else "unreachable" if error.errno == errno.EROFS else None
    return "busy" if type(error).__name__ == "MaxConnectionsExceeded" else None  # of the pool


def _sqlite_kind(code: int) -> OutageKind | None:
    primary = code & 0xFF
    if primary in BUSY_CODES:
        return "busy"
    if primary == sqlite3.SQLITE_FULL:
        return "full"
    if primary not in UNREACHABLE_CODES:
        return None
    file = sqlite_file()  # SQLite cannot make its index on a full disk, and then says that it cannot open the database
    return "full" if file and is_full(file.parent) else "unreachable"


def _postgresql_kind(error: Any) -> OutageKind | None:
    state = getattr(error, "sqlstate", None)
    if state is None:  # of the driver itself: the connection
        return "unreachable" if type(error).__name__ in ("OperationalError", "InterfaceError", "ConnectionTimeout") else None
    if state == DISK_FULL:
        return "full"
    return "busy" if state in BUSY_STATES else "unreachable" if state.startswith(UNREACHABLE_STATES) else None


_logged: dict[tuple[str, OutageKind], float] = {}


def log_outage(what: str, outage: Outage) -> None:
    """Log that something was not done, at most once in LOG_S for each kind: the log may be on the full disk."""
    now = time.monotonic()
    if now - _logged.get((what, outage.kind), -LOG_S) >= LOG_S:
        _logged[what, outage.kind] = now
        log.error("%s: %s (%s)", what, outage.reason, outage.kind)


def log_error(what: str, error: Exception) -> None:
    """Log an error with its traceback, or an outage in one line at most once in LOG_S."""
    if outage := outage_of(error):
        log_outage(what, outage)
    else:
        log.error("%s", what, exc_info=error)


@contextmanager
def outages_logged(what: str) -> Iterator[None]:
    """Log an outage in this block and continue; for work that is not the main purpose of the caller."""
    try:
        yield
    except Exception as error:
        if (outage := outage_of(error)) is None:
            raise
        log_outage(what, outage)


def refuse_full_disk() -> None:
    """Raise OSError while the disk with the database is full: before something is done that could not be stored."""
    file = sqlite_file()
    if file and is_full(file.parent):
        raise OSError(errno.ENOSPC, "The disk with the database is full")
