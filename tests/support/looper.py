"""A consumer of the queue `live` with one loop, whose steps the tests can count.

Run as `python -m tests.support.looper FOLDER LEASE_S`. Each step writes a line `monotonic-time pid` to FOLDER/steps,
and to FOLDER/twice when it finds another one running.
"""

from __future__ import annotations

import fcntl
import os
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from app import cli
from app.cli.consumers import consume
from app.core.settings import Settings
from app.queue import loops
from app.queue.loops import Repeated, Step, Turn, repeats

FOLDER = Path(sys.argv[1])
PERIOD_S = 0.1


def _append(name: str, line: str) -> None:
    with (FOLDER / name).open("a") as file:
        file.write(line + "\n")


def step() -> None:
    with (FOLDER / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            _append("twice", str(os.getpid()))
        _append("steps", f"{time.monotonic()} {os.getpid()}")
        time.sleep(PERIOD_S / 2)


@contextmanager
def begin(_: Turn) -> Iterator[Step]:
    yield step


@repeats
def one(_: Settings) -> Iterable[Repeated]:
    return [Repeated("count", PERIOD_S, begin)]


if __name__ == "__main__":
    loops.LEASE_S = float(sys.argv[2])
    consume("live", cli.open_database())
