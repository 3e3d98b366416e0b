"""The owner of the data: files that the superuser makes must belong to the user of the services."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple


class Owner(NamedTuple):
    """The user and group of the services."""

    user: int
    group: int

    def give(self, path: Path) -> None:
        """Let a file belong to them, if this process may decide on it."""
        if os.geteuid() == 0:
            os.chown(path, self.user, self.group)

    def give_tree(self, folder: Path) -> None:
        """The same for a folder and all in it."""
        for path in (folder, *folder.rglob("*")):
            self.give(path)


def owner_of(path: Path) -> Owner:
    """The owner of a file or folder."""
    found = path.stat()
    return Owner(found.st_uid, found.st_gid)
