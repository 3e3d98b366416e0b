"""Files on XRootD servers, `root://host[:port]//path`: read in ranges, left open for a while, checked for replacement."""

from __future__ import annotations

import atexit
import errno
import threading
import time
from concurrent.futures import Future
from functools import cache
from typing import Any, NamedTuple

from cachetools import LRUCache, TTLCache

from app.core.urls import SCHEME
from app.formats.errors import FormatError, ServerUnreachable
from app.formats.versions import FileVersion
from app.formats.xrootd import RequestSlots, XRootDServer, load_client

OPEN_FILES = 32
"""Files that are open at the same time."""
OPEN_S = 10.0
"""Seconds that a file stays open; limited, because a server serves the old version of a replaced file while it is open."""
PIECE = 4 << 20
"""Maximum bytes of one request: the timeout is per request, so a large object over a slow link takes several."""
BLOCK = 1 << 20
"""Bytes of one read when most of a file is read."""
BLOCKS = 64
"""Blocks of one file in memory."""

_IS_FOLDER = 2
_SECOND_NS = 1_000_000_000


class _State:
    """Servers, open files and versions known to this process."""

    def __init__(self, timeout_s: float, recheck_s: float, waiting: int) -> None:
        self.timeout_s = timeout_s
        self.recheck_s = recheck_s
        self.lock = threading.Lock()
        self.slots = RequestSlots(waiting)
        self.servers: LRUCache[str, XRootDServer] = LRUCache(1000)
        self.files: TTLCache[str, RemoteFile] = TTLCache(OPEN_FILES, OPEN_S)
        self.versions: LRUCache[str, _CheckedVersion] = LRUCache(10_000)
        self.is_closing = False

    def server(self, url: str) -> XRootDServer:
        """The server of a file. Raises `FormatError` for an address without host or path."""
        host = url[len(SCHEME) :].partition("/")
        if not all(host):
            raise FormatError("is no address of a file", url, "root://host//path")
        address = f"{SCHEME}{host[0]}"
        with self.lock:
            return self.servers.setdefault(address, XRootDServer(address, self.timeout_s, self.slots))


class _CheckedVersion(NamedTuple):
    """A version and the time of its check.

    Attributes:
        version: Version that the server reported.
        until: Monotonic time up to which it is used without another check, s.
        checked: Time of the check, Unix s.
    """

    version: FileVersion
    until: float
    checked: float


def configure(timeout_s: float = 10.0, recheck_s: float = 30.0, waiting: int = 4) -> None:
    """Set the limits of this process, before it reads its first remote file.

    timeout_s: timeout of one request, s; recheck_s: maximum age of a version, s; waiting: threads that may wait at the same time.
    """
    global _state
    _state = _State(timeout_s, recheck_s, waiting)


@cache
def _client() -> Any:
    loaded = load_client(_state.timeout_s)
    atexit.register(lambda: _state.files.clear())  # otherwise the client waits for each open file at exit
    return loaded


def _close_old_files() -> None:
    """Close files after OPEN_S, until none is open."""
    while True:
        time.sleep(OPEN_S / 2)
        with _state.lock:
            _state.files.expire()
            if not _state.files:
                _state.is_closing = False
                return


