"""A file that one process locks at a time: the lock ends with its process, however that ends."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def lock_file(path: Path) -> Iterator[None]:
    """Hold the lock of a file, which is made if it is missing. Raises BlockingIOError when another process holds it, else OSError."""
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
