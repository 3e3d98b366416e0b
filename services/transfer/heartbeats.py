"""Heartbeats of FUs, which list the active runs.

Each FU rewrites its file in place every 5 s, so that a reading may be incomplete: then it is ignored.
"""

from __future__ import annotations

import json
import logging
import os
import stat
import threading
import time
from typing import NamedTuple

Version = tuple[int, int, int]
LEAST_AGE_S = 0.5
"""Seconds for which a reading of all heartbeats is used by all callers."""
UNCLEAR_S = 30.0
"""Seconds without a complete reading after which a changing heartbeat is a problem; an incomplete one is complete at the next reading."""
log = logging.getLogger(__name__)


class Heartbeat(NamedTuple):
    """The heartbeat of one FU; times are of the monotonic clock, s.

    Attributes:
        runs: The runs that the last complete reading lists, none when the file was removed; None if no reading was complete.
        complete_at: Time of the last complete reading.
        changed_at: Time of the first reading of the current version, or without the file.
        is_alive: Whether the file changed between readings, or shortly before the first one.
        version: Inode, time and size of the file; None when it was removed.
        failure: Why the last reading was not complete; empty if it was.
    """

    runs: frozenset[int] | None
    complete_at: float
    changed_at: float
    is_alive: bool
    version: Version | None
    failure: str = ""


