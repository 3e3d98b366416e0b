"""Bytes that all connections of a process may hold together."""

from __future__ import annotations

import threading
from typing import NamedTuple

SMALL_BODIES_BYTES = 64 * 2**20
"""Bodies of all connections of a process whose length is known to be small, so that large ones do not keep them out."""

RESPONSES_BYTES = 256 * 2**20
"""Responses of all connections of a process that are made and not yet read."""


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


class BodyBudgets(NamedTuple):
    """Two budgets, so that large bodies, which anybody may send, do not keep small ones out."""

    small: Budget
    large: Budget

    def of(self, length: int | None, small_bytes: int) -> Budget:
        """The budget of a body of this length, None if it is not known."""
        return self.small if length is not None and length <= small_bytes else self.large
