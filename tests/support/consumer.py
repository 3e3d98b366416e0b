"""A consumer as `dqmhub live` and `dqmhub worker` run it, with handlers whose effects the tests can count.

Run as `python -m tests.support.consumer QUEUE`. The argument `folder` of a job names the folder for the traces of its handler.
The variable SHUTDOWN_S is how long it waits for running jobs when it ends.
"""

from __future__ import annotations

import fcntl
import os
import sys
import time
from pathlib import Path

from app import cli
from app.queue import consumer
from app.queue.execution import handler, report
from app.queue.models import BackgroundJob, JobFailed


def _append(path: Path, line: str) -> None:
    with path.open("a") as file:
        file.write(line + "\n")


@handler("effect")
def effect(job: BackgroundJob) -> None:
    """Leave `<key>.done`; `starts` gets a line for each run, `twice` one for each that found another one running."""
    folder = Path(job.arguments["folder"])
    with (folder / f"{job.key}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # the kernel unlocks it when this process is killed
        except BlockingIOError:
            _append(folder / "twice", job.key)
        _append(folder / "starts", f"{job.key} {os.getpid()}")
        time.sleep(job.arguments.get("seconds", 0))
        (folder / f"{job.key}.done").touch()


@handler("gated")
def gated(job: BackgroundJob) -> None:
    """Report until the file `open` appears."""
    folder = Path(job.arguments["folder"])
    _append(folder / "starts", f"{job.key} {os.getpid()}")
    while not (folder / "open").exists():
        report(job, 0.5, "waiting")
        time.sleep(0.05)


@handler("faulty")
def faulty(job: BackgroundJob) -> None:
    raise ValueError("no histogram in it")


@handler("hopeless")
def hopeless(job: BackgroundJob) -> None:
    raise JobFailed("the file is no ROOT file")


if __name__ == "__main__":
    settings = cli.open_database()
    consumer.OPTIONS["shutdown_timeout"] = float(os.environ.get("SHUTDOWN_S", 2))
    consumer.ENDS_S = 3600.0  # however busy the machine is
    consumer.consume(sys.argv[1], settings)
