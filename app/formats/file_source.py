"""Open files, local or on XRootD servers: reads any range of bytes with one call, and gets the version of a file."""

from __future__ import annotations

import os
import stat
from typing import Protocol, Self

from app.core.urls import is_remote
from app.formats.errors import FormatError
from app.formats.versions import FileVersion
from app.formats.work_budget import WorkBudget


class _File(Protocol):
    version: FileVersion

    def read(self, seek: int, size: int) -> bytes: ...

    def version_now(self) -> FileVersion: ...

    def close(self) -> None: ...


class FileSource:
    """An open file: a local path, or `root://host//path` by XRootD. Raises `OSError`, and `FormatError` unless it is a regular file.

    Attributes:
        path: Path or URL.
        version: Version of the file when it was opened.
        size: Bytes.
        budget: The work done on the file, and its bound.
    """

    def __init__(self, path: str | os.PathLike[str], whole: bool = False) -> None:
        """`whole`: most of the file will be read, so a remote file is read in large blocks instead of range by range."""
        self.path = os.fspath(path)
        self._file = _remote(self.path, whole) if is_remote(self.path) else _LocalFile(self.path)
        self.version = self._file.version
        self.size = self.version.size
        self.budget = WorkBudget(self.path, self.size)

    def read(self, seek: int, size: int) -> bytes:
        """Up to `size` bytes from `seek`; fewer at the end of the file. Raises `OSError`, and `FormatError` beyond the budget."""
        rest = self.size - seek
        self.budget.read(size if size < rest else max(rest, 0))
        return self._file.read(seek, size)

    def version_now(self) -> FileVersion:
        """The version of the open file now: another one than `version` if it is being written in place. Raises `OSError`."""
        return self._file.version_now()

    def close(self) -> None:
        """Close a local file; a remote file stays open for a while."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class ReadAhead:
    """Small consecutive reads of a file, served from larger ones: in total they read little more than the file."""

    def __init__(self, source: FileSource, chunk: int) -> None:
        self._source = source
        self._chunk = chunk
        self._start = 0
        self._data = b""

    def read(self, seek: int, size: int) -> bytes:
        """As `FileSource.read`."""
        end = self._start + len(self._data)
        if seek < self._start or (seek + size > end and not seek < end == self._source.size):
            self._start, self._data = seek, self._source.read(seek, max(size, self._chunk))
        at = seek - self._start
        return self._data[at : at + size]


def _remote(url: str, whole: bool) -> _File:
    from app.formats import remote

    file = remote.open_file(url)
    return remote.RemoteBlocks(file) if whole else file


class _LocalFile:
    """A local file, read by `pread`: with a memory map, a file truncated while it is read would kill the process."""

    def __init__(self, path: str) -> None:
        # O_NONBLOCK: opening a named pipe that is registered as a file would block forever.
        self._file = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        status = os.fstat(self._file)
        if not stat.S_ISREG(status.st_mode):
            os.close(self._file)
            raise FormatError("is not a regular file", path, "a file of monitor elements")
        self.version = self.version_now()

    def version_now(self) -> FileVersion:
        status = os.fstat(self._file)
        return FileVersion(status.st_size, status.st_mtime_ns)

    def read(self, seek: int, size: int) -> bytes:
        return os.pread(self._file, size, seek)

    def close(self) -> None:
        os.close(self._file)


def file_version(path: str | os.PathLike[str], checked_after: float = 0.0) -> FileVersion:
    """The current version of a file. That of a remote file may be cached, but was checked after `checked_after` (Unix s).

    Raises `OSError`.
    """
    if is_remote(url := os.fspath(path)):
        from app.formats import remote

        return remote.file_version(url, checked_after)
    status = os.stat(path)
    return FileVersion(status.st_size, status.st_mtime_ns)
