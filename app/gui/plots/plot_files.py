"""The cache of plots on disk: one file for each key, bounded in size; the plots not shown for longest are removed first."""

from __future__ import annotations

import fcntl
import os
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

from app.core.outages import log_outage, outage_of

TOUCH_AFTER_S = 3600.0
"""A cached plot is marked as used at most this often."""


class PlotFiles:
    """The folder of cached plots, shared by all web processes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._open_lock().close()  # it must exist when the disk is full

    def path(self, key: str, format: str) -> Path:
        """The file of a plot."""
        return self.folder / key[:2] / f"{key}.{format}"

    @contextmanager
    def lock(self, key: str) -> Iterator[None]:
        """Hold the lock of a key, for threads and processes.

        It is one byte of one file, at an offset derived from the key, so that no lock files accumulate.
        """
        offset = int(key[:15], 16)
        with self._open_lock() as file:  # locks of an open file description also exclude threads
            fcntl.fcntl(file, fcntl.F_OFD_SETLKW, struct.pack("hhqqi4x", fcntl.F_WRLCK, os.SEEK_SET, offset, 1, 0))
            yield

    def _open_lock(self) -> TextIO:
        self.folder.mkdir(parents=True, exist_ok=True)  # somebody may have removed the whole cache
        return open(self.folder / "lock", "a", encoding="ascii")


def read_plot(path: Path) -> bytes | None:
    """A cached plot, marked as used; None when it is not cached."""
    try:
        with open(path, "rb") as file:
            image = file.read()
            if time.time() - os.fstat(file.fileno()).st_mtime > TOUCH_AFTER_S:
                with suppress(OSError):  # such as a disk that became read-only
                    os.utime(file.fileno())  # eviction goes by this time
        return image
    except FileNotFoundError:
        return None


def write_plot(path: Path, image: bytes) -> bool:
    """Cache a plot: written to a temporary file and renamed, so that readers see all of it or nothing.

    Returns whether it is cached: on a full disk it is not.
    """
    new = path.with_suffix(f".{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        new.write_bytes(image)
        new.rename(path)
    except OSError as error:
        with suppress(OSError):
            new.unlink(missing_ok=True)  # its part of the file would need the last space
        if (outage := outage_of(error)) is None:
            raise
        log_outage("Plots are not kept", outage)
        return False
    return True


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
