"""Reading files of other people: a file that did not change is not read again, and none takes more than its share."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass

from app.diary.sources.files import open_regular

SETTLE_S = 2.0
"""A file or directory that changed so short a time ago may change again without another time stamp."""


@dataclass(slots=True)
class Watched:
    """Whether a file or directory must be read again."""

    stamp: tuple[int, ...] = ()
    since: float = 0.0
    is_settled: bool = False

    def is_due(self, found: os.stat_result) -> bool:
        """Whether it changed since it was read last, or may have changed just after that; it is taken as read then."""
        stamp = found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino
        if stamp != self.stamp:
            self.stamp, self.since, self.is_settled = stamp, time.monotonic(), False
        elif self.is_settled:
            return False
        age_s = max(time.time() - found.st_ctime, time.monotonic() - self.since)  # the clock of the server may be ahead
        self.is_settled = age_s >= SETTLE_S
        return True

    def forget(self) -> None:
        """Let it be read by the next scan, since reading it has failed."""
        self.stamp = ()


def read_beginning(path: str, limit: int) -> bytes:
    """The first bytes of a regular file. Raises OSError, also for symbolic links and other non-files, such as pipes."""
    with open_regular(path) as file:
        return file.read(limit)
