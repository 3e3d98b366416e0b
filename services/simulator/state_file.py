"""The state file: documents and revisions of the simulator, with which it continues after it was killed."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .store import DocumentStore, StoredDocument

TABLES = """
CREATE TABLE IF NOT EXISTS document(host TEXT, id TEXT, rev INT, generation INT, there INT, text TEXT, PRIMARY KEY(host, id));
CREATE TABLE IF NOT EXISTS note(name TEXT PRIMARY KEY, value TEXT);
"""

Progress = dict[str, Any]


class StateFile:
    """Documents at their newest revisions, and the progress of the systems. Saved data survive kill -9, but not a loss of power."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = sqlite3.connect(path, isolation_level=None)
        self._file.execute("PRAGMA journal_mode=WAL")
        self._file.execute("PRAGMA synchronous=OFF")
        self._file.executescript(TABLES)

    def progress(self) -> Progress:
        """The saved progress; empty in a new file."""
        return {name: json.loads(value) for name, value in self._file.execute("SELECT name, value FROM note")}

    def restore(self, stores: Mapping[str, DocumentStore]) -> None:
        """Fill the stores with the saved documents, except those of machines that no longer exist."""
        for host, id, generation, is_stored, text in self._file.execute(
            "SELECT host, id, generation, there, text FROM document ORDER BY rev"
        ):
            if host in stores:
                stores[host].restore(id, generation, bool(is_stored), StoredDocument.from_text(text))
        for host, generation in self.progress().get("generations", {}).items():
            if host in stores:
                stores[host].generation = generation

    def save(self, stores: Mapping[str, DocumentStore], progress: Progress) -> None:
        """Write the changes since the last call, in one transaction."""
        if not any(store.changed for store in stores.values()):
            return
        self._file.execute("BEGIN")
        for host, store in stores.items():
            for id in store.changed:
                self._save_document(host, id, store)
            store.changed.clear()
        progress = progress | {"generations": {host: store.generation for host, store in stores.items()}}
        self._file.executemany("REPLACE INTO note VALUES (?, ?)", [(name, json.dumps(value)) for name, value in progress.items()])
        self._file.execute("COMMIT")

    def _save_document(self, host: str, id: str, store: DocumentStore) -> None:
        if id not in store.history:
            self._file.execute("DELETE FROM document WHERE host = ? AND id = ?", (host, id))
            return
        generation, stored = store.history[id]
        row = (host, id, stored.header["_rev"], generation, store.stored.get(id) is stored, stored.text)
        self._file.execute("REPLACE INTO document VALUES (?, ?, ?, ?, ?, ?)", row)
