"""Where the bytes of a file come from: any part of it, by one call, and what tells one version of it from the next."""

from __future__ import annotations

import os
import stat
from typing import NamedTuple, Self

from app.formats.model import FormatError


class Version(NamedTuple):
    """What changes when a file is written anew: its size in bytes, and its time of change in Unix ns."""

    size: int
    mtime_ns: int


class Source:
    """An open file. Raises `OSError` when it cannot be opened, and `FormatError` when it is no regular file.

    Reading is by `pread` and not by a memory map: a file that is cut while it is read then gives a short read and not a
    dead process.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = os.fspath(path)
        # Not to wait for ever on a named pipe that somebody registered as a file.
        self._file = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        status = os.fstat(self._file)
        if not stat.S_ISREG(status.st_mode):
            os.close(self._file)
            raise FormatError("is no regular file", self.path, "a file of monitor elements")
        self.version = Version(status.st_size, status.st_mtime_ns)
        self.size = status.st_size

    def read(self, seek: int, size: int) -> bytes:
        """Up to `size` bytes from `seek` on: fewer where the file ends."""
        return os.pread(self._file, size, seek)

    def close(self) -> None:
        os.close(self._file)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def version(path: str | os.PathLike[str]) -> Version:
    """The version of a file as it is now. Raises `OSError`."""
    status = os.stat(path)
    return Version(status.st_size, status.st_mtime_ns)
