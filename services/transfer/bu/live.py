"""The run that is the ongoing one (run 0) in the GUI."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterable

from ..heartbeats import Heartbeats
from ..journal import Journal, JournalFailed

_KIND, _CHOSEN, _PLACE = "live", "run", "place"
log = logging.getLogger(__name__)


class LiveRun:
    """Chooses the ongoing run: of those that an FU lists in its heartbeat the one that appeared on the BU last.

    The order in which runs appear may differ from that of their numbers: an older run may be played back after a newer one. Runs that
    were there at the first start are ordered by number. A chosen run is never replaced by one that appeared before it and is still
    listed. A run that no FU lists, such as one of a test with a high number, is used only while no listed run goes on.
    """

    def __init__(self, heartbeats: Heartbeats, journal: Journal) -> None:
        """Continue with the run that was chosen before, and the order of the runs. Raises JournalFailed."""
        self._heartbeats, self._journal = heartbeats, journal
        self._lock = threading.Lock()  # used by the threads of all GUI machines
        self._chosen = int((journal.get(_KIND, 0, _CHOSEN) or {"run": 0})["run"])
        documents = {run: journal.get(_KIND, run, _PLACE) for run in journal.runs(_KIND)}
        self._places = {run: int(document["place"]) for run, document in documents.items() if document}

    def note(self, runs: Iterable[int]) -> None:
        """Note that these runs are on the BU; those that are new appeared after all others."""
        with self._lock:
            place = max(self._places.values(), default=0) + 1
            for run in set(runs) - self._places.keys():
                self._places[run] = place
                self._put(run, _PLACE, {"place": place})

    def choose(self, runs: Iterable[int]) -> int:
        """The ongoing run of these, or the one before; 0 if there is none."""
        known = set(runs)
        with self._lock:
            listed = max(known & self._heartbeats.listed(time.monotonic()), key=self._order, default=0)
            if listed:
                if self._order(listed) > self._order(self._chosen):
                    self._chosen = listed
                    self._put(0, _CHOSEN, {"run": listed})
                return self._chosen
            later = [run for run in known if run > self._chosen and self._order(run) > self._order(self._chosen)]
            return max(later, default=self._chosen)

    def _order(self, run: int) -> tuple[int, int]:
        return self._places.get(run, 0), run

    def _put(self, run: int, key: str, document: dict[str, int]) -> None:
        try:
            self._journal.put(_KIND, run, key, document)
        except JournalFailed as error:
            log.error("Cannot store which run is the ongoing one: %s", error)
