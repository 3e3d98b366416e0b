"""A few slots for downloads; a slot that a slow reader holds for long goes to the next download."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

from app.web import Problem

MAX_DOWNLOADS = 2
"""Simultaneous downloads of one web process: each holds the numbers of all its jobs."""
LONGEST_S = 600.0
"""Time after which a slot goes to a waiting download, s; if none is waiting, the download continues."""


class SlotLost(Exception):
    """The slot was given to another download: the file ends early, which the reader sees by its missing end."""


class DownloadSlot:
    """A slot of a download."""

    def __init__(self) -> None:
        self.begin = time.monotonic()

    def check(self) -> None:
        """Raise SlotLost if another download has the slot now."""
        if self not in _held:
            raise SlotLost(f"The download took more than {LONGEST_S:.0f} s while another one waited")


_held: list[DownloadSlot] = []
_changing = Lock()


@contextmanager
def download_slot() -> Iterator[DownloadSlot]:
    """A slot until the end of the context. Raises Problem 503 if there is none."""
    own = DownloadSlot()
    with _changing:
        if len(_held) >= MAX_DOWNLOADS:
            if own.begin - _held[0].begin < LONGEST_S:
                raise Problem(503, f"{MAX_DOWNLOADS} lists of jobs are being downloaded already", headers={"Retry-After": "10"})
            del _held[0]
        _held.append(own)
    try:
        yield own
    finally:
        with _changing:
            if own in _held:
                _held.remove(own)
