"""Storage of a mirror: one SQLite file, in which each snapshot is one transaction.

A process that is killed at any time leaves a complete revision. A reader sees one revision during a whole request, and does not
wait while a snapshot is stored.
"""

from __future__ import annotations

import gzip
import json
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
PRAGMAS = ("journal_mode = WAL", "synchronous = NORMAL", "cache_size = -512", "journal_size_limit = 16777216")
DISK_FULL = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR)
LOCK_TIMEOUT_S = 30

COLUMNS = "type, encoding, tag, changed, body"
BY_KEY = "kind = ? AND system = ? AND run = ? AND name = ?"


class MirrorState(NamedTuple):
    """Series and revision of a mirror; all fields are empty before the first snapshot."""

    series: str = ""
    started: float = 0.0  # start of the series, Unix s UTC
    revision: int = 0
    at: float = 0.0  # creation time of the revision, Unix s UTC
    hub: str = ""  # name of the instance

    def as_json(self) -> dict[str, object]:
        """The fields that hubs read."""
        return {"series": self.series, "have": self.revision, "at": self.at}


class StoredItem(NamedTuple):
    """An item in the store."""

    content_type: str
    encoding: str  # of the body: "gzip" or ""
    tag: str  # version of the body
    changed: float  # creation time of the snapshot with this version, Unix s UTC
    body: bytes

    @property
    def content(self) -> bytes:
        """The decompressed body."""
        return gzip.decompress(self.body) if self.encoding == "gzip" else self.body


class StoreView:
    """Read access to one revision during a request."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    @property
    def state(self) -> MirrorState:
        """Series and revision."""
        row = self._connection.execute("SELECT series, started, have, at, hub FROM state").fetchone()
        return MirrorState(*row) if row else MirrorState()

    def tag(self, key: ItemKey) -> str:
        """Version of an item; "" when it does not exist."""
        row = self._connection.execute(f"SELECT tag FROM item WHERE {BY_KEY}", key).fetchone()
        return str(row[0]) if row else ""

    def item(self, key: ItemKey) -> StoredItem | None:
        """An item, or None when it does not exist."""
        row = self._connection.execute(f"SELECT {COLUMNS} FROM item WHERE {BY_KEY}", key).fetchone()
        return StoredItem(*row) if row else None

    def item_by_name(self, kind: str, system: str, name: str) -> StoredItem | None:
        """An item of an unknown run, or None when it does not exist."""
        query = f"SELECT {COLUMNS} FROM item WHERE kind = ? AND system = ? AND name = ?"
        row = self._connection.execute(query, (kind, system, name)).fetchone()
        return StoredItem(*row) if row else None

    def run_data(self, system: str, first: int, last: int, limit: int) -> list[tuple[int, StoredItem]]:
        """Run numbers and data of at most `limit` runs from `first` to `last`, newest first."""
        query = (
            f"SELECT run, {COLUMNS} FROM item"
            " WHERE kind = 'run' AND system = ? AND run BETWEEN ? AND ? AND name = 'data' ORDER BY run DESC LIMIT ?"
        )
        return [(run, StoredItem(*row)) for run, *row in self._connection.execute(query, (system, first, last, limit))]

    def neighbours(self, system: str, run: int) -> tuple[int | None, int | None]:
        """The run before and the run after a run number, if the mirror has them."""
        where = "FROM item WHERE kind = 'run' AND system = ? AND run"
        (before,) = self._connection.execute(f"SELECT MAX(run) {where} < ?", (system, run)).fetchone()
        (after,) = self._connection.execute(f"SELECT MIN(run) {where} > ?", (system, run)).fetchone()
        return before, after

    def first_and_last_run(self, system: str) -> tuple[int | None, int | None]:
        """The oldest run and the newest one, which the hub names; if the mirror does not have that, the one with the highest number."""
        where = "FROM item WHERE kind = 'run' AND system = ?"
        (first,) = self._connection.execute(f"SELECT MIN(run) {where}", (system,)).fetchone()
        (last,) = self._connection.execute(f"SELECT MAX(run) {where}", (system,)).fetchone()
        named = self.item(ItemKey("index", system, 0, "newest"))
        newest = json.loads(named.content) if named else None
        has_newest = isinstance(newest, int) and self.tag(ItemKey("run", system, newest, "page"))
        return first, newest if has_newest else last

    def count_by_kind(self) -> dict[str, int]:
        """Number of items of each kind."""
        return dict(self._connection.execute("SELECT kind, COUNT(*) FROM item GROUP BY kind"))


class Store:
    """The SQLite file; each thread has its own connection."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / "mirror.db"
        self._local = threading.local()
        self._connection().executescript(TABLES)

    @contextmanager
    def view(self) -> Iterator[StoreView]:
        """The current revision, unchanged to the end of the block."""
        connection = self._connection()
        connection.execute("BEGIN")
        try:
            yield StoreView(connection)
        finally:
            connection.execute("COMMIT")

    def state(self) -> MirrorState:
        """The current series and revision."""
        with self.view() as view:
            return view.state

    def apply(self, snapshot: Snapshot) -> MirrorState:
        """Store a snapshot, completely or not at all.

        Raises SnapshotError: 409 when it does not follow the current revision, 507 when the disk is full.
        """
        try:
            return self._apply(snapshot)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF not in DISK_FULL:
                raise
            raise SnapshotError(507, f"Cannot store the snapshot ({error}); the mirror keeps its current data") from error

    def _connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = sqlite3.connect(self.path, timeout=LOCK_TIMEOUT_S, isolation_level=None)
            for pragma in PRAGMAS:
                connection.execute(f"PRAGMA {pragma}").close()
            self._local.connection = connection
        return connection

    def _apply(self, snapshot: Snapshot) -> MirrorState:
        connection = self._connection()
        connection.execute("BEGIN IMMEDIATE")
        try:
            old = StoreView(connection).state
            check_sequence(snapshot, old)
            if snapshot.series != old.series:
                connection.execute("DELETE FROM item")
            _write(connection, snapshot)
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:  # SQLite rolls back by itself when the disk is full
                connection.execute("ROLLBACK")
            raise
        return _state_after(snapshot)


def check_sequence(snapshot: Snapshot, old: MirrorState) -> None:
    """Raise SnapshotError (409) unless a snapshot follows the current revision or starts a later series."""
    revision = old.revision
    if snapshot.series != old.series:
        if snapshot.started <= old.started:
            raise SnapshotError(409, f"The series {snapshot.series} did not start later than {old.series}, which this mirror has")
        revision = 0
    if snapshot.since > revision:
        raise SnapshotError(409, f"The snapshot starts at revision {snapshot.since}, but this mirror has revision {revision}")
    if snapshot.until <= revision:
        raise SnapshotError(409, f"The snapshot ends at revision {snapshot.until}, but this mirror has revision {revision} already")


def _write(connection: sqlite3.Connection, snapshot: Snapshot) -> None:
    row = _state_after(snapshot)
    connection.execute("INSERT OR REPLACE INTO state (only, series, started, have, at, hub) VALUES (1, ?, ?, ?, ?, ?)", row)
    for key, content_type, encoding, body in snapshot.items:
        if body is None:
            connection.execute(f"DELETE FROM item WHERE {BY_KEY}", key)
        else:
            values = (*key, content_type, encoding, content_tag(body), snapshot.at, body)
            connection.execute("INSERT OR REPLACE INTO item VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", values)


def _state_after(snapshot: Snapshot) -> MirrorState:
    return MirrorState(snapshot.series, snapshot.started, snapshot.until, snapshot.at, snapshot.hub)
