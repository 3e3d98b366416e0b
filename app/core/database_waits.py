"""How long threads wait for the write lock of SQLite.

With the waits of SQLite itself, a lock that is held for long would block all threads of a web process, and no request would
get a response. Here the threads share a state: when the lock has been taken for ALL_WAIT_S, only a few of them keep waiting.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Lock, get_ident, local
from typing import TypeVar

from peewee import PeeweeException

Result = TypeVar("Result")

ALL_WAIT_S = 1.0
"""All threads wait until the lock has been taken for this time, s. Our services hold it for far less."""

QUIET_S = 10.0
"""If no thread has found the lock taken for this time, s, ALL_WAIT_S starts again."""

PAUSE_S = 0.02
BUSY_CODES = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_PROTOCOL})


class LockWaits:
    """The waits of the threads of a process.

    Args:
        most_s: A statement waits at most this long.
        few: Most threads that wait for longer than ALL_WAIT_S; None means any number.
    """

    def __init__(self, most_s: float, few: int | None) -> None:
        self.most_s = most_s
        self.few = few
        self._lock = Lock()
        self._waiting: dict[int, None] = {}  # identifiers of threads in the order in which they came
        self._taken = self._last_taken = float("-inf")
        self._own = local()

    @contextmanager
    def at_most(self, seconds: float) -> Iterator[None]:
        """Limit the waits of this thread in this block, and never count it as one of the few; 0: no wait."""
        before = self._own_most_s()
        self._own.most_s = seconds if before is None else min(seconds, before)
        try:
            yield
        finally:
            self._own.most_s = before

    def run(self, statement: Callable[[], Result], takes_lock: bool) -> Result:
        """Run a statement outside of transactions, again and again while the lock is taken.

        Args:
            takes_lock: Whether it can only succeed while the lock is free.
        """
        began, me = time.monotonic(), get_ident()
        try:
            while True:
                tried = time.monotonic()
                try:
                    result = statement()
                except PeeweeException as error:
                    if not _is_busy(error) or not self._may_wait(began, tried):
                        raise
                    takes_lock = True
                else:
                    if takes_lock:
                        self._taken = self._last_taken = float("-inf")
                    return result
                Event().wait(PAUSE_S)
        finally:
            self._waiting.pop(me, None)

    def _own_most_s(self) -> float | None:
        found: float | None = getattr(self._own, "most_s", None)
        return found

    def _may_wait(self, began: float, now: float) -> bool:
        """Whether to go on. now: when the last attempt began; a process that stalls after it has a right to another one."""
        own_s = self._own_most_s()
        if own_s == 0:
            return False
        with self._lock:
            if now - self._last_taken > QUIET_S:
                self._taken = now
            self._last_taken = now
            is_early = now - self._taken < ALL_WAIT_S
            if own_s is not None:
                return is_early and now - began < own_s
            self._waiting.setdefault(get_ident())
            is_one_of_few = self.few is None or get_ident() in list(self._waiting)[: self.few]
            return (is_early or is_one_of_few) and now - began < self.most_s


def _is_busy(error: PeeweeException) -> bool:
    cause = error.__cause__ or error.__context__
    return isinstance(cause, sqlite3.Error) and getattr(cause, "sqlite_errorcode", 0) & 0xFF in BUSY_CODES
