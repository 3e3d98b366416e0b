"""A consumer of the queue `live` with one periodic task, whose steps the tests can count.

Run as `python -m tests.support.periodic_consumer FOLDER LEASE_S`. Each step writes a line `monotonic-time pid` to FOLDER/steps,
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
from app.core.settings import Settings
from app.queue import periodic
from app.queue.consumer import consume
from app.queue.periodic import PeriodicTask, Step, TaskRun, periodic_tasks

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
def start(_: TaskRun) -> Iterator[Step]:
    yield step


@periodic_tasks
def one(_: Settings) -> Iterable[PeriodicTask]:
    return [PeriodicTask("count", PERIOD_S, start)]


if __name__ == "__main__":
    periodic.LEASE_S = float(sys.argv[2])
    consume("live", cli.open_database())
