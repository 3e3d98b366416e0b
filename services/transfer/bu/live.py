"""The run that is the ongoing one (run 0) in the GUI."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Iterable

from ..heartbeats import active_runs
from ..journal import Journal, JournalFailed
from ..options import Options

_KIND, _KEY = "live", "run"
log = logging.getLogger(__name__)


class LiveRun:
    """Chooses the ongoing run: the highest number that an FU lists in its heartbeat.

    A run that no FU lists, such as one of a test with a high number, counts only while no other goes on. A run that was chosen never
    gives way to an older one that is still listed.
    """

    def __init__(self, options: Options, journal: Journal) -> None:
        """Continue with the run that was chosen before. Raises JournalFailed."""
        self._folder, self._own_host, self._stale_s = options.bu.heartbeats, options.host_name, options.bu.heartbeat_stale_s
        self._journal = journal
        self._active: dict[str, frozenset[int]] = {}
        self._chosen = int((journal.get(_KIND, 0, _KEY) or {"run": 0})["run"])

    def choose(self, runs: Iterable[int]) -> int:
        """The ongoing run of these, or the one before; 0 if there is none."""
        known = set(runs)
        listed = known & self._listed()
        if listed and max(listed) > self._chosen:
            self._chosen = max(listed)
            try:
                self._journal.put(_KIND, 0, _KEY, {"run": self._chosen})
            except JournalFailed as error:
                log.error("Cannot note that run %d is the ongoing one: %s", self._chosen, error)
        return max(self._chosen, max(listed or known, default=0))

    def _listed(self) -> frozenset[int]:
        """The runs in the heartbeats that are not stale; one that is being rewritten counts as before."""
        try:
            hosts = [name for name in os.listdir(self._folder) if name != self._own_host and not name.startswith(".")]
        except OSError:
            hosts = []
        self._active = {host: runs for host in hosts if (runs := self._read(host)) is not None}
        return frozenset().union(*self._active.values())

    def _read(self, host: str) -> frozenset[int] | None:
        """The runs of a heartbeat; None if it is stale or was never complete."""
        try:
            with open(os.path.join(self._folder, host), "rb", opener=lambda name, flags: os.open(name, flags | os.O_NONBLOCK)) as file:
                is_stale = time.time() - os.fstat(file.fileno()).st_mtime > self._stale_s
                runs = active_runs(file.read())
        except OSError:
            return None
        return None if is_stale else runs if runs is not None else self._active.get(host)
