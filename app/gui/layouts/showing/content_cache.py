"""The contents of the layouts that one process showed last."""

from __future__ import annotations

import threading
from collections.abc import Iterable

from cachetools import LRUCache

from app.core.database import rows
from app.gui.layouts.contents import content_of
from app.gui.layouts.layout import Layout
from app.gui.layouts.models import LAYOUT, ArrangementVersion
from app.gui.layouts.showing.index import LayoutRef

MAX_PLOTS = 5_000
"""Plots of the layouts in the cache of a process, of about 1 kB each."""

BATCH = 500
"""Layouts of one query."""


class LayoutContents:
    """The cache of one process; safe for threads. The content of a version never changes."""

    def __init__(self) -> None:
        self._found: LRUCache[tuple[int, int], Layout] = LRUCache(MAX_PLOTS, lambda layout: 1 + len(layout.plots))
        self._lock = threading.Lock()

    def of(self, refs: Iterable[LayoutRef]) -> list[tuple[LayoutRef, Layout]]:
        """These layouts with their contents, in the same order."""
        wanted = list(refs)
        with self._lock:
            found = {ref[:2]: layout for ref in wanted if (layout := self._found.get(ref[:2]))}
        missing = [ref for ref in wanted if ref[:2] not in found]
        for start in range(0, len(missing), BATCH):
            read = _read(missing[start : start + BATCH])
            found |= read
            with self._lock:
                self._found.update(read)
        return [(ref, found[ref[:2]]) for ref in wanted]


def _read(refs: list[LayoutRef]) -> dict[tuple[int, int], Layout]:
    version = ArrangementVersion
    query = version.select(version.arrangement, version.number, version.document)
    arrangements, numbers = {ref.arrangement for ref in refs}, {ref.version for ref in refs}
    wanted = {ref[:2] for ref in refs}
    found: dict[tuple[int, int], Layout] = {}
    for arrangement, number, document in rows(query.where(version.arrangement.in_(arrangements), version.number.in_(numbers))):
        if (arrangement, number) in wanted and isinstance(layout := content_of(LAYOUT, document), Layout):
            found[arrangement, number] = layout
    return found
