"""Heartbeats of FUs, which say when a run is over.

Each FU rewrites its file in place every 5 s, so that it may be read while it is incomplete: then it says nothing.
"""

from __future__ import annotations

import json
import os
import stat

Version = tuple[int, int, int]


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


class RunWatch:
    """Watches until a run is over on all FUs.

    An FU has ended a run when two complete readings with enough time between them, and all between these, do not list it, when
    its heartbeat did not change for too long by the clock of this process, or when its file was removed.
    """

    def __init__(self, run: int, folder: str, own_host: str, gap_s: float = 5.0, stale_s: float = 60.0) -> None:
        """Watch a run.

        Args:
            run: Its number.
            folder: The folder of the heartbeats, one file for each host.
            own_host: The BU, whose own file says nothing.
            gap_s: Least seconds between two readings.
            stale_s: Seconds without a change after which an FU does not count.
        """
        self._run, self._folder, self._own_host = run, folder, own_host
        self._gap_s, self._stale_s = gap_s, stale_s
        self._hosts: dict[str, _HostWatch] = {}

    def is_over(self, now: float) -> bool:
        """Read all heartbeats at a time of the monotonic clock, s. Raises `OSError` when they cannot be listed, which means nothing."""
        hosts = [name for name in os.listdir(self._folder) if name != self._own_host and not name.startswith(".")]
        self._hosts = {host: self._hosts.get(host) or _HostWatch(now) for host in hosts}
        for host in hosts:
            if not self._hosts[host].read(os.path.join(self._folder, host), self._run, now):
                del self._hosts[host]
        return all(host.has_ended(now, self._gap_s, self._stale_s) for host in self._hosts.values())

    def waiting_for(self) -> list[str]:
        """The FUs that have the run by their last complete heartbeat, or had none that is complete."""
        return sorted(name for name, host in self._hosts.items() if host.absent_since is None)


class _HostWatch:
    """What the heartbeats of one FU said of a run.

    Attributes:
        absent_since: Time of the first of the complete readings in a row without the run; None if the last one lists it.
    """

    def __init__(self, now: float) -> None:
        self.absent_since: float | None = None
        self._last_complete = self._changed = now
        self._version: Version | None = None

    def read(self, path: str, run: int, now: float) -> bool:
        """Read the heartbeat; False when there is no such file any more."""
        try:
            with open(path, "rb", buffering=0, opener=lambda name, flags: os.open(name, flags | os.O_NONBLOCK)) as file:
                status = os.fstat(file.fileno())
                text = file.read() if stat.S_ISREG(status.st_mode) else b""
        except FileNotFoundError:
            return False
        except OSError:
            return True  # as an incomplete one
        version = (status.st_ino, status.st_mtime_ns, status.st_size)
        if version != self._version:
            self._version, self._changed = version, now
        runs = active_runs(text)
        if runs is not None:
            self._last_complete = now
            if run in runs:
                self.absent_since = None
            elif self.absent_since is None:
                self.absent_since = now
        return True

    def has_ended(self, now: float, gap_s: float, stale_s: float) -> bool:
        """Whether the run is over on this FU."""
        if now - self._changed >= stale_s:
            return True
        return self.absent_since is not None and self._last_complete - self.absent_since >= gap_s
