"""The StreamerInfo of files with objects of older class versions, which the render service needs with each of their plots."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from cachetools import LRUCache

from app.gui.plots.plot_parts import PlotPart, streamers_of
from render.client import StreamerLists

MAX_BYTES = 16 << 20
"""Bytes of the lists in the memory of one process."""


class StreamerCache:
    """The lists of files that have needed them; most files never do."""

    def __init__(self) -> None:
        self._lists: LRUCache[str, tuple[bytes, int]] = LRUCache(MAX_BYTES, lambda entry: len(entry[0]) + 1)
        self._lock = threading.Lock()

    def cached(self, parts: Sequence[PlotPart]) -> StreamerLists:
        """The lists of the files of a plot; none unless all files have needed them before."""
        with self._lock:
            lists = [self._lists.get(file) for file in _parts_by_file(parts)]
        return [entry for entry in lists if entry] if all(lists) else []

    def load(self, parts: Sequence[PlotPart]) -> StreamerLists:
        """The lists of the files of a plot, from the files. Raises PlotError."""
        lists = {file: streamers_of(part) for file, part in _parts_by_file(parts).items()}
        with self._lock:
            for file, entry in lists.items():
                if len(entry[0]) < MAX_BYTES:
                    self._lists[file] = entry
        return list(lists.values())


def _parts_by_file(parts: Sequence[PlotPart]) -> dict[str, PlotPart]:
    """A part of each file, by the version of the file."""
    return {part.sample.identity: part for part in parts if part.sample}
