"""A superuser acts as the user of the services where files of these are read and written.

What they make then belongs to the services, and a symbolic link in a folder of the services cannot lead them to files of others.
"""

from __future__ import annotations

import os
import pwd
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

PACKAGE_USER = "dqmhub"
"""The user of the services where the packages are installed."""


class Identity(NamedTuple):
    """With whose rights a process acts. Programs that it starts get the first two users and groups, and cannot get back to the third."""

    users: tuple[int, int, int]  # real, effective, saved
    groups: tuple[int, int, int]
    more_groups: list[int]
    home: str  # of programs that look for their settings there, such as those of PostgreSQL


@contextmanager
def acting_as_owner(data: Path) -> Iterator[None]:
    """Act as the owner of `data_dir`, or of the nearest folder above it that exists, if this process is the superuser."""
    user, group = _owner(data)
    if os.geteuid() or not user:
        yield
        return
    try:
        entry = pwd.getpwuid(user)
        more, home = os.getgrouplist(entry.pw_name, group), entry.pw_dir
    except KeyError:
        more, home = [], "/"
    with _acting(Identity((user, user, 0), (group, group, 0), more, home)):
        yield


@contextmanager
def acting_as_superuser() -> Iterator[None]:
    """Act as the superuser in a block of `acting_as_owner`, if that is who runs this process."""
    if os.getresuid()[2]:
        yield
        return
    with _acting(Identity((0, 0, 0), (0, 0, 0), [], pwd.getpwuid(0).pw_dir)):
        yield


def make_data_folder(data: Path, backups: Path) -> None:
    """Make `data_dir` for the user of the services, if it is missing where only the superuser, who runs this, can make it.

    An empty one of the superuser, as a new disk has it, is for that user, too: the owner of the folder of the backups, or, as the
    services could not read files of the superuser, the user of the packages.
    """
    others = _owner(data)[0] or _owner(data.parent)[0]  # who could put a link in its place
    if os.geteuid() or others or (data.is_dir() and any(data.iterdir())):
        return
    user, group = _owner(backups)
    if not user:
        try:
            entry = pwd.getpwnam(PACKAGE_USER)
        except KeyError:
            return
        user, group = entry.pw_uid, entry.pw_gid
    missing = [folder for folder in (data, *data.parents) if not folder.exists()]
    data.mkdir(parents=True, exist_ok=True)
    for folder in (data, *missing):
        os.chown(folder, user, group)


def _owner(path: Path) -> tuple[int, int]:
    """User and group of a file or folder, or of the nearest folder above it that exists."""
    found = next(place for place in (path.absolute(), *path.absolute().parents) if place.exists()).stat()
    return found.st_uid, found.st_gid


@contextmanager
def _acting(identity: Identity) -> Iterator[None]:
    before = Identity(os.getresuid(), os.getresgid(), os.getgroups(), os.environ.get("HOME", ""))
    _become(identity)
    try:
        yield
    finally:
        _become(before)


def _become(identity: Identity) -> None:
    os.seteuid(0)  # only the superuser may set groups
    os.setgroups(identity.more_groups)
    os.setresgid(*identity.groups)
    os.setresuid(*identity.users)
    os.environ["HOME"] = identity.home
