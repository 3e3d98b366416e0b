"""The files of a folder."""

from __future__ import annotations

import os
import stat
from typing import NamedTuple

from ..names import FileKind, parse_name, whole_name

PB_KINDS = (FileKind.CONCATENATION, FileKind.SNAPSHOT)
_ROOT = b"root"


class StoredFile(NamedTuple):
    """A file.

    Attributes:
        name: Its name.
        run: The run of a PB file; 0 for everything else.
        changed: Time of its last change, s since 1970.
        nbytes: Bytes of the disk that it uses.
        is_part: Whether it is an incomplete copy of a PB file, which goes on or broke off.
    """

    name: str
    run: int
    changed: float
    nbytes: int
    is_part: bool = False


def list_files(folder: str) -> list[StoredFile]:
    """Everything in a folder but its subfolders. Raises `OSError`."""
    found = []
    with os.scandir(folder) as entries:
        for entry in entries:
            try:
                status = entry.stat(follow_symlinks=False)
            except FileNotFoundError:
                continue  # removed meanwhile
            if not stat.S_ISDIR(status.st_mode):
                part = whole_name(entry.name)
                run = _run_of_pb_file(entry.path, part or entry.name) if stat.S_ISREG(status.st_mode) else 0
                found.append(StoredFile(entry.name, 0 if part else run, status.st_mtime, status.st_blocks * 512, bool(part and run)))
    return found


def _run_of_pb_file(path: str, name: str) -> int:
    """The run of a PB file by its name, 0 for all others, also for a ROOT file with such a name."""
    parsed = parse_name(name)
    if parsed is None or parsed.kind not in PB_KINDS:
        return 0
    try:
        with open(path, "rb", buffering=0) as file:
            return 0 if file.read(len(_ROOT)) == _ROOT else parsed.run
    except OSError:
        return 0
