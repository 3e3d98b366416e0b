"""The snapshots of ongoing runs in one process, and the start of a window of the last lumisections."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from cachetools import LRUCache

from app.core.settings import Settings
from app.core.text import counted
from app.formats import FormatError, Kind, MENames
from app.gui.catalog.catalog import OpenSample
from app.gui.errors import NoWindow
from app.gui.event_info import newest_event
from app.gui.files.entries import is_live
from app.gui.samples import SampleKey
from app.gui.settings import GuiSettings
from app.gui.snapshots.content_list import ContentList
from app.gui.snapshots.open_snapshot import OpenSnapshot, removed
from app.gui.snapshots.packs import NoContent, read_content
from app.gui.snapshots.stored import Snapshot, latest_run, newest_first, packs_of, snapshots_folder

LONGEST = 2
"""A window is at most so many times as long as requested, where the snapshot of its start is missing."""

NAMES = 2
"""Lists of names in memory; the snapshots of a run share one or few."""

_SHOWN = 10
"""Lumisections that an error names."""


class Snapshots:
    """The snapshots in the memory of one process: at most a quarter of `list_cache_mb`, and NAMES lists of names; safe for threads."""

    def __init__(self, settings: Settings) -> None:
        self._folder = snapshots_folder(settings)
        self._cache: LRUCache[str, OpenSnapshot] = LRUCache(settings.of(GuiSettings).list_cache_mb << 18, _bytes)
        self._names: LRUCache[bytes, MENames] = LRUCache(NAMES)
        self._lock = threading.Lock()

    def of(self, key: SampleKey) -> Sequence[Snapshot]:
        """The snapshots of a sample, the newest first; for run 0 those of the run whose snapshot was kept last."""
        run = key.run or latest_run(key.dataset)
        return [] if key.lumi or run is None else newest_first(key.dataset, run)

    def open(self, snapshot: Snapshot) -> OpenSnapshot:
        """A snapshot with its lists. Raises NoWindow if it was removed."""
        with self._lock:
            if (cached := self._cache.get(snapshot.contents)) is not None and cached.snapshot.number == snapshot.number:
                return cached
        folder = packs_of(self._folder, snapshot.dataset, snapshot.run)
        try:
            contents = ContentList.unpack(read_content(folder, bytes.fromhex(snapshot.contents), snapshot.contents))
            with self._lock:
                names = self._names.get(contents.names)
            opened = OpenSnapshot(folder, snapshot, contents, names)
        except (NoContent, FormatError) as error:
            raise removed(snapshot) from error
        with self._lock:
            self._names[contents.names] = opened.names
            if _bytes(opened) <= self._cache.maxsize:
                self._cache[snapshot.contents] = opened
        return opened

    def start_of_window(self, sample: OpenSample, lumis: int) -> OpenSnapshot | None:
        """The snapshot of a sample from `lumis` lumisections before the newest one that the sample has.

        If that one is missing, the newest one before it, as long as the window is not longer than LONGEST times. None for a run that
        has no more than `lumis` lumisections: the window is the whole run. Raises NoWindow.
        """
        key, event = sample.key, newest_event(sample)
        if key.lumi or not is_live(key.run, key.dataset):
            raise NoWindow(f"Only online runs have windows, as long as their snapshots are kept; {key} is not one")
        if event.lumi is None:
            raise NoWindow(f"No windows of {key}: none of its folders EventInfo has the lumisection (iLumiSection)")
        if event.lumi <= lumis:
            return None
        found = newest_first(key.dataset, key.run or event.run or 0)
        start = start_among(found, event.lumi, lumis)
        if start is None:
            raise NoWindow(_missing(key, event.lumi, lumis, found))
        return self.open(start)


def start_among(found: Sequence[Snapshot], lumi: int, lumis: int) -> Snapshot | None:
    """The snapshot at the start of a window that ends with the lumisection `lumi`; found: those of the run, the newest first."""
    start = next((each for each in found if each.lumi <= lumi - lumis), None)
    return start if start and lumi - start.lumi <= LONGEST * lumis else None


def _missing(key: SampleKey, lumi: int, lumis: int, found: Sequence[Snapshot]) -> str:
    """Why there is no window."""
    there_are = f"there are snapshots of {_lumis(found)}" if found else "no snapshots of it are kept"
    return f"No snapshot of {key} from {counted(lumis, 'lumisection')} ago (lumisection {lumi - lumis}); {there_are}"


def _lumis(found: Sequence[Snapshot]) -> str:
    lumis = [str(each.lumi) for each in found[:_SHOWN]]
    if len(found) == 1:
        return f"lumisection {lumis[0]}"
    rest = f" and {len(found) - _SHOWN} older ones to {found[-1].lumi}" if len(found) > _SHOWN else ""
    return f"the lumisections {', '.join(lumis)}{rest}"


def _bytes(opened: OpenSnapshot) -> int:
    """Memory of a snapshot without its names: 27 bytes of columns and 16 of a hash for each ME, and about 500 for each fact."""
    facts = len(opened.columns) - opened.columns.status.count(0) + sum(opened.columns.kind.count(kind) for kind in Kind if kind.scalar)
    return 1000 + 43 * len(opened.columns) + 500 * facts
