"""Where the bytes of a file come from: any part of it, by one call, and what tells one version of it from the next."""

from __future__ import annotations

import os
import stat
from typing import NamedTuple, Protocol, Self

from app.formats.model import FormatError
from app.formats.urls import is_remote


class Version(NamedTuple):
    """What changes when a file is written anew: its size in bytes, and its time of change in Unix ns."""

    size: int
    mtime_ns: int


class Unreachable(OSError):
    """The server of a remote file does not give it now: it is silent, cannot be reached, or has an old one. Another time it may."""


class _File(Protocol):
    version: Version

    def read(self, seek: int, size: int) -> bytes: ...

    def close(self) -> None: ...


class Source:
    """An open file: a local path, or `root://host//path` by XRootD.

    whole: most of it will be looked through, so a remote one is read in large blocks, and not each range by itself.
    Raises `OSError` when it cannot be opened, and `FormatError` when it is no regular file.
    """

    def __init__(self, path: str | os.PathLike[str], whole: bool = False) -> None:
        self.path = os.fspath(path)
        self._file = _remote(self.path, whole) if is_remote(self.path) else _LocalFile(self.path)
        self.version = self._file.version
        self.size = self.version.size

    def read(self, seek: int, size: int) -> bytes:
        """Up to `size` bytes from `seek` on: fewer where the file ends. Raises `OSError`."""
        return self._file.read(seek, size)

    def close(self) -> None:
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _remote(url: str, whole: bool) -> _File:
    from app.formats import remote

    file = remote.open_file(url)
    return remote.Blocks(file) if whole else file


class _LocalFile:
    """Reading is by `pread` and not by a memory map: a file that is cut while it is read then gives a short read and not a
    dead process.
    """

    def __init__(self, path: str) -> None:
        # Not to wait for ever on a named pipe that somebody registered as a file.
        self._file = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        status = os.fstat(self._file)
        if not stat.S_ISREG(status.st_mode):
            os.close(self._file)
            raise FormatError("is no regular file", path, "a file of monitor elements")
        self.version = Version(status.st_size, status.st_mtime_ns)

    def read(self, seek: int, size: int) -> bytes:
        return os.pread(self._file, size, seek)

    def close(self) -> None:
        os.close(self._file)


def version(path: str | os.PathLike[str], asked_after: float = 0.0) -> Version:
    """The version of a file as it is now; of a remote one, as it was a short while ago, and after `asked_after` (Unix s UTC).
    Raises `OSError`."""
    if is_remote(url := os.fspath(path)):
        from app.formats import remote

        return remote.version(url, asked_after)
    status = os.stat(path)
    return Version(status.st_size, status.st_mtime_ns)
