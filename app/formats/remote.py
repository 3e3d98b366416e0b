"""Files behind XRootD, `root://host[:port]//path`: read in ranges, kept open for a while, and noticed when they are replaced."""

from __future__ import annotations

import atexit
import errno
import threading
import time
from concurrent.futures import Future
from functools import cache
from typing import Any, NamedTuple

from cachetools import LRUCache, TTLCache

from app.formats.model import FormatError
from app.formats.servers import Places, Server, client
from app.formats.source import Unreachable, Version
from app.formats.urls import SCHEME

OPEN_FILES = 32
OPEN_S = 10.0
"""A file stays open for so long: no longer, for a server goes on giving what was replaced to whoever opens it meanwhile."""
PIECE = 4 << 20
"""Most bytes of one request: the limit of time is for each, so that a large object from far away may take longer."""
BLOCK = 1 << 20
"""Bytes that are read at a time where most of a file is looked through."""
BLOCKS = 64


_IS_FOLDER = 2
_SECOND = 1_000_000_000


class _State:
    """What this process knows of remote files and servers."""

    def __init__(self, timeout_s: float, recheck_s: float, waiting: int) -> None:
        self.timeout_s = timeout_s
        self.recheck_s = recheck_s
        self.lock = threading.Lock()
        self.places = Places(waiting)
        self.servers: LRUCache[str, Server] = LRUCache(1000)
        self.files: TTLCache[str, RemoteFile] = TTLCache(OPEN_FILES, OPEN_S)
        self.versions: LRUCache[str, _Seen] = LRUCache(10_000)
        self.closing = False

    def server(self, url: str) -> Server:
        place = url[: url.index("/", len(SCHEME))]
        with self.lock:
            return self.servers.setdefault(place, Server(place, self.timeout_s, self.places))


class _Seen(NamedTuple):
    """until: monotonic s; asked: Unix s UTC."""

    version: Version
    until: float
    asked: float


def configure(timeout_s: float = 10.0, recheck_s: float = 30.0, waiting: int = 4) -> None:
    """Set the limits of this process, before it reads its first remote file.

    timeout_s: longest wait for one answer; recheck_s: how old a version may be; waiting: threads that may wait at a time.
    """
    global _state
    _state = _State(timeout_s, recheck_s, waiting)


@cache
def _client() -> Any:
    loaded = client(_state.timeout_s)
    atexit.register(lambda: _state.files.clear())  # or the client waits at the end for each that is open
    return loaded


def _close_old() -> None:
    """Ends when no file is open any more."""
    while True:
        time.sleep(OPEN_S / 2)
        with _state.lock:
            _state.files.expire()
            if not _state.files:
                _state.closing = False
                return


class RemoteFile:
    """An open file, shared by the threads that read it. Errors are OSError with the reason."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._server = _state.server(url)
        self._handle = _client().File()
        self._server.ask(lambda seconds: self._handle.open(url, timeout=seconds))
        opened = self._server.ask(lambda seconds: self._handle.stat(timeout=seconds))  # came with the answer to the first
        self.version = version(url)
        if opened.size != self.version.size or self.version.mtime_ns not in (0, opened.modtime * _SECOND):
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
            _state.versions[url] = seen._replace(until=now + _state.timeout_s)
    asked = time.time()
    try:
        found = _asked_version(url)
    except (OSError, FormatError):
        forget(url)
        raise
    with _state.lock:
        _state.versions[url] = _Seen(found, time.monotonic() + _state.recheck_s, asked)
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
    return Version(info.size, 0 if len(list(hosts)) > 1 else info.modtime * _SECOND)


def forget(url: str) -> None:
    """Ask the server about a file when it is next wanted."""
    with _state.lock:
        _state.versions.pop(url, None)
        _state.files.pop(url, None)


_state = _State(10.0, 30.0, 4)
