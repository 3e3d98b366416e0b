"""The disk with the data of the hub: its kind, how much of it is free, whether it is full, and whether it can be written."""

from __future__ import annotations

import errno
import os
import re
from pathlib import Path
from typing import NamedTuple

FULL_BYTES = 1 << 20
"""A disk with less free space is full: a transaction of the database would fail halfway."""

FULL_ERRORS = frozenset({errno.ENOSPC, errno.EDQUOT})
"""Numbers of system errors of a full disk, or a full share of it."""


NETWORK_FILE_SYSTEMS = (
    *("nfs", "cifs", "smb", "afs", "ceph", "lustre", "gpfs", "glusterfs", "beegfs", "9p"),
    *("fuse.sshfs", "fuse.eos", "fuse.ceph", "fuse.cernvm"),
)


class DiskSpace(NamedTuple):
    """Free space of a disk for the user of this process, and its size, in bytes."""

    free: int
    size: int
    has_inodes: bool  # whether a file can be added

    @property
    def is_full(self) -> bool:
        """Whether nothing can be stored any more."""
        return self.free < FULL_BYTES or not self.has_inodes


def disk_space(folder: Path) -> DiskSpace:
    """The space of the disk of a folder. Raises OSError when it cannot be reached."""
    found = os.statvfs(folder)
    return DiskSpace(found.f_bavail * found.f_frsize, found.f_blocks * found.f_frsize, not found.f_files or found.f_favail > 0)


def is_full(folder: Path) -> bool:
    """Whether the disk of a folder is full; False if it cannot be reached."""
    try:
        return disk_space(folder).is_full
    except OSError:
        return False


def is_read_only(path: Path) -> bool:
    """Whether a file or folder is there, but this process may not write it: its disk had an error, or it belongs to another user."""
    return os.access(path, os.F_OK) and not os.access(path, os.W_OK)


def file_system(folder: Path, mounts: str) -> str:
    """Type of the file system of a folder. mounts: content of /proc/mounts."""
    place, best, kind = str(folder.resolve()), -1, ""
    for line in mounts.splitlines():
        _, point, mounted, *_ = line.split(" ")
        point = re.sub(r"\\([0-7]{3})", lambda octal: chr(int(octal[1], 8)), point).rstrip("/")  # blanks are \040
        if (place + "/").startswith(point + "/") and len(point) >= best:
            best, kind = len(point), mounted
    return kind


def sync(path: Path) -> None:
    """Wait until a file, or the names in a folder, are on the disk and survive a power cut. Raises OSError."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
