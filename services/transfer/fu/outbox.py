"""The files that wait to be sent, in their order, with pauses after failures."""

from __future__ import annotations

import heapq
import itertools
import threading
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field

from ..names import FileKind
from .files import ClientFile, FileState

AGED_S = 20.0
"""Seconds after which overtaken files get every second turn, so that no run waits for ever while the target is slow."""
Kinds = Collection[FileKind]


@dataclass(eq=False)
class OutgoingFile:
    """A file that waits or is being sent.

    Attributes:
        file: The file.
        state: The version to send.
        noticed: When this version was noticed, s since 1970.
        since: When the wait for its companion began, by the monotonic clock.
        attempts: How often it was tried.
        waits_since: When this version, or the unsent one that it replaced, was noticed, s since 1970.
        failures: Attempts since then that failed.
        error: Why the last attempt failed; empty if none did.
        source_failures: How many attempts in a row failed because of this version of the file itself.
        is_postponed: It waits for its companion.
        is_hurried: The companion came during the current attempt.
        due_since: Since when this version, or the one that it replaced, could be sent; 0 while it cannot.
        entry: The number of its newest entry in the heaps; older entries are ignored.
    """

    file: ClientFile
    state: FileState
    noticed: float = field(default_factory=time.time)
    since: float = field(default_factory=time.monotonic)
    attempts: int = 0
    waits_since: float = field(default_factory=time.time)
    failures: int = 0
    error: str = ""
    source_failures: int = 0
    is_postponed: bool = False
    is_hurried: bool = False
    due_since: float = 0.0
    entry: int = -1

    def follow(self, before: OutgoingFile) -> None:
        """Wait in place of an older version that was not sent."""
        self.waits_since, self.failures, self.error = before.waits_since, before.failures, before.error

    def wait_again(self) -> None:
        """Wait on its own account: the older version was sent or is given up."""
        self.waits_since, self.failures, self.error = self.noticed, 0, ""


Entry = tuple[float, int, OutgoingFile]
"""Sort key, number of the entry, and file."""


