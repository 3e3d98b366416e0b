"""Points of whole datasets in memory. Points of a dataset whose number of changes has grown are read again.

Pages read the same series again and again, and reading costs several times as much as all that is done with the points.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import NamedTuple

from peewee import Database

from app.core.database import proxy
from app.trends.query.points import PointColumns

MAX_BYTES = 64_000_000
"""In each process. A point takes 28 bytes."""
OVERHEAD = 1000
"""Bytes of an entry besides its points, about."""


class _Entry(NamedTuple):
    changed: int
    points: PointColumns


class PointsCache:
    """The points that were used last, by the id of their series; for use by several threads."""

    def __init__(self, max_bytes: int = MAX_BYTES) -> None:
        self._max_bytes = max_bytes
        self._entries: OrderedDict[int, _Entry] = OrderedDict()
        self._bytes = 0
        self._database: Database | None = None
        self._lock = threading.Lock()

    def get(self, series: int, changed: int) -> PointColumns | None:
        """The points of a series as of this number of changes of its dataset, if they are here."""
        with self._lock:
            self._forget_other_database()
            entry = self._entries.get(series)
            if entry is None or entry.changed != changed:
                return None
            self._entries.move_to_end(series)
            return entry.points

    def put(self, series: int, changed: int, points: PointColumns) -> None:
        """Keep points that were read after this number of changes."""
        with self._lock:
            self._forget_other_database()
            self._remove(series)
            self._entries[series] = _Entry(changed, points)
            self._bytes += points.size + OVERHEAD
            while self._bytes > self._max_bytes:
                self._remove(next(iter(self._entries)))

    def _remove(self, series: int) -> None:
        entry = self._entries.pop(series, None)
        if entry is not None:
            self._bytes -= entry.points.size + OVERHEAD

    def _forget_other_database(self) -> None:
        if self._database is not proxy.obj:
            self._entries.clear()
            self._bytes, self._database = 0, proxy.obj


CACHE = PointsCache()
"""Of this process."""
