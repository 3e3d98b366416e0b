"""Bytes that all connections of a process may hold together."""

from __future__ import annotations

import threading


class Budget:
    """Counts bytes that are held, up to a limit. Safe to use from several threads."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.held = 0
        self._lock = threading.Lock()

    def take(self, count: int) -> bool:
        """Hold this many bytes more; False, and nothing is held, if they would exceed the limit."""
        with self._lock:
            if self.held + count > self.limit:
                return False
            self.held += count
            return True

    def give_back(self, count: int) -> None:
        """Hold this many bytes less."""
        with self._lock:
            self.held -= count
