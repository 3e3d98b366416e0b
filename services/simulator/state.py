"""A file that keeps the documents of the stand-in, so that it goes on with its revisions when it was killed."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .store import Store, Stored

TABLES = """
CREATE TABLE IF NOT EXISTS document(host TEXT, id TEXT, rev INT, generation INT, there INT, text TEXT, PRIMARY KEY(host, id));
CREATE TABLE IF NOT EXISTS note(name TEXT PRIMARY KEY, value TEXT);
"""

Notes = dict[str, Any]


class State:
    """Documents at their newest revisions, and notes of what else is to go on. What was saved survives kill -9, not a loss of power."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = sqlite3.connect(path, isolation_level=None)
        self._file.execute("PRAGMA journal_mode=WAL")
        self._file.execute("PRAGMA synchronous=OFF")
        self._file.executescript(TABLES)

    def notes(self) -> Notes:
        """What was noted last; nothing in a new file."""
        return {name: json.loads(value) for name, value in self._file.execute("SELECT name, value FROM note")}

    def restore(self, stores: Mapping[str, Store]) -> None:
        """Give the stores what they had; documents of machines that are no more are left out."""
        for host, id, generation, there, text in self._file.execute("SELECT host, id, generation, there, text FROM document ORDER BY rev"):
            if host in stores:
                stores[host].restore(id, generation, bool(there), Stored.of_text(text))
        for host, generation in self.notes().get("generations", {}).items():
            if host in stores:
                stores[host].generation = generation

    def save(self, stores: Mapping[str, Store], notes: Notes) -> None:
        """Keep what has changed since the last time, all or nothing."""
        if not any(store.changed for store in stores.values()):
            return
        self._file.execute("BEGIN")
        for host, store in stores.items():
            for id in store.changed:
                self._save_document(host, id, store)
            store.changed.clear()
        notes = notes | {"generations": {host: store.generation for host, store in stores.items()}}
        self._file.executemany("REPLACE INTO note VALUES (?, ?)", [(name, json.dumps(value)) for name, value in notes.items()])
        self._file.execute("COMMIT")

    def _save_document(self, host: str, id: str, store: Store) -> None:
        if id not in store.ever:
            self._file.execute("DELETE FROM document WHERE host = ? AND id = ?", (host, id))
            return
        generation, stored = store.ever[id]
        row = (host, id, stored.header["_rev"], generation, store.stored.get(id) is stored, stored.text)
        self._file.execute("REPLACE INTO document VALUES (?, ?, ?, ?, ?, ?)", row)
