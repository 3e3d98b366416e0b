"""The files that wait to be sent, in their order, with pauses after failures."""

from __future__ import annotations

import heapq
import itertools
import threading
import time
from collections.abc import Collection
from dataclasses import dataclass, field

from ..names import FileKind
from .files import ClientFile, FileState

Kinds = Collection[FileKind]


@dataclass(eq=False)
class OutgoingFile:
    """A file that waits or is being sent.

    Attributes:
        file: What it is.
        state: The version of it to send.
        noticed: When that was noticed, s since 1970.
        since: When the wait for its companion began, by the monotonic clock.
        attempts: How often it was tried.
        error: Why the last attempt failed; empty if none did.
        source_failures: How many attempts in a row failed because of this version of the file itself.
        is_postponed: It waits for its companion.
        is_hurried: The companion came while the file was looked at.
    """

    file: ClientFile
    state: FileState
    noticed: float = field(default_factory=time.time)
    since: float = field(default_factory=time.monotonic)
    attempts: int = 0
    error: str = ""
    source_failures: int = 0
    is_postponed: bool = False
    is_hurried: bool = False


class Outbox:
    """What waits to be sent, at most one version of each file.

    Snapshots come before ROOT files, and files of newer runs before those of older ones. After a failure a file waits, each time
    twice as long. While the target fails as a whole, one file at a time is tried, with the same pauses.
    """

    def __init__(self, retry_s: float, retry_most_s: float) -> None:
        self._retry_s, self._retry_most_s = retry_s, retry_most_s
        self._changed = threading.Condition()
        self._waiting: dict[str, OutgoingFile] = {}
        self._active: dict[str, OutgoingFile] = {}
        self._timers: list[tuple[float, int, OutgoingFile]] = []
        self._due: dict[FileKind, list[tuple[int, int, OutgoingFile]]] = {FileKind.SNAPSHOT: [], FileKind.ROOT_FILE: []}
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

    def find(self, name: str) -> OutgoingFile | None:
        """The version of a file that waits, else that which is being sent."""
        with self._changed:
            return self._waiting.get(name) or self._active.get(name)

    def put(self, outgoing: OutgoingFile) -> None:
        """Add a file in place of the version that waits, which is never sent then.

        The wait of snapshots for their reports does not begin anew, otherwise a fast client without reports waited for ever.
        """
        with self._changed:
            before = self._waiting.get(outgoing.file.name)
            if before and outgoing.file.kind is FileKind.SNAPSHOT:
                outgoing.since = before.since
            self._add(outgoing)

    def _add(self, outgoing: OutgoingFile, delay_s: float = 0.0) -> None:
        name = outgoing.file.name
        self._waiting[name] = outgoing
        if name not in self._active:
            heapq.heappush(self._timers, (time.monotonic() + delay_s, next(self._numbers), outgoing))
            self._changed.notify_all()

    def take(self, kinds: Kinds) -> OutgoingFile | None:
        """The next file of these kinds to send, when there is one; None when the outbox is closed."""
        with self._changed:
            while not self._is_closed:
                now = time.monotonic()
                self._move_due(now)
                if not self._outages or (now >= self._next_probe and not self._active):
                    for kind in (kind for kind in self._due if kind in kinds):
                        if outgoing := self._pop(self._due[kind]):
                            self._active[outgoing.file.name] = outgoing
                            del self._waiting[outgoing.file.name]
                            return outgoing
                self._changed.wait(self._pause_s(now))
            return None

    def _move_due(self, now: float) -> None:
        while self._timers and self._timers[0][0] <= now:
            _, number, outgoing = heapq.heappop(self._timers)
            heapq.heappush(self._due[outgoing.file.kind], (-outgoing.file.run, number, outgoing))

    def _pop(self, heap: list[tuple[int, int, OutgoingFile]]) -> OutgoingFile | None:
        """The first file of the heap that still counts: others were replaced, or wait for the version that is being sent."""
        while heap:
            _, _, outgoing = heapq.heappop(heap)
            name = outgoing.file.name
            if self._waiting.get(name) is outgoing and name not in self._active:
                return outgoing
        return None

    def _pause_s(self, now: float) -> float | None:
        """Seconds until something is due; None when only a change can make it so."""
        times = [self._timers[0][0]] if self._timers else []
        if self._outages and not self._active:
            times.append(self._next_probe)
        later = [at - now for at in times if at > now]
        return min(later) if later else None

    def finish(self, outgoing: OutgoingFile, is_reached: bool = True) -> None:
        """The file was sent, or is given up; what came meanwhile is next."""
        with self._changed:
            if is_reached:
                self._outages = 0
            self._release(outgoing)

    def retry(self, outgoing: OutgoingFile, is_target: bool = False) -> None:
        """The attempt failed: the file waits for the next one, unless a newer version has come meanwhile."""
        with self._changed:
            if is_target:
                self._outages += 1
                self._next_probe = time.monotonic() + self._delay_s(self._outages)
            self._release(outgoing, self._delay_s(outgoing.attempts))

    def postpone(self, outgoing: OutgoingFile, delay_s: float) -> None:
        """The file waits for its companion, at most so long."""
        with self._changed:
            outgoing.is_postponed = True
            self._release(outgoing, 0.0 if outgoing.is_hurried else delay_s)
            outgoing.is_hurried = False

    def hurry(self, name: str) -> None:
        """The companion of a file is there: if the file waited for it, it is due."""
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
