"""Ends what a test run leaves behind, however the run ends: `python tests/support/guard.py PID MARK`.

All processes of a run have its mark in their environment. The guard waits for the end of the process PID, the run itself, and
then ends every process that still has the mark: by SIGTERM, and after GRACE_S by SIGKILL.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import time
from pathlib import Path
from types import FrameType
from uuid import uuid4

VARIABLE = "TEST_RUN_OF_DQM_HUB"
GRACE_S = 5.0


def marked(mark: str) -> list[int]:
    """The living processes with this `NAME=VALUE` in their environment, but for this one."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            variables = (entry / "environ").read_bytes().split(b"\0")
        except OSError:  # it has ended, or is another user's
            continue
        if mark.encode() in variables:
            found.append(int(entry.name))
    return found


def start() -> None:
    """Mark this process and all that it starts from now on, and have a guard wait for its end; SIGTERM ends it as Ctrl-C does."""
    os.environ[VARIABLE] = uuid4().hex
    mark = f"{VARIABLE}={os.environ[VARIABLE]}"
    run = os.getpid()
    nothing = [(os.POSIX_SPAWN_OPEN, descriptor, os.devnull, os.O_RDWR, 0) for descriptor in range(3)]
    os.posix_spawn(sys.executable, [sys.executable, __file__, str(run), mark], os.environ, file_actions=nothing, setsid=True)

    def interrupt(number: int, frame: FrameType | None) -> None:
        if os.getpid() == run:
            signal.default_int_handler(number, frame)
        signal.signal(number, signal.SIG_DFL)  # a fork of the run ends as any other process
        signal.raise_signal(number)

    signal.signal(signal.SIGTERM, interrupt)


def wait_for_end(pid: int) -> None:
    try:
        run = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    poll = select.poll()
    poll.register(run, select.POLLIN)
    poll.poll()


def end_all(mark: str) -> None:
    """End every process with this mark."""
    begun, number = time.monotonic(), signal.SIGTERM
    while left := marked(mark):
        for pid in left:
            try:
                os.kill(pid, number)
            except (ProcessLookupError, PermissionError):
                continue
        number = signal.SIGTERM if time.monotonic() < begun + GRACE_S else signal.SIGKILL
        time.sleep(0.1)


def main(pid: str, mark: str) -> None:
    wait_for_end(int(pid))
    end_all(mark)


if __name__ == "__main__":
    main(*sys.argv[1:])
