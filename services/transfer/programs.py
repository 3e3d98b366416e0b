"""Programs that the transfer runs: each in a session of its own, so that its children end with it."""

from __future__ import annotations

import atexit
import os
import signal
import subprocess
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

from .time_limit import TimeLimit

_POLL_S = 0.1
_running: set[int] = set()


class ProgramStopped(Exception):
    """A program was ended because the service ends."""


def run_program(
    command: Sequence[str],
    limit: TimeLimit,
    output: IO[bytes],
    errors: IO[bytes],
    *,
    stop: threading.Event | None = None,
    folder: Path | None = None,
    environment: Mapping[str, str] | None = None,
    nice: int = 0,
    has_pipe: bool = False,
) -> int | None:
    """Run a program; returns its exit code, or None if it did not end in time.

    It is ended with this process, unless that is killed. Its children are ended with it unless it ended by itself: then they may go on,
    such as the shared connection of ssh.

    Args:
        command: The program and its arguments.
        limit: When it is over, the program is ended.
        output: An open file for its standard output; not a pipe, since children may keep a pipe open.
        errors: The same for its standard error.
        stop: An event that ends it.
        folder: Where it works.
        environment: Its environment; None: that of this process.
        nice: Its niceness.
        has_pipe: Whether its standard input is a pipe that is closed when this process ends, also by kill -9; otherwise it is empty.

    Raises ProgramStopped, and `OSError` when it cannot be started.
    """
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        stdin=subprocess.PIPE if has_pipe else subprocess.DEVNULL,
        stdout=output,
        stderr=errors,
        start_new_session=True,
    )
    _running.add(process.pid)
    try:
        if nice:
            with suppress(OSError):
                os.setpriority(os.PRIO_PGRP, process.pid, nice)
        return _wait(process, limit, stop)
    finally:
        if process.returncode is None or process.returncode < 0:
            _kill(process.pid)
        process.communicate()
        _running.discard(process.pid)


def _wait(process: subprocess.Popen[bytes], limit: TimeLimit, stop: threading.Event | None) -> int | None:
    while True:
        if stop is not None and stop.is_set():
            raise ProgramStopped
        left_s = limit.left_s()
        with suppress(subprocess.TimeoutExpired):
            return process.wait(min(max(left_s, 0.0), _POLL_S))
        if left_s <= 0:
            return None


def _kill(group: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)


@atexit.register
def _end_all() -> None:
    """Threads that run programs may still wait for them when the process ends."""
    for group in list(_running):
        _kill(group)
