"""XRootD servers: what one answers, in time or not at all, and what its errors mean in words.

XRootD's own client is used, and not fsspec's layer on top of it: that one has no limit of time by default, gives none where
it asks a server for its limits, and passes all through one thread that is lost after a fork. Every request runs in a thread
of its own, so that whoever waits goes on in time even where the client does not keep its promise (it looks up host names
without any limit). After a server did not answer, who asks it next gets the reason at once, until one request finds it well.
"""

from __future__ import annotations

import errno
import math
import re
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

from app.formats.source import Unreachable

RETRY_S = 5.0
"""A server that did not answer is left alone for so long."""
PLACE_S = 0.5
"""Longest wait for a place among those who wait for remote servers."""

_REASONS = {
    3005: (errno.EIO, "the server cannot read it"),
    3007: (errno.EIO, "the server cannot read it"),
    3010: (errno.EACCES, "permission denied"),
    3011: (errno.ENOENT, "there is no such file"),
    3014: (errno.ENOENT, "the redirector knows no server that has it"),
    3016: (errno.EISDIR, "is a folder"),
    3029: (errno.ENOENT, "the redirector knows no server that has it"),
    3030: (errno.EACCES, "permission denied: the server wants to know who we are"),
}
"""What the numbers mean by which servers name an error."""
_ANSWERED, _NOT_KNOWN_TO_IT = 400, 204  # codes of the client: the server sent an error; it refused to talk to us
_EXPIRED = (103, 206)  # the connection was silent; the request took too long
_NO_SOURCE = re.compile("no servers", re.IGNORECASE)

T = TypeVar("T")


class Places:
    """So many requests of this process may wait for servers at a time."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.free = threading.BoundedSemaphore(count)


def client(timeout_s: float) -> Any:
    """XRootD's client, which is loaded where it is needed, and not before a fork. Raises OSError when it is not installed."""
    try:
        from XRootD import client as loaded
    except ImportError as error:
        raise OSError(errno.ENOPKG, "remote files need the Python package xrootd (the extra `xrootd` of DQM Hub)") from error
    seconds = math.ceil(timeout_s)
    # By default it tries a connection for 10 minutes, looks every 15 s whether a limit is over, and after a server was gone
    # refuses to try again for half an hour. Metalinks would lead to other places than those that may be read.
    settings = {"ConnectionWindow": seconds, "ConnectionRetry": 1, "RequestTimeout": seconds, "StreamTimeout": seconds,
                "TimeoutResolution": 1, "StreamErrorWindow": 0, "MetalinkProcessing": 0}  # fmt: skip
    for name, value in settings.items():
        loaded.EnvPutInt(name, value)
    return loaded


class Server:
    """A server or redirector, and whether it answers. place: `root://host[:port]`."""

    def __init__(self, place: str, timeout_s: float, places: Places) -> None:
        self.place = place
        self._timeout_s = timeout_s
        self._places = places
        self.name = place.removeprefix("root://")
        self.trouble = ""
        self.silent_until = 0.0
        self.answered = 0.0
        self.asked: list[float] = []  # when each request was sent that is not answered
        self.lock = threading.Lock()

    def ask(self, call: Callable[[int], tuple[Any, T]]) -> T:
        """The answer to one request, which gets the seconds that it may take.

        Raises Unreachable when there is none in time, and OSError with the reason when it is an error.
        """
        start = time.monotonic()
        self._refuse_in_trouble()
        if not self._places.free.acquire(timeout=self._patience(start)):
            raise Unreachable(errno.EBUSY, f"{self._places.count} requests wait for remote servers already; try again")
        self.asked.append(start)
        try:
            status, answer = _in_time(lambda: call(math.ceil(self._timeout_s)), self._timeout_s)
        except TimeoutError:
            raise self._silent(start) from None
        finally:
            self.asked.remove(start)
            self._places.free.release()
        if status.ok or status.code == _ANSWERED:
            self.trouble, self.answered = "", time.monotonic()
        if status.ok:
            return answer
        raise self._silent(start) if status.code in _EXPIRED else self._error(status)

    def _patience(self, now: float) -> float:
        """How long to wait for a place: not at all for a server that keeps somebody waiting, who may wait for long."""
        return 0.0 if now - min(self.asked, default=now) > PLACE_S else PLACE_S

    def _refuse_in_trouble(self) -> None:
        with self.lock:
            now = time.monotonic()
            if self.trouble and now < self.silent_until:
                raise Unreachable(errno.EHOSTDOWN, f"{self.trouble}; it is asked again in {math.ceil(self.silent_until - now)} s")
            self.silent_until = now + self._timeout_s  # one that tries is enough

    def _gone(self, number: int, trouble: str) -> Unreachable:
        with self.lock:
            self.trouble, self.silent_until = trouble, time.monotonic() + RETRY_S
        return Unreachable(number, trouble)

    def _silent(self, start: float) -> Unreachable:
        """A redirector that looks for one file may let that wait and answer all else, which is no trouble."""
        said = f"the server {self.name} did not answer within {self._timeout_s:g} s"
        return Unreachable(errno.ETIMEDOUT, said) if self.answered > start else self._gone(errno.ETIMEDOUT, said)

    def _error(self, status: Any) -> OSError:
        message = status.message.strip()
        if status.code == _ANSWERED:
            if _NO_SOURCE.search(message):
                return OSError(*_REASONS[3029])
            known = _REASONS.get(status.errno)
            return OSError(*known) if known else OSError(errno.EIO, f"the server {self.name} says: {message.rpartition('] ')[2]}")
        if status.code == _NOT_KNOWN_TO_IT:
            return OSError(*_REASONS[3030])
        return self._gone(errno.ECONNREFUSED, f"the server {self.name} cannot be reached: {message.rpartition('] ')[2].lower()}")


def _in_time(call: Callable[[], T], seconds: float) -> T:
    """The result of a call in a thread of its own; raises TimeoutError, and the thread ends when it ends."""
    result: Future[T] = Future()

    def run() -> None:
        try:
            result.set_result(call())
        except BaseException as error:
            result.set_exception(error)

    threading.Thread(target=run, name="remote", daemon=True).start()
    return result.result(seconds)
