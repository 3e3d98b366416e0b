"""Runs a Python module as on a host whose clock is wrong: `python -m services.simulator.wrong_clock SECONDS MODULE ARGUMENTS`.

Linux has no clock of its own for a process, so that the module gets wrong answers: the time, and when a file was changed according to
the kernel. Times of files that programs set themselves stay.
"""

from __future__ import annotations

import os
import runpy
import sys
import time
from typing import Any

_TIMES = ("st_atime", "st_mtime", "st_atime_ns", "st_mtime_ns", "st_blksize", "st_blocks", "st_rdev")


def set_clock(ahead_s: float) -> None:
    """Let the clock of this process be ahead by some seconds."""
    now, status_of = time.time, os.stat

    def stat(*arguments: Any, **options: Any) -> os.stat_result:
        found = status_of(*arguments, **options)
        values = {name: getattr(found, name) for name in _TIMES}
        changed = {"st_ctime": found.st_ctime + ahead_s, "st_ctime_ns": found.st_ctime_ns + int(1e9 * ahead_s)}
        return os.stat_result(tuple(found), values | changed)

    time.time = lambda: now() + ahead_s
    os.stat = stat


if __name__ == "__main__":
    seconds = float(sys.argv[1])
    del sys.argv[:2]
    set_clock(seconds)
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