def active_runs(text: bytes) -> frozenset[int] | None:
    """The runs of a heartbeat; None when it is incomplete or has no list of runs."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return None
    runs = document.get("activeRuns") if isinstance(document, dict) else None
    if not isinstance(runs, list) or not all(type(run) is int for run in runs):
        return None
    return frozenset(runs)


class Heartbeats:
    """Reads the heartbeats of all FUs; used by any thread of the BU."""

    def __init__(self, folder: str, own_host: str, stale_s: float = 60.0) -> None:
        """Prepare.

        Args:
            folder: The folder of the heartbeats, one file for each host.
            own_host: The BU; its own file is ignored.
            stale_s: Seconds without a change after which an FU is ignored.
        """
        self.stale_s = stale_s
        self._folder, self._own_host = folder, own_host
        self._lock = threading.Lock()
        self._read_at = float("-inf")
        self._found: dict[str, Heartbeat] = {}
        self._problems: dict[str, str] = {}

    def read(self, now: float) -> dict[str, Heartbeat]:
        """The heartbeats by host, at a time of the monotonic clock; a removed one is included until it is stale.

        Raises `OSError` when they cannot be listed, which says nothing about runs.
        """
        with self._lock:
            if now - self._read_at >= LEAST_AGE_S:
                names = [name for name in os.listdir(self._folder) if not name.startswith(".") and not self._is_own(name)]
                found = {name: self._heartbeat(name, now) for name in {*names, *self._found}}
                self._found = {name: one for name, one in found.items() if one.version or now - one.changed_at < self.stale_s}
                self._read_at = now
                self._note_problems()
            return self._found

    def problems(self) -> dict[str, str]:
        """Problems of unusable heartbeats that still change, by host, at the last reading."""
        with self._lock:
            return dict(self._problems)

    def _note_problems(self) -> None:
        """Log new and ended problems."""
        found = {host: one.failure for host, one in self._found.items() if self._is_unclear(one)}
        for host, problem in found.items():
            if self._problems.get(host) != problem:
                log.warning("The heartbeat of %s %s; no run ends there until this is corrected", host, problem)
        for host in self._problems.keys() - found.keys():
            log.info("The heartbeat of %s can be used again, or has ended", host)
        self._problems = found

    def _is_unclear(self, heartbeat: Heartbeat) -> bool:
        is_alive = self._read_at - heartbeat.changed_at < self.stale_s
        return bool(heartbeat.failure) and is_alive and heartbeat.changed_at - heartbeat.complete_at >= UNCLEAR_S

    def listed(self, now: float) -> frozenset[int]:
        """The runs that live FUs list; none when the heartbeats cannot be read."""
        try:
            found = self.read(now).values()
        except OSError:
            return frozenset()
        return frozenset().union(*(one.runs or () for one in found if one.is_alive and now - one.changed_at < self.stale_s))

    def _is_own(self, host: str) -> bool:
        return host == self._own_host or _short_name(host) == _short_name(self._own_host)

    def _heartbeat(self, host: str, now: float) -> Heartbeat:
        """The heartbeat of a host after one more reading."""
        before = self._found.get(host)
        try:
            reading = _read(os.path.join(self._folder, host))
        except FileNotFoundError:
            is_new = before is None or before.version
            return Heartbeat(frozenset(), now, now if before is None or is_new else before.changed_at, True, None)
        except OSError as error:  # it is not known whether it changes: it is ignored
            runs, complete_at = (before.runs, before.complete_at) if before else (None, now)
            return Heartbeat(runs, complete_at, now, False, (0, 0, 0), f"cannot be read: {error.strerror or error}")
        status = reading.status
        version = (status.st_ino, status.st_mtime_ns, status.st_size)
        runs, complete_at, changed_at, is_alive, known, _ = before or Heartbeat(None, now, now, self._is_young(status), version)
        if version != known:
            changed_at, is_alive = now, True
        listed = active_runs(reading.text)
        if listed is not None:
            return Heartbeat(listed, now, changed_at, is_alive, version)
        failure = reading.failure or "cannot be understood: it has no list `activeRuns` of whole numbers"
        return Heartbeat(runs, complete_at, changed_at, is_alive, version, failure)

    def _is_young(self, status: os.stat_result) -> bool:
        return abs(time.time() - status.st_mtime) < self.stale_s


def _short_name(host: str) -> str:
    """A name without its domain; addresses have none."""
    first = host.partition(".")[0]
    return host if first.isdecimal() else first


class _Reading(NamedTuple):
    """State and content of a heartbeat; `failure` is set when only its state can be read."""

    status: os.stat_result
    text: bytes
    failure: str = ""


def _read(path: str) -> _Reading:
    """Read a heartbeat, without blocking on pipes. Raises `OSError` when not even its state can be read."""
    try:
        with open(path, "rb", buffering=0, opener=lambda name, flags: os.open(name, flags | os.O_NONBLOCK)) as file:
            status = os.fstat(file.fileno())
            return _Reading(status, file.read() if stat.S_ISREG(status.st_mode) else b"")
    except OSError as error:
        return _Reading(os.stat(path), b"", f"cannot be read: {error.strerror or error}")


class RunWatch:
    """Watches until a run is over on all FUs.

    An FU has ended a run when all its readings over at least `gap_s` do not list the run, or when its heartbeat did not change for
    too long by the clock of this process. A removed heartbeat lists no run. When there is no heartbeat at all, runs go on at first,
    since the folder may have been emptied or just mounted.
    """

    def __init__(self, run: int, heartbeats: Heartbeats, gap_s: float = 5.0) -> None:
        """Watch a run.

        Args:
            run: Its number.
            heartbeats: Those of all FUs.
            gap_s: Minimum number of seconds between two readings.
        """
        self._run, self._heartbeats, self._gap_s = run, heartbeats, gap_s
        self._absent_since: dict[str, float | None] = {}
        self._empty_since: float | None = None

    def is_over(self, now: float) -> bool:
        """Read all heartbeats at a time of the monotonic clock, s. Raises `OSError` when they cannot be listed."""
        found = self._heartbeats.read(now)
        self._absent_since = {host: self._absence(host, one) for host, one in found.items()}
        if not any(one.version for one in found.values()):
            self._empty_since = now if self._empty_since is None else self._empty_since
            return now - self._empty_since >= self._heartbeats.stale_s
        self._empty_since = None
        return all(self._has_ended(host, one, now) for host, one in found.items())

    def waiting_for(self) -> list[str]:
        """The FUs that list the run in their last complete heartbeat, or had no complete one."""
        return sorted(host for host, since in self._absent_since.items() if since is None)

    def _absence(self, host: str, heartbeat: Heartbeat) -> float | None:
        """Time of the first of the complete readings in a row without the run; None if the last one lists it, or none was complete."""
        if heartbeat.runs is None or self._run in heartbeat.runs:
            return None
        since = self._absent_since.get(host)
        return heartbeat.complete_at if since is None else since

    def _has_ended(self, host: str, heartbeat: Heartbeat, now: float) -> bool:
        if now - heartbeat.changed_at >= self._heartbeats.stale_s:
            return True
        since = self._absent_since[host]
        return since is not None and heartbeat.complete_at - since >= self._gap_s
