"""The owner of the data: files that the superuser makes must belong to the user of the services."""

from __future__ import annotations

import os
import pwd
from pathlib import Path
from typing import NamedTuple

PACKAGE_USER = "dqmhub"
"""The user of the services where the packages are installed."""


class Owner(NamedTuple):
    """The user and group of the services."""

    user: int
    group: int

    def chown(self, path: Path) -> None:
        """Set the owner of a file, if this process is the superuser."""
        if os.geteuid() == 0:
            os.chown(path, self.user, self.group)

    def chown_tree(self, folder: Path) -> None:
        """Set the owner of a folder and of all in it."""
        for path in (folder, *folder.rglob("*")):
            self.chown(path)


def owner_of(path: Path) -> Owner:
    """The owner of a file or folder, or of the nearest folder above it that exists."""
    found = next(place for place in (path.absolute(), *path.absolute().parents) if place.exists()).stat()
    return Owner(found.st_uid, found.st_gid)


def owner_of_restored(data: Path, backup: Path) -> Owner:
    """The owner of restored files: the owner of `data_dir`, or that of the backup when `data_dir` is missing or empty.

    In the second case it is the user of the packages instead of the superuser, whose files the services could not read.
    """
    if data.is_dir() and any(data.iterdir()):
        return owner_of(data)
    owner = owner_of(data) if data.is_dir() else owner_of(backup)
    if owner.user == 0:
        try:
            user = pwd.getpwnam(PACKAGE_USER)
        except KeyError:
            return owner
        return Owner(user.pw_uid, user.pw_gid)
    return owner
