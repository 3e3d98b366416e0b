"""A service of the product on a machine whose clock can be set: `python -m tests.outages.set_clock FILE NAME`.

Linux has no wall clock of its own for a process, so that the service gets other times. FILE holds by how many seconds its clock is
ahead, as a float of 8 bytes; whoever writes it sets the clock of all processes that use it.
"""

from __future__ import annotations

import mmap
import struct
import sys
import time
from collections.abc import Callable
from pathlib import Path

FORMAT = "d"


class SharedClock:
    """By how much the clock of some processes is ahead. file: that of the offset."""

    def __init__(self, file: Path) -> None:
        if not file.exists():
            file.write_bytes(struct.pack(FORMAT, 0.0))
        with file.open("r+b") as opened:
            self._memory = mmap.mmap(opened.fileno(), 0)

    def set_ahead(self, seconds: float) -> None:
        """Set the clock by so much ahead of the real time; back if negative."""
        struct.pack_into(FORMAT, self._memory, 0, seconds)

    def ahead_s(self) -> float:
        """By how much it is ahead."""
        seconds: float = struct.unpack_from(FORMAT, self._memory)[0]
        return seconds

    def apply(self) -> None:
        """Let this process and its forks use the clock."""
        now: Callable[[], float] = time.time
        split: Callable[[float], time.struct_time] = time.gmtime
        time.time = lambda: now() + self.ahead_s()
        time.gmtime = lambda seconds=None: split(time.time() if seconds is None else seconds)  # type: ignore[assignment]


def main(file: str, name: str) -> None:
    """Run a service."""
    SharedClock(Path(file)).apply()
    from app.cli import main as run

    run([name])


if __name__ == "__main__":
    main(*sys.argv[1:])
