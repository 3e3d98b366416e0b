"""XRootD servers: requests with a timeout, and the meaning of their errors.

XRootD's own client is used and not fsspec's layer on top of it: fsspec has no timeout by default, sets none when it requests the
limits of a server, and sends everything through one thread that is lost after a fork. Each request runs in its own thread, so
that the caller continues in time even if the client exceeds its timeout (it looks up host names without any). After a server
did not respond, requests to it fail at once with the reason, until one request succeeds.
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

from app.formats.errors import ServerUnreachable

RETRY_S = 5.0
"""Seconds without requests to a server that did not respond."""
SLOT_WAIT_S = 0.5
"""Longest wait for a free request slot, s."""

_REASONS = {
    3005: (errno.EIO, "the server cannot read it"),
    3007: (errno.EIO, "the server cannot read it"),
    3010: (errno.EACCES, "permission denied"),
    3011: (errno.ENOENT, "there is no such file"),
    3014: (errno.ENOENT, "the redirector knows no server with this file"),
    3016: (errno.EISDIR, "is a folder"),
    3029: (errno.ENOENT, "the redirector knows no server with this file"),
    3030: (errno.EACCES, "permission denied: the server requires authentication"),
}
"""Errors of servers by their number."""
# Codes of the client: the server sent an error; it refused the session; the connection or the request timed out.
_SERVER_ERROR, _NOT_AUTHENTICATED = 400, 204
_EXPIRED = (103, 206)
_NO_SOURCE = re.compile("no servers", re.IGNORECASE)

T = TypeVar("T")


class RequestSlots:
    """A limit on the requests of this process that wait for servers at the same time."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.free = threading.BoundedSemaphore(count)


def load_client(timeout_s: float) -> Any:
    """XRootD's client, loaded on first use and never before a fork. Raises `OSError` when it is not installed."""
    try:
        from XRootD import client as loaded
    except ImportError as error:
        raise OSError(errno.ENOPKG, "remote files need the Python package xrootd (the extra `xrootd` of DQM Hub)") from error
    seconds = math.ceil(timeout_s)
    settings = {
        "ConnectionWindow": seconds,
        "ConnectionRetry": 1,  # default: 10 minutes of attempts
        "RequestTimeout": seconds,
        "StreamTimeout": seconds,
        "TimeoutResolution": 1,  # default: timeouts are checked every 15 s
        "StreamErrorWindow": 0,  # default: no attempt for half an hour after a failure
        "MetalinkProcessing": 0,  # metalinks could redirect to servers that are not allowed
    }
    for name, value in settings.items():
        loaded.EnvPutInt(name, value)
    return loaded


class XRootDServer:
    """A server or redirector, and whether it responds.

    Attributes:
        address: `root://host[:port]`.
        name: `host[:port]`.
        trouble: Why the last request got no response; empty if it got one.
        silent_until: Monotonic time until which requests fail at once if there is trouble, s.
        last_response: Monotonic time of the last response, s.
        open_requests: Monotonic start of each request without a response, s.
    """

    def __init__(self, address: str, timeout_s: float, slots: RequestSlots) -> None:
        self.address = address
        self._timeout_s = timeout_s
        self._slots = slots
        self.name = address.removeprefix("root://")
        self.trouble = ""
        self.silent_until = 0.0
        self.last_response = 0.0
        self.open_requests: list[float] = []
        self.lock = threading.Lock()

    def request(self, call: Callable[[int], tuple[Any, T]]) -> T:
        """Send one request and return its response; `call` gets the timeout in s and returns status and response of the client.

        Raises `ServerUnreachable` without a response in time, and `OSError` with the reason for an error.
        """
        start = time.monotonic()
        self._refuse_in_trouble()
        if not self._slots.free.acquire(timeout=self._slot_wait(start)):
            message = f"{self._slots.count} requests are waiting for remote servers already; try again"
            raise ServerUnreachable(errno.EBUSY, message)
        self.open_requests.append(start)
        try:
            status, response = _run_in_time(lambda: call(math.ceil(self._timeout_s)), self._timeout_s)
        except TimeoutError:
            raise self._timed_out(start) from None
        finally:
            self.open_requests.remove(start)
            self._slots.free.release()
        if status.ok or status.code == _SERVER_ERROR:
            self.trouble, self.last_response = "", time.monotonic()
        if status.ok:
            return response
        raise self._timed_out(start) if status.code in _EXPIRED else self._error(status)

    def _slot_wait(self, now: float) -> float:
        """Longest wait for a slot, s: 0 while a request to this server is slow, because the wait may be long."""
        return 0.0 if now - min(self.open_requests, default=now) > SLOT_WAIT_S else SLOT_WAIT_S

    def _refuse_in_trouble(self) -> None:
        with self.lock:
            now = time.monotonic()
            if self.trouble and now < self.silent_until:
                message = f"{self.trouble}; next attempt in {math.ceil(self.silent_until - now)} s"
                raise ServerUnreachable(errno.EHOSTDOWN, message)
            self.silent_until = now + self._timeout_s  # one attempt at a time is enough

    def _unreachable(self, number: int, trouble: str) -> ServerUnreachable:
        with self.lock:
            self.trouble, self.silent_until = trouble, time.monotonic() + RETRY_S
        return ServerUnreachable(number, trouble)

    def _timed_out(self, start: float) -> ServerUnreachable:
        """The error of a request that timed out. If the server answered others meanwhile it has no trouble: redirectors search slowly."""
        message = f"the server {self.name} did not answer within {self._timeout_s:g} s"
        if self.last_response > start:
            return ServerUnreachable(errno.ETIMEDOUT, message)
        return self._unreachable(errno.ETIMEDOUT, message)

    def _error(self, status: Any) -> OSError:
        message = status.message.strip()
        if status.code == _SERVER_ERROR:
            if _NO_SOURCE.search(message):
                return OSError(*_REASONS[3029])
            known = _REASONS.get(status.errno)
            return OSError(*known) if known else OSError(errno.EIO, f"error of the server {self.name}: {message.rpartition('] ')[2]}")
        if status.code == _NOT_AUTHENTICATED:
            return OSError(*_REASONS[3030])
        reason = message.rpartition("] ")[2].lower()
        return self._unreachable(errno.ECONNREFUSED, f"the server {self.name} cannot be reached: {reason}")


def _run_in_time(call: Callable[[], T], seconds: float) -> T:
    """The result of a call in its own thread. Raises `TimeoutError`; the thread then ends with the call."""
    result: Future[T] = Future()

    def run() -> None:
        try:
            result.set_result(call())
        except BaseException as error:
            result.set_exception(error)

    threading.Thread(target=run, name="remote", daemon=True).start()
    return result.result(seconds)