class RemoteFile:
    """An open file, shared by the threads that read it. Raises `OSError` with the reason.

    Attributes:
        url: Address of the file.
        version: Version of the file when it was opened.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self._server = _state.server(url)
        self._handle = _client().File()
        self._server.request(lambda seconds: self._handle.open(url, timeout=seconds))
        opened = self._server.request(lambda seconds: self._handle.stat(timeout=seconds))  # from the response to open, without a request
        self.version = file_version(url)
        if opened.size != self.version.size or self.version.mtime_ns not in (0, opened.modtime * _SECOND_NS):
            forget(url)
            raise ServerUnreachable(errno.ESTALE, "it is being replaced, and the server still has the old copy; try again")

    def read(self, seek: int, size: int) -> bytes:
        """Up to `size` bytes from `seek`; fewer at the end of the file."""
        end = min(seek + size, self.version.size)
        try:
            pieces = [self._piece(at, min(PIECE, end - at)) for at in range(seek, end, PIECE)]
        except (OSError, ValueError) as error:
            with _state.lock:
                _state.files.pop(self.url, None)  # the next read opens it again
            if isinstance(error, ValueError):  # the client found that the file is closed
                raise ServerUnreachable(errno.ESTALE, "the server closed it; try again") from error
            raise
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def version_now(self) -> FileVersion:
        """The version that the server reports now. Raises `OSError` with the reason."""
        return file_version(self.url, time.time())

    def _piece(self, seek: int, size: int) -> bytes:
        data: bytes = self._server.request(lambda seconds: self._handle.read(seek, size, timeout=seconds))
        return data

    def close(self) -> None:
        """Do nothing: the file stays open for the next reader, for `OPEN_S`."""


class RemoteBlocks:
    """A remote file, read in large blocks; the last ones are cached.

    Attributes:
        version: Version of the file when it was opened.
    """

    def __init__(self, file: RemoteFile) -> None:
        self._file = file
        self.version = file.version
        self._blocks: LRUCache[int, bytes] = LRUCache(BLOCKS)

    def read(self, seek: int, size: int) -> bytes:
        """Up to `size` bytes from `seek`; fewer at the end of the file."""
        if size >= BLOCK:
            return self._file.read(seek, size)
        first, last = seek // BLOCK, (seek + max(size, 1) - 1) // BLOCK
        data = b"".join(self._block(number) for number in range(first, last + 1))
        at = seek - first * BLOCK
        return data[at : at + size]

    def version_now(self) -> FileVersion:
        """The version that the server reports now. Raises `OSError` with the reason."""
        return self._file.version_now()

    def _block(self, number: int) -> bytes:
        if (block := self._blocks.get(number)) is None:
            block = self._blocks[number] = self._file.read(number * BLOCK, BLOCK)
        return block

    def close(self) -> None:
        """Drop the blocks; the file itself stays open, see `RemoteFile.close`."""
        self._blocks.clear()


def open_file(url: str) -> RemoteFile:
    """A file for reading, shared with other threads that opened it recently. Raises `OSError`, and `FormatError` for a folder."""
    with _state.lock:
        file = _state.files.get(url)
    if file is None:
        file = RemoteFile(url)
        with _state.lock:
            _state.files[url] = file
            if not _state.is_closing:
                _state.is_closing = True
                threading.Thread(target=_close_old_files, name="remote files", daemon=True).start()
    return file


def file_version(url: str, checked_after: float = 0.0) -> FileVersion:
    """The version of a file, at most `recheck_s` old and checked after `checked_after` (Unix s).

    While one thread waits for the server, the others get the previous version if it is recent enough. With a redirector the
    version is the size alone, because each copy of a file has its own time of change. Raises `OSError` with the reason, and
    `FormatError` for a folder.
    """
    with _state.lock:
        known, now = _state.versions.get(url), time.monotonic()
        if known and now < known.until and known.checked >= checked_after:
            return known.version
        if known:
            _state.versions[url] = known._replace(until=now + _state.timeout_s)
    checked = time.time()
    try:
        found = _request_version(url)
    except (OSError, FormatError):
        forget(url)
        raise
    with _state.lock:
        _state.versions[url] = _CheckedVersion(found, time.monotonic() + _state.recheck_s, checked)
        if (file := _state.files.get(url)) and file.version != found:
            del _state.files[url]
    return found


def _request_version(url: str) -> FileVersion:
    server = _state.server(url)
    path = url[len(server.address) + 1 :]

    def stat(seconds: int) -> tuple[Any, Any]:
        # Only a callback receives the servers to which the request was redirected.
        result: Future[tuple[Any, Any]] = Future()
        status = (
            _client()
            .FileSystem(server.address)
            .stat(path, timeout=seconds, callback=lambda status, info, hosts: result.set_result((status, (info, hosts))))
        )
        return result.result() if status.ok else (status, None)

    info, hosts = server.request(stat)
    if info.flags & _IS_FOLDER:
        raise FormatError("is a folder", url, "a file of monitor elements")
    return FileVersion(info.size, 0 if len(list(hosts)) > 1 else info.modtime * _SECOND_NS)


def forget(url: str) -> None:
    """Forget the version of a file and close it, so that its next use sends a request to the server."""
    with _state.lock:
        _state.versions.pop(url, None)
        _state.files.pop(url, None)


_state = _State(10.0, 30.0, 4)
