"""Files behind XRootD, `root://host[:port]//path`: read in ranges, and never waited for longer than was agreed.

XRootD's own client is used, and not fsspec's layer on top of it: that one has no limit of time by default, gives none where
it asks a server for its limits, and passes all through one thread that is lost after a fork. Every request runs in a thread
of its own, so that whoever waits goes on in time even where the client does not keep its promise (it looks up host names
without any limit). After a server did not answer, who asks it next gets the reason at once, until one request finds it well.
"""

from __future__ import annotations

import atexit
import errno
import math
import re
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from functools import cache
from typing import Any, NamedTuple, TypeVar

from cachetools import LRUCache, TTLCache

from app.formats.model import FormatError
from app.formats.source import Unreachable, Version

RETRY_S = 5.0
"""A server that did not answer is left alone for so long."""
PLACE_S = 0.5
"""Longest wait for a place among those who wait for remote servers."""
OPEN_FILES = 32
OPEN_S = 10.0
"""A file stays open for so long: no longer, for a server goes on giving what was replaced to whoever opens it meanwhile."""
PIECE = 4 << 20
"""Most bytes of one request: the limit of time is for each, so that a large object from far away may take longer."""
BLOCK = 1 << 20
"""Bytes that are read at a time where most of a file is looked through."""
BLOCKS = 32

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
_IS_FOLDER = 2
SECOND = 1_000_000_000

T = TypeVar("T")


class Limits(NamedTuple):
    """timeout_s: longest wait for one answer; recheck_s: how old a version may be; waiting: threads that may wait at a time."""

    timeout_s: float = 10.0
    recheck_s: float = 30.0
    waiting: int = 4


class _State:
    """What this process knows of remote files and servers."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.lock = threading.Lock()
        self.places = threading.BoundedSemaphore(limits.waiting)
        self.servers: LRUCache[str, Server] = LRUCache(1000)
        self.files: TTLCache[str, RemoteFile] = TTLCache(OPEN_FILES, OPEN_S)
        self.versions: LRUCache[str, _Seen] = LRUCache(10_000)
        self.closing = False

    def server(self, url: str) -> Server:
        place = url[: url.index("/", len("root://"))]
        with self.lock:
            return self.servers.setdefault(place, Server(place))


class _Seen(NamedTuple):
    """until: monotonic s; asked: Unix s UTC."""

    version: Version
    until: float
    asked: float


def configure(limits: Limits) -> None:
    """Set the limits of this process, before it reads its first remote file."""
    global _state
    _state = _State(limits)


def _close_old() -> None:
    """Ends when no file is open any more."""
    while True:
        time.sleep(OPEN_S / 2)
        with _state.lock:
            _state.files.expire()
            if not _state.files:
                _state.closing = False
                return


@cache
def _client() -> Any:
    """XRootD's client, which is loaded where it is needed, and not before a fork."""
    try:
        from XRootD import client
    except ImportError as error:
        raise OSError(errno.ENOPKG, "remote files need the Python package xrootd (the extra `xrootd` of DQM Hub)") from error
    seconds = math.ceil(_state.limits.timeout_s)
    # By default it tries a connection for 10 minutes, looks every 15 s whether a limit is over, and after a server was gone
    # refuses to try again for half an hour. Metalinks would lead to other places than those that may be read.
    settings = {"ConnectionWindow": seconds, "ConnectionRetry": 1, "RequestTimeout": seconds, "StreamTimeout": seconds,
                "TimeoutResolution": 1, "StreamErrorWindow": 0, "MetalinkProcessing": 0}  # fmt: skip
    for name, value in settings.items():
        client.EnvPutInt(name, value)
    atexit.register(lambda: _state.files.clear())  # or the client waits at the end for each that is open
    return client


class Server:
    """A server or redirector, and whether it answers. place: `root://host[:port]`."""

    def __init__(self, place: str) -> None:
        self.place = place
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
        limits, places, start = _state.limits, _state.places, time.monotonic()
        self._refuse_in_trouble(limits)
        if not places.acquire(timeout=self._patience(start)):
            raise Unreachable(errno.EBUSY, f"{limits.waiting} requests wait for remote servers already; try again")
        self.asked.append(start)
        try:
            status, answer = _in_time(lambda: call(math.ceil(limits.timeout_s)), limits.timeout_s)
        except TimeoutError:
            raise self._silent(start, limits) from None
        finally:
            self.asked.remove(start)
            places.release()
        if status.ok or status.code == _ANSWERED:
            self.trouble, self.answered = "", time.monotonic()
        if status.ok:
            return answer
        raise self._silent(start, limits) if status.code in _EXPIRED else self._error(status)

    def _patience(self, now: float) -> float:
        """How long to wait for a place: not at all for a server that keeps somebody waiting, who may wait for long."""
        return 0.0 if now - min(self.asked, default=now) > PLACE_S else PLACE_S

    def _refuse_in_trouble(self, limits: Limits) -> None:
        with self.lock:
            now = time.monotonic()
            if self.trouble and now < self.silent_until:
                raise Unreachable(errno.EHOSTDOWN, f"{self.trouble}; it is asked again in {math.ceil(self.silent_until - now)} s")
            self.silent_until = now + limits.timeout_s  # one that tries is enough

    def _gone(self, number: int, trouble: str) -> Unreachable:
        with self.lock:
            self.trouble, self.silent_until = trouble, time.monotonic() + RETRY_S
        return Unreachable(number, trouble)

    def _silent(self, start: float, limits: Limits) -> Unreachable:
        """A redirector that looks for one file may let that wait and answer all else, which is no trouble."""
        said = f"the server {self.name} did not answer within {limits.timeout_s:g} s"
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


