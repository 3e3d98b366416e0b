"""Loops: what repeats every few seconds for as long as a consumer of the queue `live` lives.

Each loop is a periodic task of the queue, which the scheduler of every consumer begins when it starts and then each
minute, in a thread. The thread leases the row of the loop for a minute, or waits for the end of another's lease; so a
loop is done by one at a time, every other consumer stands by, and one that was killed is replaced after LEASE_S. A
minute outlasts its successor's start, and leaves word when the next step is due: the period holds across the change.

No clock of the wall decides anything, so that a clock set forward or back, or one that differs between hosts, does
no harm: a lease is over for who has seen it unchanged for its length by his own monotonic clock, and minutes and
periods are timed by it, too. `lease_until` and the times of success and error are UTC, for people.
"""

from __future__ import annotations

import logging
import math
import os
import secrets
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial

from huey.api import PeriodicTask
from peewee import DoubleField, IntegerField, TextField

from app.core.database import Table, end_thread, release
from app.core.settings import Settings
from app.queue.queues import Queue

log = logging.getLogger(__name__)

MINUTE_S = 62.0
"""How long one has a loop: the next minute begins after 60 s, up to a second late."""
LEASE_S = 6.0
LOOK_S = 0.1
RETRY_S = 5.0
"""After a step that failed the next one comes after so long at the latest, whatever the period."""


class Loop(Table):
    """One loop: who has it and how it goes.

    owner: host, process and turn, or nobody (""). lease_until: until when the owner has it, or, when there is none,
    when its next step is due. last_ok, last_error: of steps; failures: in a row; duration_s: of the last step that
    went well; steps: done in all. Times are Unix s UTC.
    """

    name = TextField(unique=True)
    period_s = DoubleField()
    owner = TextField(default="")
    lease_until = DoubleField(default=0.0)
    last_ok = DoubleField(null=True)
    last_error = DoubleField(null=True)
    error = TextField(default="")
    failures = IntegerField(default=0)
    duration_s = DoubleField(null=True)
    steps = IntegerField(default=0)


Step = Callable[[], None]


@dataclass(frozen=True)
class Repeated:
    """What is repeated: `begin` is entered when this process has got the loop, gives the function that does one step,
    and is left when it gives the loop away. A step that may take longer than its period looks at `Turn.over`.
    """

    name: str
    period_s: float
    begin: Callable[[Turn], AbstractContextManager[Step]]


_SOURCES: list[Callable[[Settings], Iterable[Repeated]]] = []


def repeats(source: Callable[[Settings], Iterable[Repeated]]) -> Callable[[Settings], Iterable[Repeated]]:
    """Register a function that says what is to be repeated with these settings."""
    _SOURCES.append(source)
    return source


def planned(settings: Settings) -> list[Repeated]:
    """All that is to be repeated with these settings."""
    return [loop for source in _SOURCES for loop in source(settings)]


def schedule(queue: Queue, found: list[Repeated], stopping: threading.Event) -> None:
    """Make each loop a periodic task of this process's queue."""
    for loop in found:
        queue.periodic_task(lambda _: True, name=f"loop {loop.name}")(partial(minute, loop, stopping))
    free = (Loop.owner == "") | (Loop.lease_until < time.time())
    Loop.delete().where(Loop.name.not_in([loop.name for loop in found]), free).execute()  # else the status page waits for them for ever


_threads: list[threading.Thread] = []
"""The minutes of this process."""


def begin(task: PeriodicTask) -> None:
    """Begin the minute of a periodic task in a thread of its own.

    As a message in the queue it could be taken by a consumer that has the loop anyway, and nobody would stand by.
    """
    thread = threading.Thread(target=task.execute, name=task.name, daemon=True)
    _threads[:] = [*(other for other in _threads if other.is_alive()), thread]
    thread.start()


def wait_for_end(seconds: float) -> None:
    """Wait for the minutes that are ending, so that they free their loops."""
    end = time.monotonic() + seconds
    for thread in _threads:
        thread.join(max(end - time.monotonic(), 0.0))


_waiting: dict[str, Turn] = {}
"""Who of this process waits for a loop: one is enough, and goes on with the next minute."""
_waiting_lock = threading.Lock()


