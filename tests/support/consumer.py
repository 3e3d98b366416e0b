"""A consumer as `dqmhub live` and `dqmhub worker` run it, with handlers whose effects the tests can count.

Run as `python -m tests.support.consumer QUEUE`. The work says in `folder` where the handlers leave their traces.
"""

from __future__ import annotations

import fcntl
import os
import sys
import time
from pathlib import Path

from app import cli
from app.cli.consumers import consume
from app.queue import Failed, Work, handler, report


def _append(path: Path, line: str) -> None:
    with path.open("a") as file:
        file.write(line + "\n")


@handler("effect")
def effect(work: Work) -> None:
    """Leave `<key>.done`; `starts` gets a line for each run, `twice` one for each that found another one running."""
    folder = Path(work.arguments["folder"])
    with (folder / f"{work.key}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # the kernel unlocks it when this process is killed
        except BlockingIOError:
            _append(folder / "twice", work.key)
        _append(folder / "starts", f"{work.key} {os.getpid()}")
        time.sleep(work.arguments.get("seconds", 0))
        (folder / f"{work.key}.done").touch()


@handler("gated")
def gated(work: Work) -> None:
    """Report until the file `open` appears."""
    folder = Path(work.arguments["folder"])
    _append(folder / "starts", f"{work.key} {os.getpid()}")
    while not (folder / "open").exists():
        report(work, 0.5, "waiting")
        time.sleep(0.02)


@handler("faulty")
def faulty(work: Work) -> None:
    raise ValueError("no histogram in it")


@handler("hopeless")
def hopeless(work: Work) -> None:
    raise Failed("the file is no ROOT file")


if __name__ == "__main__":
    settings = cli.open_database()
    consume(sys.argv[1], settings)
