"""Opening the log of a job. Its path is reported by a source, so only files below the folders of the settings are opened."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from typing import BinaryIO

from app.diary.logs.errors import LogRefused, LogUnreadable


def full_path(path: str, workdir: str) -> str:
    """The path of a log without `..`; a relative one begins in the folder of its job."""
    return os.path.normpath(os.path.join(workdir, path)) if path else ""


def may_be_read(path: str, roots: Sequence[str]) -> bool:
    """Whether a full path is written as one below an allowed folder. Asks no file system, which could make a page wait."""
    return path.startswith("/") and any(_is_below(path, os.path.normpath(root)) for root in roots)


def open_log(path: str, roots: Sequence[str]) -> BinaryIO:
    """Open a log for reading.

    Symbolic links are followed while they stay below an allowed folder. Nothing else is ever opened, also when somebody
    exchanges a folder for a link meanwhile: each folder of the resolved path is opened in the one before, without following.

    Args:
        path: As `full_path` gives it.
        roots: The allowed folders.

    Raises:
        LogRefused: It is not below an allowed folder, or no regular file.
        LogUnreadable: It cannot be read now.
    """
    if not may_be_read(path, roots):
        raise LogRefused("The log is not below a folder whose logs this hub shows; the setting diary_log_roots lists them")
    try:
        real = os.path.realpath(path, strict=True)
        root = next((root for root in map(os.path.realpath, roots) if _is_below(real, root)), None)
        if root is None:
            raise LogRefused("The log is a link that leads out of the folders whose logs this hub shows")
        return _open_below(root, os.path.relpath(real, root).split("/"))
    except OSError as error:
        raise LogUnreadable(f"The log cannot be read: {error.strerror or error}") from error


def _is_below(path: str, root: str) -> bool:
    return path.startswith(root.rstrip("/") + "/")


def _open_below(root: str, names: list[str]) -> BinaryIO:
    """Open the regular file at this path below a folder; no part of the path may be a link."""
    at = os.open(root, os.O_PATH | os.O_DIRECTORY)
    try:
        for name in names:
            here, at = at, os.open(name, os.O_PATH | os.O_NOFOLLOW, dir_fd=at)
            os.close(here)
        if not stat.S_ISREG(os.fstat(at).st_mode):  # nothing but a look so far: opening a device or pipe can have effects
            raise LogRefused("The log is not a regular file")
        return open(f"/proc/self/fd/{at}", "rb", buffering=0)
    finally:
        os.close(at)
