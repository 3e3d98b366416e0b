"""Threads of a web process that may draw at the same time. One of them is always left to other monitor elements (MEs)."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from app.gui.errors import PlotUnavailable


class DrawingSlots:
    """A number of slots, shared by the requests of one web process.

    Requests for one ME, which may be one whose plots take long, get all slots but one.
    """

    def __init__(self, count: int) -> None:
        self._count = count
        self._most_of_one_name = max(1, count - 1)
        self._taken: Counter[str] = Counter()
        self._changed = threading.Condition()

    @contextmanager
    def take(self, name: str, wait_s: float) -> Iterator[None]:
        """Hold a slot for the ME `name`. Raises PlotUnavailable if none is free within `wait_s` seconds."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._has_room_for(name), wait_s):
                raise PlotUnavailable(f"Cannot draw {name} now: other plots take long")
            self._taken[name] += 1
        try:
            yield
        finally:
            with self._changed:
                self._taken[name] -= 1
                self._taken += Counter()  # forgets names without slots
                self._changed.notify_all()

    def _has_room_for(self, name: str) -> bool:
        return self._taken.total() < self._count and self._taken[name] < self._most_of_one_name
