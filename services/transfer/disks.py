"""How full disks are."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterable
from typing import NamedTuple

PERIOD_S = 30.0
"""Seconds between two measurements of a disk."""
OLD_PERIODS = 3
"""Periods after which a measurement is out of date."""


class DiskUsage(NamedTuple):
    """How full a disk is, as `df` counts.

    Attributes:
        used: Bytes in use.
        free: Bytes that users can still write.
    """

    used: int
    free: int

    @property
    def fraction(self) -> float:
        """The used part, from 0 to 1."""
        return self.used / ((self.used + self.free) or 1)

    def without(self, nbytes: int) -> DiskUsage:
        """The usage after so many bytes were removed."""
        return DiskUsage(self.used - nbytes, self.free + nbytes)


def disk_usage(folder: str) -> DiskUsage:
    """The usage of the disk of a folder. Raises `OSError`."""
    disk = os.statvfs(folder)
    return DiskUsage((disk.f_blocks - disk.f_bfree) * disk.f_frsize, disk.f_bavail * disk.f_frsize)


class DiskWatch:
    """Measures disks periodically, each by a thread of its own, since a mounted disk may never answer."""

    def __init__(self, folders: Iterable[str]) -> None:
        """Begin to measure the disks of these folders."""
        self._measured: dict[str, tuple[float, float]] = {}
        self._stop = threading.Event()
        for folder in folders:
            threading.Thread(target=self._run, args=(folder,), name=f"disk of {folder}", daemon=True).start()

    def fractions(self) -> dict[str, float]:
        """The used part of the disk of each folder that can be measured, from 0 to 1; without those that do not answer."""
        oldest = time.monotonic() - OLD_PERIODS * PERIOD_S
        return {folder: fraction for folder, (fraction, at) in dict(self._measured).items() if at >= oldest}

    def close(self) -> None:
        """End."""
        self._stop.set()

    def _run(self, folder: str) -> None:
        while True:
            try:
                self._measured[folder] = round(disk_usage(folder).fraction, 4), time.monotonic()
            except OSError:
                self._measured.pop(folder, None)
            if self._stop.wait(PERIOD_S):
                return
