"""What a mirror has: one SQLite file, in which each snapshot is one transaction.

A process killed at any instant leaves the state of some edition, whole. Readers see one edition throughout a request,
and are not held up by a snapshot that is being stored.
"""

from __future__ import annotations

import gzip
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from protocol.snapshot import ItemKey, Snapshot, SnapshotError, content_tag

TABLES = """
CREATE TABLE IF NOT EXISTS state (
    only INTEGER PRIMARY KEY CHECK (only = 1), series TEXT NOT NULL, started REAL NOT NULL, have INTEGER NOT NULL, at REAL NOT NULL, hub TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS item (
    kind TEXT NOT NULL, system TEXT NOT NULL, run INTEGER NOT NULL, name TEXT NOT NULL,
    type TEXT NOT NULL, encoding TEXT NOT NULL, tag TEXT NOT NULL, changed REAL NOT NULL, body BLOB NOT NULL,
    PRIMARY KEY (kind, system, run, name)
);
CREATE INDEX IF NOT EXISTS item_by_name ON item (kind, system, name);
"""
FULL = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR)
WAIT_S = 30


class State(NamedTuple):
    """What the mirror has: edition `have` of a series, made at `at` (Unix s UTC) by the instance `hub`; all empty at first."""

    series: str = ""
    started: float = 0.0
    have: int = 0
    at: float = 0.0
    hub: str = ""

    def shape(self) -> dict[str, object]:
        """As hubs read it."""
        return {"series": self.series, "have": self.have, "at": self.at}


class Kept(NamedTuple):
    """An item that is stored. tag: of its bytes; changed: the date of the snapshot that brought it, Unix s UTC."""

    type: str
    encoding: str
    tag: str
    changed: float
    body: bytes

    @property
    def content(self) -> bytes:
        """The bytes before their encoding."""
        return gzip.decompress(self.body) if self.encoding == "gzip" else self.body


class View:
    """One edition, as a request sees it."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    @property
    def state(self) -> State:
        found = self._connection.execute("SELECT series, started, have, at, hub FROM state").fetchone()
        return State(*found) if found else State()

    def tag(self, key: ItemKey) -> str:
        """Which content an item has now; "" when there is none."""
        found = self._connection.execute("SELECT tag FROM item WHERE kind = ? AND system = ? AND run = ? AND name = ?", key).fetchone()
        return str(found[0]) if found else ""

    def item(self, key: ItemKey) -> Kept | None:
        query = "SELECT type, encoding, tag, changed, body FROM item WHERE kind = ? AND system = ? AND run = ? AND name = ?"
        found = self._connection.execute(query, key).fetchone()
        return Kept(*found) if found else None

    def named(self, kind: str, system: str, name: str) -> Kept | None:
        """An item of which the run is not known."""
        query = "SELECT type, encoding, tag, changed, body FROM item WHERE kind = ? AND system = ? AND name = ?"
        found = self._connection.execute(query, (kind, system, name)).fetchone()
        return Kept(*found) if found else None

    def of_runs(self, kind: str, system: str, first: int, last: int, most: int) -> list[tuple[int, Kept]]:
        """The items of the newest runs of a range, at most so many, the newest first."""
        query = (
            "SELECT run, type, encoding, tag, changed, body FROM item"
            " WHERE kind = ? AND system = ? AND run BETWEEN ? AND ? AND name = 'data' ORDER BY run DESC LIMIT ?"
        )
        return [(run, Kept(*rest)) for run, *rest in self._connection.execute(query, (kind, system, first, last, most))]

    def around(self, kind: str, system: str, run: int) -> tuple[int | None, int | None]:
        """The runs before and after this one that have such items."""
        where = "FROM item WHERE kind = ? AND system = ? AND run"
        (before,) = self._connection.execute(f"SELECT MAX(run) {where} < ?", (kind, system, run)).fetchone()
        (after,) = self._connection.execute(f"SELECT MIN(run) {where} > ?", (kind, system, run)).fetchone()
        return before, after

    def ends(self, kind: str, system: str) -> tuple[int | None, int | None]:
        """The first and the last run that have such items."""
        where = "FROM item WHERE kind = ? AND system = ?"
        (first,) = self._connection.execute(f"SELECT MIN(run) {where}", (kind, system)).fetchone()
        (last,) = self._connection.execute(f"SELECT MAX(run) {where}", (kind, system)).fetchone()
        return first, last

    def counts(self) -> dict[str, int]:
        """Number of items by kind."""
        return dict(self._connection.execute("SELECT kind, COUNT(*) FROM item GROUP BY kind"))


class Store:
    """The file; every thread has a connection of its own."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / "mirror.db"
        self._own = threading.local()
        self._connection().executescript(TABLES)

    def _connection(self) -> sqlite3.Connection:
        found: sqlite3.Connection | None = getattr(self._own, "connection", None)
        if found is None:
            found = sqlite3.connect(self.path, timeout=WAIT_S, isolation_level=None)
            for pragma in ("journal_mode = WAL", "synchronous = NORMAL", "cache_size = -512", "journal_size_limit = 16777216"):
                found.execute(f"PRAGMA {pragma}").close()
            self._own.connection = found
        return found

    @contextmanager
    def view(self) -> Iterator[View]:
        """What is stored now, unchanged to the end of the block."""
        connection = self._connection()
        connection.execute("BEGIN")
        try:
            yield View(connection)
        finally:
            connection.execute("COMMIT")

    def state(self) -> State:
        with self.view() as now:
            return now.state

    def take(self, snapshot: Snapshot) -> State:
        """Store a snapshot, whole or not at all; SnapshotError (409) when it does not fit to what is there, (507) when the disk is full."""
        try:
            return self._take(snapshot)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF not in FULL:
                raise
            raise SnapshotError(507, f"it cannot be stored ({error}); the mirror keeps what it has") from error

    def _take(self, snapshot: Snapshot) -> State:
        connection = self._connection()
        connection.execute("BEGIN IMMEDIATE")
        try:
            old = View(connection).state
            refuse(snapshot, old)
            if snapshot.series != old.series:
                connection.execute("DELETE FROM item")
            _write(connection, snapshot)
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:  # SQLite itself ends one that found the disk full
                connection.execute("ROLLBACK")
            raise
        return _state(snapshot)


def refuse(snapshot: Snapshot, old: State) -> None:
    """SnapshotError (409) when a snapshot does not lead on from what is there."""
    have = old.have
    if snapshot.series != old.series:
        if snapshot.started <= old.started:
            raise SnapshotError(409, f"its series {snapshot.series} did not begin later than {old.series}, which this mirror has")
        have = 0
    if snapshot.since > have:
        raise SnapshotError(409, f"it begins at edition {snapshot.since}, and this mirror has {have}")
    if snapshot.until <= have:
        raise SnapshotError(409, f"it leads to edition {snapshot.until}, and this mirror has {have} already")


def _write(connection: sqlite3.Connection, snapshot: Snapshot) -> None:
    connection.execute("INSERT OR REPLACE INTO state (only, series, started, have, at, hub) VALUES (1, ?, ?, ?, ?, ?)", _state(snapshot))
    for key, type, encoding, body in snapshot.items:
        if body is None:
            connection.execute("DELETE FROM item WHERE kind = ? AND system = ? AND run = ? AND name = ?", key)
        else:
            row = (*key, type, encoding, content_tag(body), snapshot.at, body)
            connection.execute("INSERT OR REPLACE INTO item VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", row)


def _state(snapshot: Snapshot) -> State:
    return State(snapshot.series, snapshot.started, snapshot.until, snapshot.at, snapshot.hub)
