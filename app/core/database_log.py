"""The file of an SQLite database and the log beside it, which must belong together.

SQLite finds the log by its name alone. It destroys a database that it opens with the log of another file. This happens when a
backup replaces a database while other processes have it open, or after they were killed. So the inode of the file is noted
beside it while there is no log. A process that finds a log opens only a file with the noted inode.
"""

from __future__ import annotations

import os
from pathlib import Path

LOG_ENDINGS = ("-wal", "-shm")
NOTE_ENDING = ".inode"
VERSIONS = slice(18, 20)
"""Bytes of the header of a file that say how it is written."""
WITHOUT_LOG = b"\1\1"
"""These bytes of a file that never had a log, such as a backup of VACUUM INTO."""


def foreign_log(file: Path) -> str:
    """Why the log beside a file that this process has not yet opened is not its own; "" if it is, or if there is none.

    To be called before a process opens the file for the first time: SQLite would lose its locks when this closes the file.
    """
    if not any(path.exists() for path in _logs(file)):
        return ""
    inode, noted = _inode(file), _noted(file)
    if not inode:
        return f"{file} was removed, but the log of its last changes is still there"
    if (noted and noted != inode) or _never_had_log(file):
        return (
            f"{file} was replaced, and {file.name}-wal and {file.name}-shm belong to the file before it "
            f"(unless the whole folder was moved: then remove {_note(file).name})"
        )
    return ""


def note_file(file: Path) -> None:
    """Note that this file, if it exists, is the one to which a log beside it belongs."""
    inode, path = _inode(file), _note(file)
    if inode == _noted(file):
        return
    if not inode:
        path.unlink(missing_ok=True)
        return
    written = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        written.unlink(missing_ok=True)
        with written.open("x") as new:  # in no case the file that a link leads the superuser to
            new.write(f"{inode}\n")
            owner = file.stat()
            os.chown(new.fileno(), owner.st_uid, owner.st_gid)  # as SQLite does with the log, for commands of the superuser
        written.replace(path)
    except PermissionError:
        return  # SQLite itself will name what this process may not write
    finally:
        written.unlink(missing_ok=True)


def _logs(file: Path) -> list[Path]:
    return [file.with_name(file.name + ending) for ending in LOG_ENDINGS]


def _note(file: Path) -> Path:
    return file.with_name(file.name + NOTE_ENDING)


def _inode(file: Path) -> str:
    try:
        return str(file.stat().st_ino)
    except FileNotFoundError:
        return ""


def _noted(file: Path) -> str:
    try:
        return _note(file).read_text().strip()
    except FileNotFoundError:
        return ""


def _never_had_log(file: Path) -> bool:
    """Whether the log beside a file has contents although the file says that it is written without one."""
    try:
        with file.open("rb") as opened:
            versions = opened.read(VERSIONS.stop)[VERSIONS]
    except PermissionError:
        return False  # SQLite itself will say so
    log = _logs(file)[0]
    return versions == WITHOUT_LOG and log.exists() and log.stat().st_size > 0
