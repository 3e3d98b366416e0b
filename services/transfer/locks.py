"""Locks that keep two processes from serving one run."""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress
from pathlib import Path
from typing import Self

from .names import run_folder


class AlreadyServed(Exception):
    """Another process holds the lock; the message names it."""


class ServiceLock:
    """The lock of a mode on this host, or of one run of it; it ends with the process at the latest."""

    def __init__(self, state: str, mode: str, run: int = 0) -> None:
        """Lock. Raises AlreadyServed, and `OSError` when the folder cannot be written.

        Args:
            state: The folder of the option `state`.
            mode: Name of the mode.
            run: The run; 0 for the process that serves all.
        """
        self._path = Path(state) / f"{mode}{f'-{run_folder(run)}' if run else ''}.lock"
        self._path.parent.mkdir(parents=True, exist_ok=True)
        while True:
            self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
            try:
                fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                owner = os.pread(self._descriptor, 20, 0).decode(errors="replace").strip()
                os.close(self._descriptor)
                if not isinstance(error, BlockingIOError):
                    raise
                what = f"run {run}" if run else "this host"
                raise AlreadyServed(f"the mode {mode} of {what} is served by process {owner or '?'} (lock {self._path})") from None
            if self._is_current():
                break
            os.close(self._descriptor)  # the process before removed the file meanwhile
        with suppress(OSError):  # a full disk: then the lock has no name
            os.ftruncate(self._descriptor, 0)
            os.pwrite(self._descriptor, f"{os.getpid()}\n".encode(), 0)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()

    def release(self) -> None:
        """Unlock, and remove the file."""
        if self._descriptor < 0:
            return
        self._path.unlink(missing_ok=True)
        os.close(self._descriptor)
        self._descriptor = -1

    def _is_current(self) -> bool:
        try:
            return os.path.samestat(os.stat(self._path), os.fstat(self._descriptor))
        except FileNotFoundError:
            return False
