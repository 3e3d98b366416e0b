"""TCP ports for servers of the tests: each is handed out once, also to test runs side by side.

A counter in a locked file goes through the ports below those that the kernel gives to outgoing connections. A port comes back
only after all others, so nobody else takes it between `free_port` and the start of the server that listens on it.
"""

from __future__ import annotations

import fcntl
import os
import socket
import tempfile
from pathlib import Path

FIRST = 15000
EPHEMERAL = Path("/proc/sys/net/ipv4/ip_local_port_range")
COUNTER = Path(tempfile.gettempdir(), f"dqmhub-test-ports-{os.getuid()}")


def _end() -> int:
    """The first port that the kernel may give to an outgoing connection."""
    try:
        return int(EPHEMERAL.read_text().split()[0])
    except FileNotFoundError:
        return 32768


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def free_port(counter: Path = COUNTER) -> int:
    """A port on which nothing listens, and which no other call gets."""
    descriptor = os.open(counter, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    with open(descriptor, "r+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        count = _end() - FIRST
        start = int(file.read() or 0)
        for number in range(start, start + count):
            port = FIRST + number % count
            if _is_free(port):
                file.seek(0)
                file.write(f"{number + 1}\n")
                return port
    raise RuntimeError(f"Every port from {FIRST} to {_end() - 1} is in use.")
