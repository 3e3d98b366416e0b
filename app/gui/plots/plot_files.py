"""The cache of plots on disk: one file for each key, bounded in size; the plots not shown for longest are removed first."""

from __future__ import annotations

import fcntl
import os
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

TOUCH_AFTER_S = 3600.0
"""A cached plot is marked as used at most this often."""


class PlotFiles:
    """The folder of cached plots, shared by all web processes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def path(self, key: str, format: str) -> Path:
        """The file of a plot."""
        return self.folder / key[:2] / f"{key}.{format}"

    @contextmanager
    def lock(self, key: str) -> Iterator[None]:
        """Hold the lock of a key, for threads and processes.

        It is one byte of one file, at an offset derived from the key, so that no lock files accumulate.
        """
        offset = int(key[:15], 16)
        with open(self.folder / "lock", "a") as file:  # locks of an open file description also exclude threads
            fcntl.fcntl(file, fcntl.F_OFD_SETLKW, struct.pack("hhqqi4x", fcntl.F_WRLCK, os.SEEK_SET, offset, 1, 0))
            yield


def read_plot(path: Path) -> bytes | None:
    """A cached plot, marked as used; None when it is not cached."""
    try:
        with open(path, "rb") as file:
            image = file.read()
            if time.time() - os.fstat(file.fileno()).st_mtime > TOUCH_AFTER_S:
                os.utime(file.fileno())  # eviction goes by this time
        return image
    except FileNotFoundError:
        return None


def write_plot(path: Path, image: bytes) -> None:
    """Cache a plot: written to a temporary file and renamed, so that readers see all of it or nothing."""
    path.parent.mkdir(exist_ok=True)
    new = path.with_suffix(f".{os.getpid()}")
    new.write_bytes(image)
    new.rename(path)


def evict(folder: Path, max_bytes: int) -> int:
    """Remove the plots that were not shown for longest until the rest fits; returns their number."""
    files = sorted(_files(folder))
    excess = sum(size for _, size, _ in files) - max_bytes
    removed = 0
    for _, size, path in files:
        if excess <= 0:
            break
        Path(path).unlink(missing_ok=True)
        excess -= size
        removed += 1
    return removed


def _files(folder: Path) -> Iterator[tuple[float, int, str]]:
    """Time of last use, size and path of each cached plot; another process can remove some in the meantime."""
    for subfolder in folder.glob("??"):
        for entry in os.scandir(subfolder):
            try:
                stat = entry.stat()
            except FileNotFoundError:
                continue
            yield stat.st_mtime, stat.st_size, entry.path
