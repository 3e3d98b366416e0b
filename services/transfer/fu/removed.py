"""Files that were removed before they were sent, for the log: one line for each folder, since whole runs may be removed."""

from __future__ import annotations

import logging
import os
import threading
from collections import defaultdict

log = logging.getLogger(__name__)


class RemovedFiles:
    """Counts the files by folder; used by any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._names: defaultdict[str, list[str]] = defaultdict(list)
        self._known: dict[str, int] = {}

    def add(self, path: str) -> None:
        """Note a file."""
        folder, name = os.path.split(path)
        with self._lock:
            self._names[folder].append(name)

    def log(self) -> None:
        """Log each folder without a new removed file since the last call."""
        with self._lock:
            counts = {folder: len(names) for folder, names in self._names.items()}
            ended = {folder: self._names.pop(folder) for folder, count in counts.items() if self._known.get(folder) == count}
            self._known = counts
        for folder, names in ended.items():
            path, others = os.path.join(folder, names[0]), len(names) - 1
            if others:
                log.warning("Cannot send %s and %d other files of this folder: they were removed before they were sent", path, others)
            else:
                log.warning("Cannot send %s: it was removed before it was sent", path)
