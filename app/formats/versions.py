"""Versions of files."""

from __future__ import annotations

from typing import NamedTuple


class FileVersion(NamedTuple):
    """A version of a file: rewriting the file changes it.

    Attributes:
        size: Bytes.
        mtime_ns: Time of the last change, Unix ns; 0 with a redirector, because each copy of a file has its own time.
    """

    size: int
    mtime_ns: int