class RemoteFile:
    """An open file, shared by the threads that read it. Errors are OSError with the reason."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._server = _state.server(url)
        self._handle = _client().File()
        self._server.ask(lambda seconds: self._handle.open(url, timeout=seconds))
        opened = self._server.ask(lambda seconds: self._handle.stat(timeout=seconds))  # came with the answer to the first
        self.version = version(url)
        if opened.size != self.version.size or self.version.mtime_ns not in (0, opened.modtime * SECOND):
            forget(url)
            raise Unreachable(errno.ESTALE, "it is being replaced, and the server still gives what was there before; try again")

    def read(self, seek: int, size: int) -> bytes:
        """Up to `size` bytes from `seek` on: fewer where the file ends."""
        end = min(seek + size, self.version.size)
        try:
            pieces = [self._piece(at, min(PIECE, end - at)) for at in range(seek, end, PIECE)]
        except (OSError, ValueError) as error:
            with _state.lock:
                _state.files.pop(self.url, None)  # the next one opens it anew
            if isinstance(error, ValueError):  # the client found that it is open no more
                raise Unreachable(errno.ESTALE, "the server closed it; try again") from error
            raise
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def _piece(self, seek: int, size: int) -> bytes:
        data: bytes = self._server.ask(lambda seconds: self._handle.read(seek, size, timeout=seconds))
        return data

    def close(self) -> None:
        """Nothing: it stays open for the next one that reads it, for a while."""


class Blocks:
    """A file that is read in large blocks, of which the last ones are kept: for looking through most of it."""

    def __init__(self, file: RemoteFile) -> None:
        self._file = file
        self.version = file.version
        self._blocks: LRUCache[int, bytes] = LRUCache(BLOCKS)

    def read(self, seek: int, size: int) -> bytes:
        """Up to `size` bytes from `seek` on: fewer where the file ends."""
        if size >= BLOCK:
            return self._file.read(seek, size)
        first, last = seek // BLOCK, (seek + max(size, 1) - 1) // BLOCK
        data = b"".join(self._block(number) for number in range(first, last + 1))
        at = seek - first * BLOCK
        return data[at : at + size]

    def _block(self, number: int) -> bytes:
        if (block := self._blocks.get(number)) is None:
            block = self._blocks[number] = self._file.read(number * BLOCK, BLOCK)
        return block

    def close(self) -> None:
        self._blocks.clear()


def open_file(url: str) -> RemoteFile:
    """A file for reading; one that was opened not long ago is used again. Raises OSError, and FormatError for a folder."""
    with _state.lock:
        file = _state.files.get(url)
    if file is None:
        file = RemoteFile(url)
        with _state.lock:
            _state.files[url] = file
            if not _state.closing:
                _state.closing = True
                threading.Thread(target=_close_old, name="remote files", daemon=True).start()
    return file


def version(url: str, asked_after: float = 0.0) -> Version:
    """The version of a file, as it was at most `recheck_s` ago, and after `asked_after` (Unix s UTC); while one thread asks the
    others get the one before, if it is not too old.

    Behind a redirector it is the size alone, for each copy of a file has its own time of change. Raises OSError with the
    reason, and FormatError for a folder.
    """
    with _state.lock:
        seen, now = _state.versions.get(url), time.monotonic()
        if seen and now < seen.until and seen.asked >= asked_after:
            return seen.version
        if seen:
            _state.versions[url] = seen._replace(until=now + _state.limits.timeout_s)
    asked = time.time()
    try:
        found = _asked_version(url)
    except (OSError, FormatError):
        forget(url)
        raise
    with _state.lock:
        _state.versions[url] = _Seen(found, time.monotonic() + _state.limits.recheck_s, asked)
        if (file := _state.files.get(url)) and file.version != found:
            del _state.files[url]
    return found


def _asked_version(url: str) -> Version:
    server = _state.server(url)
    path = url[len(server.place) + 1 :]

    def stat(seconds: int) -> tuple[Any, Any]:
        # Only to a callback the client tells which servers it was sent on to.
        told: Future[tuple[Any, Any]] = Future()
        status = (
            _client()
            .FileSystem(server.place)
            .stat(path, timeout=seconds, callback=lambda status, info, hosts: told.set_result((status, (info, hosts))))
        )
        return told.result() if status.ok else (status, None)

    info, hosts = server.ask(stat)
    if info.flags & _IS_FOLDER:
        raise FormatError("is a folder", url, "a file of monitor elements")
    return Version(info.size, 0 if len(list(hosts)) > 1 else info.modtime * SECOND)


def forget(url: str) -> None:
    """Ask the server about a file when it is next wanted."""
    with _state.lock:
        _state.versions.pop(url, None)
        _state.files.pop(url, None)


_state = _State(Limits())