class Outbox:
    """The files that wait to be sent, at most one version of each.

    Snapshots are sent before ROOT files, and files of newer runs before those of older ones; but every second file is the one that has
    waited longest, if it has waited for AGED_S. After a failure a file waits, each time twice as long. While the target fails as a
    whole, one file is tried after each pause, also while another one is being sent, since a big file may take hours.
    """

    def __init__(self, retry_s: float, retry_most_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._retry_s, self._retry_most_s, self._clock = retry_s, retry_most_s, clock
        self._changed = threading.Condition()
        self._waiting: dict[str, OutgoingFile] = {}
        self._active: dict[str, OutgoingFile] = {}
        self._timers: list[tuple[float, int, OutgoingFile]] = []
        self._by_run: dict[FileKind, list[Entry]] = {FileKind.SNAPSHOT: [], FileKind.ROOT_FILE: []}
        self._by_age: dict[FileKind, list[Entry]] = {kind: [] for kind in self._by_run}
        self._was_aged = False
        self._numbers = itertools.count()
        self._outages = 0
        self._next_probe = 0.0
        self._is_closed = False

    def __len__(self) -> int:
        with self._changed:
            return len(self._waiting) + len(self._active)

    def runs(self) -> set[int]:
        """The runs of all files here."""
        with self._changed:
            return {one.file.run for files in (self._waiting, self._active) for one in files.values()}

    def waiting(self) -> list[OutgoingFile]:
        """The newest version of each file here, also of those that are being sent."""
        with self._changed:
            return list((self._active | self._waiting).values())

    def find(self, name: str) -> OutgoingFile | None:
        """The waiting version of a file, otherwise the version that is being sent."""
        with self._changed:
            return self._waiting.get(name) or self._active.get(name)

    def put(self, outgoing: OutgoingFile) -> None:
        """Add a file in place of its waiting version, which is then never sent.

        A snapshot does not wait for its report longer because of this: otherwise a fast client without reports would wait for ever.
        """
        with self._changed:
            before = self._waiting.get(outgoing.file.name)
            if older := before or self._active.get(outgoing.file.name):
                outgoing.follow(older)
            if before and outgoing.file.kind is FileKind.SNAPSHOT:
                outgoing.since, outgoing.due_since = before.since, before.due_since
            self._add(outgoing)

    def _add(self, outgoing: OutgoingFile, delay_s: float = 0.0) -> None:
        name = outgoing.file.name
        self._waiting[name] = outgoing
        if name not in self._active:
            outgoing.entry = next(self._numbers)
            heapq.heappush(self._timers, (self._clock() + delay_s, outgoing.entry, outgoing))
            self._changed.notify_all()

    def take(self, kinds: Kinds) -> OutgoingFile | None:
        """Wait for the next file of these kinds to send; None when the outbox is closed."""
        with self._changed:
            while not self._is_closed:
                now = self._clock()
                self._move_due(now)
                if (not self._outages or now >= self._next_probe) and (outgoing := self._choose(kinds, now)):
                    self._active[outgoing.file.name] = outgoing
                    del self._waiting[outgoing.file.name]
                    outgoing.due_since = 0.0
                    self._next_probe = now + self._delay_s(self._outages)
                    return outgoing
                self._changed.wait(self._pause_s(now))
            return None

    def _move_due(self, now: float) -> None:
        while self._timers and self._timers[0][0] <= now:
            _, number, outgoing = heapq.heappop(self._timers)
            if number == outgoing.entry:
                outgoing.due_since = outgoing.due_since or now
                heapq.heappush(self._by_run[outgoing.file.kind], (-outgoing.file.run, number, outgoing))
                heapq.heappush(self._by_age[outgoing.file.kind], (outgoing.due_since, number, outgoing))

    def _choose(self, kinds: Kinds, now: float) -> OutgoingFile | None:
        """The file to send next."""
        firsts = [self._first(self._by_age[kind]) for kind in self._by_age if kind in kinds]
        aged = [one for one in firsts if one and now - one.due_since >= AGED_S]
        self._was_aged = bool(aged) and not self._was_aged
        if self._was_aged:
            return min(aged, key=lambda one: one.due_since)
        return next((one for kind in self._by_run if kind in kinds and (one := self._first(self._by_run[kind]))), None)

    def _first(self, order: list[Entry]) -> OutgoingFile | None:
        """The first valid file; other entries were taken or replaced, or wait for the version that is being sent."""
        while order:
            _, number, outgoing = order[0]
            name = outgoing.file.name
            if number == outgoing.entry and self._waiting.get(name) is outgoing and name not in self._active:
                return outgoing
            heapq.heappop(order)
        return None

    def _pause_s(self, now: float) -> float | None:
        """Seconds until something is due; None to wait for a change."""
        times = [self._timers[0][0]] if self._timers else []
        if self._outages:
            times.append(self._next_probe)
        later = [at - now for at in times if at > now]
        return min(later) if later else None

    def finish(self, outgoing: OutgoingFile, is_reached: bool = True) -> None:
        """The file was sent or is given up; a version that came meanwhile is next."""
        with self._changed:
            if is_reached:
                self._outages = 0
            if newer := self._waiting.get(outgoing.file.name):
                newer.wait_again()
            self._release(outgoing)

    def retry(self, outgoing: OutgoingFile, is_target: bool = False) -> None:
        """The attempt failed: the file waits for the next one, unless a newer version has come meanwhile."""
        with self._changed:
            if is_target:
                self._outages += 1
                self._next_probe = self._clock() + self._delay_s(self._outages)
            if newer := self._waiting.get(outgoing.file.name):
                newer.follow(outgoing)
            self._release(outgoing, self._delay_s(outgoing.attempts))

    def postpone(self, outgoing: OutgoingFile, delay_s: float) -> None:
        """Let the file wait for its companion, for at most this time."""
        with self._changed:
            outgoing.is_postponed = True
            self._release(outgoing, 0.0 if outgoing.is_hurried else delay_s)
            outgoing.is_hurried = False

    def hurry(self, name: str) -> None:
        """The companion of a file has come: if the file waits for it, the file is due now."""
        with self._changed:
            if name in self._active:
                self._active[name].is_hurried = True
            elif name in self._waiting and self._waiting[name].is_postponed:
                self._waiting[name].is_postponed = False
                self._add(self._waiting[name])

    def _release(self, outgoing: OutgoingFile, delay_s: float | None = None) -> None:
        name = outgoing.file.name
        del self._active[name]
        newer = self._waiting.get(name)
        if newer is not None:
            self._add(newer)
        elif delay_s is not None:
            self._add(outgoing, delay_s)
        self._changed.notify_all()

    def _delay_s(self, failures: int) -> float:
        return min(self._retry_most_s, self._retry_s * 2.0 ** min(failures - 1, 30))

    def close(self) -> None:
        """Let all takers end."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()
