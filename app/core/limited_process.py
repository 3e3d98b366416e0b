"""Limits on memory and CPU of child processes that read files, so that no file can harm the process that started them."""

from __future__ import annotations

import math
import os
import resource
import signal
import time

from app.core.supervisor import die_with

TREE = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
"""As in app.core.settings, which takes longer to import than a small file to read."""

NICENESS = 10
"""Lowers the priority of the child below that of the web server: several can read at once."""

REMOTE_MB = 256
"""Address space that the client of remote files reserves for its threads; without it the client crashes."""

MOST_ELAPSED = 10
"""Longest time that reading may take, in multiples of its CPU limit: a disk or a server may be stuck."""


OUTSIDE = (signal.SIGHUP, signal.SIGINT, signal.SIGKILL, signal.SIGTERM)
"""Signals that no file causes: the machine has no memory left, or somebody ends the process."""


def enter(memory_mb: int, parent: int) -> None:
    """In the new child: end with the parent, leave the processor to others, and limit the address space, MB."""
    die_with(parent)
    os.nice(NICENESS)
    resource.setrlimit(resource.RLIMIT_AS, (memory_mb << 20,) * 2)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def allow_cpu(seconds: int) -> None:
    """In the child: end it with SIGXCPU after this much more CPU."""
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (math.ceil(time.process_time()) + seconds, hard))


def peak_memory_mb() -> int:
    """The most memory that this process has used, MB. `ru_maxrss` has that of the process that started it, too."""
    with open("/proc/self/status", encoding="ascii", errors="replace") as status:
        return next(int(line.split()[1]) >> 10 for line in status if line.startswith("VmHWM:"))


def out_of_memory(path: str, memory_mb: int) -> str:
    """The reason why a file cannot be used whose reading met the limit of memory."""
    return f"{path}: reading takes more than {memory_mb} MB (import_memory_mb)"


def out_of_time(path: str, cpu_s: int) -> str:
    """The reason why a file cannot be used whose reading did not end."""
    return f"{path}: reading took more than {MOST_ELAPSED * cpu_s} s; the disk may be stuck"


def was_killed(returncode: int) -> bool:
    """Whether a child was ended from outside, so that the file is not the cause."""
    return -returncode in OUTSIDE


def killed(path: str, returncode: int) -> str:
    """The reason why a file was not read: its reading process was ended from outside."""
    name = signal.Signals(-returncode).name
    memory = ", as when the machine has no memory left" if name == "SIGKILL" else ""
    return f"{path}: the process that read it was killed from outside ({name}{memory})"


def ended(path: str, returncode: int, stderr: bytes, cpu_s: int) -> str:
    """The reason why a file cannot be used whose reading ended the child."""
    if returncode == -signal.SIGXCPU:
        return f"{path}: reading took more than {cpu_s} s of CPU (import_cpu_s)"
    last = stderr.decode(errors="replace").strip().rpartition("\n")[2] or "no message"
    name = f" ({signal.Signals(-returncode).name})" if -returncode in set(signal.Signals) else ""
    return f"{path}: the reading process ended with code {returncode}{name}: {last}"
