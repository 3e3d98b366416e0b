"""Versions of files, which differ when a file is replaced."""

from __future__ import annotations

import os
from typing import NamedTuple


class FileVersion(NamedTuple):
    """Inode, size and time of a file, which differ between two contents of a path; clients replace files by renaming.

    Attributes:
        inode: Number of the inode.
        size: Bytes.
        mtime_ns: Time of the last change of the content, ns since 1970.
    """

    inode: int
    size: int
    mtime_ns: int


def file_version(file: str | os.PathLike[str] | int) -> FileVersion:
    """The version of a file, or of the open file of a descriptor. Raises `OSError`."""
    return version_of(os.stat(file))


def version_of(status: os.stat_result) -> FileVersion:
    """The version of a file with this status."""
    return FileVersion(status.st_ino, status.st_size, status.st_mtime_ns)
