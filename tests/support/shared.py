"""Folders that the first worker of a test run makes, and all of them use."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Until the end of the block no other process is in a block with this path of a lock file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def shared_folder(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """The folder `name` of this test run, filled by `make` once, while other workers wait; nobody may change it afterwards."""
    base = factory.getbasetemp()
    run = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    folder, done = run / f"shared-{name}", run / f"shared-{name}.done"
    with alone(run / f"shared-{name}.lock"):
        if not done.exists():
            folder.mkdir()  # fails for all later processes if `make` has failed
            make(folder)
            done.touch()
    return folder