def minute(loop: Repeated, stopping: threading.Event, length_s: float = MINUTE_S) -> None:
    """Do the steps of a loop for a minute, unless others have it until its end or the consumer stops."""
    turn = Turn(loop, stopping, length_s)
    with _waiting_lock:
        if waiting := _waiting.get(loop.name):
            waiting.end = turn.end
            return
        _waiting[loop.name] = turn
    try:
        try:
            got = turn.wait_for_lease()
        finally:
            with _waiting_lock:
                del _waiting[loop.name]
        if got:
            with turn.kept():
                turn.work()
    except Exception:  # the database may be away; the next minute finds out
        log.exception("the loop %s was left", loop.name)
    finally:
        end_thread()


class Turn:
    """A minute of one loop in this thread."""

    def __init__(self, loop: Repeated, stopping: threading.Event, length_s: float) -> None:
        self.loop = loop
        self.stopping = stopping
        self.end = time.monotonic() + length_s
        self.owner = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
        self.lost = False
        self.due = 0.0

    def over(self) -> bool:
        """Whether to leave the rest to a later step: the minute is over, the lease is lost, or the consumer stops."""
        return self.stopping.is_set() or self.lost or time.monotonic() >= self.end

    def wait_for_lease(self) -> bool:
        """Whether the loop became ours before the minute was over."""
        Loop.insert(name=self.loop.name, period_s=self.loop.period_s).on_conflict_ignore().execute()
        seen, free_at = ("", -1.0), 0.0
        while not self.over():
            row = Loop.get(Loop.name == self.loop.name)
            now = time.monotonic()
            if (row.owner, row.lease_until) != seen:
                seen = row.owner, row.lease_until
                free_at = now + (LEASE_S if row.owner else min(max(row.lease_until - time.time(), 0.0), self.loop.period_s))
            if now >= free_at and self._take(*seen):
                return True
            release()
            self.stopping.wait(min(LOOK_S, max(free_at - now, 0.0)))
        return False

    def _take(self, owner: str, lease_until: float) -> bool:
        ours = {"owner": self.owner, "lease_until": time.time() + LEASE_S, "period_s": self.loop.period_s}
        unchanged = Loop.name == self.loop.name, Loop.owner == owner, Loop.lease_until == lease_until
        return bool(Loop.update(ours).where(*unchanged).execute())

    def _mine(self, **changes: object) -> None:
        """Change the row if the loop is still ours; else it is lost."""
        if not Loop.update(**changes).where(Loop.name == self.loop.name, Loop.owner == self.owner).execute():
            self.lost = True

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Renew the lease from a second thread, since a step may be slow; at the end say when the next step is due."""
        ended = threading.Event()
        renewer = threading.Thread(target=self._renew, args=(ended,), name=f"lease of {self.loop.name}", daemon=True)
        self.due = time.monotonic()
        renewer.start()
        try:
            yield
        finally:
            ended.set()
            renewer.join()
            self._mine(owner="", lease_until=time.time() + max(self.due - time.monotonic(), 0.0))

    def _renew(self, ended: threading.Event) -> None:
        renewed = time.monotonic()
        while not self.lost and not ended.wait(LEASE_S / 4):
            start = time.monotonic()
            try:
                self._mine(lease_until=time.time() + LEASE_S)
                renewed = start
            except Exception:  # whatever the database raises: there is time for the next try
                log.exception("the lease of the loop %s was not renewed", self.loop.name)
                self.lost = start - renewed > LEASE_S
            release()
        end_thread()

    def work(self) -> None:
        """Step after step, each at its time; those that a slow step has missed are left out."""
        try:
            with self.loop.begin(self) as step:
                while not self.over():
                    period = self.loop.period_s if self._step(step) else min(self.loop.period_s, RETRY_S)
                    missed = math.ceil((time.monotonic() - self.due) / period) - 1
                    self.due += (1 + max(missed, 0)) * period
                    self.stopping.wait(max(min(self.due, self.end) - time.monotonic(), 0.0))
        except Exception as error:  # it could not begin or end
            self.due += min(self.loop.period_s, RETRY_S)
            self._failed(error)

    def _step(self, step: Step) -> bool:
        """Whether a step went well."""
        start = time.monotonic()
        try:
            step()
            took = time.monotonic() - start
            self._mine(last_ok=time.time(), failures=0, duration_s=took, steps=Loop.steps + 1)
        except Exception as error:
            self._failed(error)
            return False
        finally:
            release()
        return True

    def _failed(self, error: Exception) -> None:
        log.error("the loop %s failed", self.loop.name, exc_info=error)
        try:
            text = f"{type(error).__name__}: {error}"
            self._mine(last_error=time.time(), error=text, failures=Loop.failures + 1, steps=Loop.steps + 1)
        except Exception:  # the database may be what failed
            log.exception("how the loop %s went was not written", self.loop.name)
