"""The transfer, killed at the n-th of its steps: `python -m tests.transfer.site.killed N MODE --config FILE ...`.

A step is an audit event of Python: a file that is opened, renamed or removed, a program that is started, a connection. With N = -1
it is never killed, and writes the number of its steps into `steps` beside the configuration when it ends.
"""

from __future__ import annotations

import atexit
import os
import signal
import sys
import threading
from pathlib import Path

from services.transfer.__main__ import main

STEPS = frozenset(
    [
        "open",
        "os.rename",
        "os.remove",
        "os.link",
        "os.mkdir",
        "os.rmdir",
        "os.truncate",
        "os.utime",
        "os.scandir",
        "os.listdir",
        "shutil.rmtree",
        "subprocess.Popen",
        "socket.connect",
        "sqlite3.connect",
        "os.posix_spawn",
    ]
)


class Killer:
    """Counts steps, and kills this process at one of them."""

    def __init__(self, kill_at: int) -> None:
        self.steps, self._kill_at, self._lock = 0, kill_at, threading.Lock()

    def hook(self, event: str, _: object) -> None:
        """Count an audit event."""
        if event in STEPS:
            with self._lock:
                self.steps += 1
                if self.steps == self._kill_at:
                    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    killer = Killer(int(sys.argv.pop(1)))
    report = Path(sys.argv[sys.argv.index("--config") + 1]).with_name("steps")
    atexit.register(lambda: report.write_text(str(killer.steps)))
    sys.addaudithook(killer.hook)
    main()
