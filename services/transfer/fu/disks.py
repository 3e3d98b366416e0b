"""How full disks are, measured by a thread of its own: a mounted disk may never answer."""

from __future__ import annotations

import threading
from collections.abc import Iterable

from ..cleanup.folder import disk_usage

PERIOD_S = 30.0


class DiskWatch:
    """Measures disks again and again."""

    def __init__(self, folders: Iterable[str]) -> None:
        """Begin to measure the disks of these folders."""
        self._fractions: dict[str, float] = {}
        self._stop = threading.Event()
        for folder in folders:
            threading.Thread(target=self._run, args=(folder,), name=f"disk of {folder}", daemon=True).start()

    def fractions(self) -> dict[str, float]:
        """The used part of the disk of each folder that could be measured, from 0 to 1."""
        return dict(self._fractions)

    def close(self) -> None:
        """End."""
        self._stop.set()

    def _run(self, folder: str) -> None:
        while True:
            try:
                self._fractions[folder] = round(disk_usage(folder).fraction, 4)
            except OSError:
                self._fractions.pop(folder, None)
            if self._stop.wait(PERIOD_S):
                return
