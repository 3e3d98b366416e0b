"""A small database with the work of a process of the transfer, which survives the process, and the records for hubs."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from itertools import accumulate
from pathlib import Path
from typing import Any

from .storage import Storage

MOST_KEPT_BYTES = 64 << 20
"""Bytes of records that are kept until hubs have them; beyond this the oldest are dropped."""
MOST_BYTES = 1 << 20
"""Bytes of records in one report, which is the limit of a hub; a larger record is dropped."""
_CODEC = ("utf-8", "surrogateescape")


class JournalFailed(OSError):
    """The journal cannot be read or written, though it goes on in memory when its disk is full or damaged; nothing was changed."""


class Journal:
    """Documents by kind, run and key, and records in the order in which they were made.

    Numbers of records only grow, also when the file was lost: the first number of a new file is the time of its creation in ms, so
    that no hub mistakes a new record for one that it has. All methods may be used by several threads, and raise JournalFailed.
    """

    def __init__(self, path: Path) -> None:
        """Open a journal, or make a new one.

        Faults of the file or its disk are no errors: a damaged file is renamed to `.damaged`, and entries that cannot be written are
        kept in memory until they can.
        """
        self._listeners: list[Callable[[], None]] = []
        self._hubs: Sequence[str] | None = None
        self._storage = Storage(path, self._name_hubs)

    def close(self) -> None:
        """Close the file."""
        self._storage.close()

    def get(self, kind: str, run: int, key: str) -> dict[str, Any] | None:
        """A document; None if there is none."""
        rows = self._read("SELECT document FROM documents WHERE kind = ? AND run = ? AND key = ?", kind, run, _stored(key))
        return json.loads(rows[0][0]) if rows else None

    def of_run(self, kind: str, run: int) -> dict[str, dict[str, Any]]:
        """All documents of a kind of a run, by key."""
        rows = self._read("SELECT key, document FROM documents WHERE kind = ? AND run = ? ORDER BY key", kind, run)
        return {key.decode(*_CODEC): json.loads(document) for key, document in rows}

    def runs(self, kind: str) -> list[int]:
        """The runs that have documents of a kind."""
        return [run for (run,) in self._read("SELECT DISTINCT run FROM documents WHERE kind = ? ORDER BY run", kind)]

    def put(self, kind: str, run: int, key: str, document: Mapping[str, Any], record: Mapping[str, Any] | None = None) -> None:
        """Store a document in place of the one before, and add a record if there is one, both or nothing."""
        row = (kind, run, _stored(key), json.dumps(document))

        def store(connection: sqlite3.Connection) -> None:
            connection.execute("INSERT OR REPLACE INTO documents (kind, run, key, document) VALUES (?, ?, ?, ?)", row)
            if record is not None:
                self._add(connection, record)

        self._write(store)
        if record is not None:
            self._notify_listeners()

    def remove(self, kind: str, run: int, key: str) -> None:
        """Remove a document, if there is one."""
        place = (kind, run, _stored(key))
        self._write(lambda connection: _execute(connection, "DELETE FROM documents WHERE kind = ? AND run = ? AND key = ?", *place))

    def forget(self, run: int) -> None:
        """Remove all documents of a run; its records stay until hubs have them."""
        self._write(lambda connection: _execute(connection, "DELETE FROM documents WHERE run = ?", run))

    def add_record(self, record: Mapping[str, Any]) -> None:
        """Add a record for all hubs: at least its `kind`, `at` (s since 1970) and `run`."""
        self._write(lambda connection: self._add(connection, record))
        self._notify_listeners()

    def report_to(self, hubs: Sequence[str], on_record: Callable[[], None]) -> None:
        """Keep records until these hubs have acknowledged them, and call `on_record` after each new one.

        A new hub gets all remaining records. Without hubs no record is kept.
        """
        self._hubs = tuple(hubs)
        self._write(self._name_hubs)
        self._listeners.append(on_record)

    def acknowledged(self, hub: str) -> int:
        """The number of the last record that a hub has; 0 if it has none."""
        rows = self._read("SELECT number FROM hubs WHERE hub = ?", hub)
        return int(rows[0][0]) if rows else 0

    def records_after(self, number: int, limit: int) -> list[dict[str, Any]]:
        """The records that follow a number, the oldest first, each with its `number`: at most `limit`, and those that fit in one report."""
        rows = self._read("SELECT number, record FROM records WHERE number > ? ORDER BY number LIMIT ?", number, limit)
        sizes = accumulate(len(record) for _, record in rows)
        return [{"number": number, **json.loads(record)} for (number, record), size in zip(rows, sizes, strict=True) if size <= MOST_BYTES]

    def acknowledge(self, hub: str, number: int) -> None:
        """Note that a hub has all records up to a number; those that all hubs have are removed."""

        def note(connection: sqlite3.Connection) -> None:
            connection.execute("UPDATE hubs SET number = ? WHERE hub = ? AND number < ?", (number, hub, number))
            _drop_acknowledged(connection)

        self._write(note)
        self._storage.shrink()

    @property
    def dropped(self) -> int:
        """Records that were dropped before all hubs had them, or are too large, since the journal was made."""
        rows = self._read("SELECT count FROM counts WHERE name = 'dropped'")
        return int(rows[0][0]) if rows else 0

    def _add(self, connection: sqlite3.Connection, record: Mapping[str, Any]) -> None:
        if self._hubs != ():
            _add_record(connection, record)

    def _notify_listeners(self) -> None:
        for listener in self._listeners:
            listener()

    def _name_hubs(self, connection: sqlite3.Connection) -> None:
        """Keep the hubs that get reports in a database, and no others."""
        if self._hubs is None:
            return
        known = {hub for (hub,) in connection.execute("SELECT hub FROM hubs")}
        connection.executemany("DELETE FROM hubs WHERE hub = ?", [(hub,) for hub in known.difference(self._hubs)])
        connection.executemany("INSERT INTO hubs VALUES (?, 0)", [(hub,) for hub in self._hubs if hub not in known])
        _drop_acknowledged(connection)

    def _read(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        try:
            return self._storage.read(statement, *values)
        except sqlite3.Error as error:
            raise JournalFailed(f"Cannot read the journal: {error}") from error

    def _write(self, action: Callable[[sqlite3.Connection], None]) -> None:
        try:
            self._storage.write(action)
        except sqlite3.Error as error:
            raise JournalFailed(f"Cannot write the journal: {error}") from error


def _add_record(connection: sqlite3.Connection, record: Mapping[str, Any]) -> None:
    connection.execute("UPDATE counts SET count = count + 1 WHERE name = 'number'")  # RETURNING needs SQLite 3.35; RHEL 9 has 3.34
    ((number,),) = connection.execute("SELECT count FROM counts WHERE name = 'number'")
    text = json.dumps(record)
    dropped = 0
    if len(text) <= MOST_BYTES:
        connection.execute("INSERT INTO records VALUES (?, ?)", (number, text))
    else:
        dropped += 1
    while connection.execute("SELECT count FROM counts WHERE name = 'bytes' AND count > ?", (MOST_KEPT_BYTES,)).fetchone():
        dropped += connection.execute("DELETE FROM records WHERE number = (SELECT min(number) FROM records)").rowcount
    if dropped:
        connection.execute("UPDATE counts SET count = count + ? WHERE name = 'dropped'", (dropped,))


def _execute(connection: sqlite3.Connection, statement: str, *values: object) -> None:
    connection.execute(statement, values)


def _drop_acknowledged(connection: sqlite3.Connection) -> None:
    connection.execute("DELETE FROM records WHERE number <= (SELECT coalesce(min(number), 1 << 62) FROM hubs)")


def _stored(key: str) -> bytes:
    """A key as it is stored: names of files may hold bytes that are no text."""
    return key.encode(*_CODEC)
