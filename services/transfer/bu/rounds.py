"""The runs that are watched on the BU, and when a round of each is due."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from .. import service_notify
from ..heartbeats import Heartbeats
from ..journal import Journal, JournalFailed
from ..names import TEMPORARY, concatenation_name, run_folder, run_of_folder
from ..options import Options
from ..watching import FolderWatch
from .deliveries import KIND as DELIVERIES
from .deliveries import Deliveries
from .end_of_run import KIND as MERGES
from .live import LiveRun
from .problems import MOST, Problems
from .run import KIND as CONCATENATIONS
from .run import BuRun, lacks_merge

SCAN_S = 600.0
"""Seconds between two scans of everything for inotify; the times of folders are looked at each period."""
WAIT_S = 0.5
"""Maximum number of seconds until the end of the service is noticed."""
TICK_S = 2.0
"""On some file systems, two changes within this time may give a folder the same time."""
FORGET_S = 86400.0
"""Seconds between two searches for runs to forget."""
FORGET_DAYS = 30
"""Days after which a run without a folder is forgotten: longer than a disk is unmounted."""
KINDS = (CONCATENATIONS, MERGES, DELIVERIES)
"""Kinds of the documents of a run in the journal."""
log = logging.getLogger(__name__)


class Schedule:
    """When the rounds are due: a while after the last change, at the latest a period after the first one."""

    def __init__(self, quiet_s: float, period_s: float) -> None:
        self._quiet_s, self._period_s = quiet_s, period_s
        self._changes: dict[int, tuple[float, float]] = {}

    def changed(self, run: int, now: float) -> None:
        """Note a change in a run."""
        first, _ = self._changes.get(run, (now, now))
        self._changes[run] = first, now

    def take(self, now: float) -> list[int]:
        """Remove and return the runs with a due round, the newest first; they are due again after their next change."""
        due = sorted((run for run in self._changes if self._due(run) <= now), reverse=True)
        for run in due:
            del self._changes[run]
        return due

    def wait_s(self, now: float) -> float:
        """Seconds until the next round is due."""
        return max(0.0, min(map(self._due, self._changes), default=now + self._period_s) - now)

    def _due(self, run: int) -> float:
        first, last = self._changes[run]
        return min(last + self._quiet_s, first + self._period_s)


class Runs:
    """The runs with folders that changed in the last days, and older ones that are not merged, by number.

    Attributes:
        problems: Their problems.
    """

    def __init__(self, options: Options, journal: Journal, stop: threading.Event) -> None:
        self._options, self._journal, self._stop = options, journal, stop
        self._folder = Path(options.bu.folder)
        self._runs: dict[int, BuRun] = {}
        self._times: dict[int, list[int]] = {}
        self.problems = Problems()
        self._is_first_look = True
        self._heartbeats = Heartbeats(options.bu.heartbeats, options.host_name, options.bu.heartbeat_stale_s)
        self._live = LiveRun(self._heartbeats, journal)

    def __getitem__(self, run: int) -> BuRun:
        return self._runs[run]

    def __contains__(self, run: object) -> bool:
        return run in self._runs

    def all(self) -> list[BuRun]:
        """All runs, the newest first."""
        return [run for _, run in sorted(dict(self._runs).items(), reverse=True)]

    def error(self) -> str:
        """The problems of all runs, for reports; empty if there are none."""
        unclear = [f"The heartbeat of {host} {problem}" for host, problem in sorted(self._heartbeats.problems().items())]
        return "; ".join(filter(None, (self.problems.of(0), *unclear)))[:MOST]

    def live(self) -> int:
        """The ongoing run (run 0 in the GUI), of those with a concatenation; 0 if there is none."""
        return self._live.choose([run.run for run in self.all() if run.has_concatenation])

    def look(self) -> list[int]:
        """Look at the times of all folders; returns the runs with changed folders. Raises `OSError`."""
        found = self._watched_folders()
        for run in self._runs.keys() - found.keys():
            self._stop_watching(self._runs.pop(run))
        new = found.keys() - self._runs.keys()
        self._live.note(new)
        for run in new:
            folder = self._folder / run_folder(run)
            self._runs[run] = BuRun(run, folder, self._options, self._journal, self._heartbeats, self.problems, self._stop)
        recent = 1e9 * (time.time() - TICK_S)
        changed = [run for run, times in found.items() if times != self._times.get(run) or max(times) > recent]
        self._times, self._is_first_look = found, False
        return changed

    def forget_old(self) -> None:
        """Remove the documents of runs without a folder from the journal."""
        before = time.time() - 86400 * FORGET_DAYS
        try:
            for run in {run for kind in KINDS for run in self._journal.runs(kind)}:
                newest = max(document["made"] for kind in KINDS for document in self._journal.of_run(kind, run).values())
                if newest < before and not (self._folder / run_folder(run)).exists():
                    self._journal.forget(run)
        except JournalFailed as error:
            log.error("Cannot forget old runs: %s", error)

    def _stop_watching(self, run: BuRun) -> None:
        """Stop watching a run; its concatenations and merged files stay in its folder."""
        self.problems.forget(run.run)
        if run.is_unmerged:
            run.report_unmerged()

    def _watched_folders(self) -> dict[int, list[int]]:
        """The times of the folders of the runs to watch."""
        oldest = 1e9 * (time.time() - 86400 * self._options.bu.watch_days)
        found = {}
        for name in os.listdir(self._folder):
            run = run_of_folder(name)
            if run and (times := self._times_of(run, oldest)):
                found[run] = times
        return found

    def _times_of(self, run: int, oldest: float) -> list[int]:
        """The times of the folder of a run that is to be watched, else none; those of before if it cannot be read."""
        folder, known = self._folder / run_folder(run), self._runs.get(run)
        try:
            if known is None and folder.stat().st_mtime_ns < oldest and not self._is_left(run):
                return []  # most runs: no folder of a client is made or changed there
            times = _folder_times(folder)
        except FileNotFoundError:
            return []
        except OSError as error:
            self.problems.note(run, "look", f"Cannot look at the folder of run {run}: {error.strerror or error}")
            return self._times.get(run, [])
        self.problems.end(run, "look")
        return times if known is None or max(times) >= oldest or known.is_unmerged else []

    def _is_left(self, run: int) -> bool:
        """Whether the first look finds a run that was not merged while no process watched it. Raises `OSError`."""
        return self._is_first_look and lacks_merge(self._folder / run_folder(run), run, self._journal)


def _folder_times(folder: Path) -> list[int]:
    """When a folder of a run and the folders of clients in it changed, ns; a renamed file changes its folder."""
    times = [folder.stat().st_mtime_ns]
    with os.scandir(folder) as entries:
        for entry in entries:
            if not entry.name.startswith(".") and entry.is_dir(follow_symlinks=False):
                with suppress(FileNotFoundError):  # removed meanwhile
                    times.append(entry.stat().st_mtime_ns)
    return times


class Rounds:
    """Makes the concatenations of all runs, one after the other, until the end of the service."""

    def __init__(self, options: Options, runs: Runs, deliveries: Deliveries, stop: threading.Event) -> None:
        self._options, self._runs, self._deliveries, self._stop = options.bu, runs, deliveries, stop
        self._schedule = Schedule(options.bu.quiet_s, options.bu.period_s)
        self._next_look = self._next_forget = 0.0
        self._problems = runs.problems

    def run(self) -> None:
        """Work until the end."""
        with FolderWatch(self._options.folder, depth=2, scan_s=max(SCAN_S, self._options.period_s)) as watch:
            service_notify.ready()
            while not self._stop.is_set():
                service_notify.alive()
                self.look()
                for run in self._schedule.take(time.monotonic()):
                    self._round(run)
                self._note(self._wait(watch))

    def _wait(self, watch: FolderWatch) -> Iterable[str]:
        """Wait for changes, or until a round or look is due."""
        now = time.monotonic()
        wait_s = min(WAIT_S, self._schedule.wait_s(now), max(0.0, self._next_look - now))
        try:
            paths = watch.changes(wait_s)
        except OSError as error:
            text = f"Cannot watch {self._options.folder}, new files are found by the times of folders alone: {error}"
            self._problems.note(0, "watch", text)
            self._stop.wait(wait_s)
            return ()
        self._problems.end(0, "watch")
        return paths

    def _note(self, paths: Iterable[str]) -> None:
        """Note the runs of changed files, also of those that are not watched yet."""
        now = time.monotonic()
        for path in paths:
            folder, *rest = os.path.relpath(path, self._options.folder).split(os.sep)
            run = run_of_folder(folder)
            if run and rest and not rest[0].startswith(".") and not rest[-1].endswith(TEMPORARY):
                if rest == [concatenation_name(run)]:
                    continue
                if run in self._runs:
                    self._schedule.changed(run, now)
                else:
                    self._next_look = 0.0

    def look(self) -> None:
        """Look at all folders, if that is due."""
        now = time.monotonic()
        if now < self._next_look:
            return
        self._next_look = now + self._options.period_s
        try:
            if now >= self._next_forget:
                self._next_forget = now + FORGET_S
                self._runs.forget_old()
            for run in self._runs.look():
                self._schedule.changed(run, now)
        except OSError as error:
            self._problems.note(0, "look", f"Cannot look at {self._options.folder}: {error}")
        else:
            self._problems.end(0, "look")

    def _round(self, run: int) -> None:
        """One round of a run; one that fails is tried again after a period."""
        if run not in self._runs:
            return
        try:
            self._runs[run].concatenate(self._deliveries)
        except OSError as error:
            if not isinstance(error, FileNotFoundError):  # the folder is being removed, which the next look notices
                self._problems.note(run, "concatenation", f"Cannot concatenate run {run}: {error}")
            self._schedule.changed(run, time.monotonic() + self._options.period_s)
        else:
            self._problems.end(run, "concatenation")
