"""Locks that keep two processes from serving one run."""

from __future__ import annotations

import fcntl
import logging
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Self

from .names import run_folder

log = logging.getLogger(__name__)


class AlreadyServed(Exception):
    """Another process holds the lock; the message names it."""


class ServiceLock:
    """The lock of a mode on this host, or of one run of it; it ends with the process at the latest.

    The process for all runs and those for single runs exclude each other, too. When no file can be created or opened, as on a full or
    read-only disk, this is logged, and the process goes on: otherwise nothing would be transferred.
    """

    def __init__(self, state: str, mode: str, run: int = 0, work: str = "") -> None:
        """Lock. Raises AlreadyServed.

        Args:
            state: The folder of the option `state`.
            mode: Name of the mode.
            run: The run; 0 for the process that serves all.
            work: The folder in which the mode works, which processes with another `state` must not serve; empty: there is none.
        """
        folder = Path(state)
        with suppress(OSError):  # opening the file reports the problem
            folder.mkdir(parents=True, exist_ok=True)
        self._locks = ExitStack()
        with ExitStack() as locks:
            if run:
                locks.enter_context(_locked(folder / f"{mode}.lock", f"the mode {mode} of this host", is_shared=True))
            name, what = (f"{mode}-{run_folder(run)}.lock", f"run {run}") if run else (f"{mode}.lock", "this host")
            locks.enter_context(_locked(folder / name, f"the mode {mode} of {what}"))
            if work:
                locks.enter_context(_locked_folder(work, mode, is_shared=bool(run)))
            self._locks = locks.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()

    def release(self) -> None:
        """Unlock, and remove the file."""
        self._locks.close()


@contextmanager
def _locked(path: Path, what: str, is_shared: bool = False) -> Iterator[None]:
    """Hold the lock of a file if there can be one; several processes may hold a shared one. Raises AlreadyServed."""
    try:
        descriptor = _lock(path, what, fcntl.LOCK_SH if is_shared else fcntl.LOCK_EX)
    except OSError as error:
        log.error("Cannot lock %s: %s; nothing keeps a second process from serving %s", path, error.strerror, what)
        yield
        return
    try:
        with suppress(OSError):  # on a full disk the lock has no name, but holds
            os.ftruncate(descriptor, 0)
            if not is_shared:
                os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        if not is_shared:
            with suppress(OSError):
                path.unlink(missing_ok=True)
        os.close(descriptor)


@contextmanager
def _locked_folder(folder: str, mode: str, is_shared: bool) -> Iterator[None]:
    """Hold the lock of a folder itself, in which no file has to be made, if it can be locked. Raises AlreadyServed."""
    with ExitStack() as opened:
        try:
            descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            opened.callback(os.close, descriptor)
            fcntl.flock(descriptor, (fcntl.LOCK_SH if is_shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyServed(f"{mode}.folder = {folder!r} is served by a process with another `state`") from None
        except OSError as error:  # such as a folder by NFS
            log.warning("Cannot lock %s: %s; nothing keeps a process with another `state` from serving it", folder, error.strerror)
        yield


def _lock(path: Path, what: str, kind: int) -> int:
    """Lock a file, which is made; returns its descriptor."""
    while True:
        descriptor = _open(path)
        try:
            fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
        except OSError as error:
            owner = os.pread(descriptor, 20, 0).decode(errors="replace").strip()
            os.close(descriptor)
            if not isinstance(error, BlockingIOError):
                raise
            by = f"process {owner}" if owner else "a process for one run"
            raise AlreadyServed(f"{what} is served by {by} (lock {path})") from None
        if _is_current(path, descriptor):
            return descriptor
        os.close(descriptor)  # the process before removed the file meanwhile


def _open(path: Path) -> int:
    """Open a file, which is made if that is possible; to lock it needs no right to write."""
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError:
        with suppress(OSError):
            return os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        raise


def _is_current(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(os.stat(path), os.fstat(descriptor))
    except FileNotFoundError:
        return False
