"""The transfer, killed at the n-th of its steps: `python -m tests.transfer.site.killed N MODE --config FILE ...`.

A step is about to leave something behind: a file is opened for writing, renamed or removed, a program is started, a transaction of the
journal ends. What only looks is none, so that the number of steps depends on the work alone. With N = -1 it is never killed, and
writes the number of its steps into `steps` beside the configuration when it ends.
"""

from __future__ import annotations

import atexit
import importlib
import os
import signal
import sqlite3
import sys
import threading
from pathlib import Path
from typing import Any

from services.transfer.__main__ import main

STEPS = frozenset(
    [
        "os.rename",
        "os.remove",
        "os.link",
        "os.mkdir",
        "os.rmdir",
        "os.truncate",
        "os.utime",
        "os.chmod",
        "shutil.rmtree",
        "subprocess.Popen",
        "os.posix_spawn",
    ]
)
CONNECT = sqlite3.connect
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT


class Killer:
    """Counts steps, and kills this process at one of them."""

    def __init__(self, kill_at: int) -> None:
        self.steps, self._kill_at, self._lock = 0, kill_at, threading.Lock()

    def hook(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Count an audit event of Python if it is a step."""
        if event in STEPS or (event == "open" and arguments[2] & WRITES and arguments[0] != os.devnull):
            self._step()

    def connect(self, *arguments: Any, **more: Any) -> sqlite3.Connection:
        """Connect to a database whose transactions are steps when they end."""
        connection: sqlite3.Connection = CONNECT(*arguments, **more)
        connection.set_trace_callback(self._trace)
        return connection

    def _trace(self, statement: str) -> None:
        if statement == "COMMIT":
            self._step()

    def _step(self) -> None:
        with self._lock:
            self.steps += 1
            if self.steps == self._kill_at:
                os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    killer = Killer(int(sys.argv.pop(1)))
    report = Path(sys.argv[sys.argv.index("--config") + 1]).with_name("steps")
    atexit.register(lambda: report.write_text(str(killer.steps)))
    sys.dont_write_bytecode = True
    importlib.import_module(f"services.transfer.{sys.argv[1]}.mode")
    sqlite3.connect = killer.connect
    sys.addaudithook(killer.hook)
    main()
