"""The installed releases of a machine: a folder `<prefix>/<version>/` each, and the link `<prefix>/current` to the one in use.

A release has the tree of a checkout, third-party packages in `lib/`, and the launcher `bin/dqmhub`. Releases lie beside each
other, so that processes of an old one keep running until they are restarted, and the way back is to switch again.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from app.core.disk import sync
from app.core.settings import TREE

CURRENT = "current"


class InstallationError(Exception):
    """A release that cannot be used; the message says why, and which releases are installed."""


@dataclass(frozen=True)
class Release:
    """One installed version."""

    prefix: Path
    version: str

    @property
    def folder(self) -> Path:
        """The tree of this release."""
        return self.prefix / self.version

    @property
    def launcher(self) -> Path:
        """The program `dqmhub` of this release."""
        return self.folder / "bin" / "dqmhub"


def release(tree: Path = TREE) -> Release | None:
    """The release that `tree`, by default the running program, belongs to; None in a checkout."""
    found = Release(tree.parent, tree.name)
    return found if found.launcher.is_file() else None


def releases(prefix: Path) -> list[Release]:
    """All installed releases below `prefix`, the oldest version first."""
    folders = [entry for entry in prefix.iterdir() if not entry.is_symlink()] if prefix.is_dir() else []
    return sorted((found for folder in folders if (found := release(folder))), key=lambda found: version_key(found.version))


def current(prefix: Path) -> Release | None:
    """The release that the link `current` leads to; None without one."""
    try:
        version = os.readlink(prefix / CURRENT)
    except OSError:
        return None
    return release(prefix / version)


def switch(prefix: Path, version: str) -> Release:
    """Let the link `current` lead to this release, by one rename: at each moment it leads to the old or to the new one.

    Running processes are not changed. Raises InstallationError if there is no such release, and OSError.
    """
    target = next((found for found in releases(prefix) if found.version == version), None)
    if target is None:
        names = ", ".join(found.version for found in releases(prefix)) or "none"
        raise InstallationError(f"There is no release {version} in {prefix}; installed: {names}")
    link = prefix / f".{CURRENT}.{os.getpid()}"
    link.unlink(missing_ok=True)  # left behind by a process of this number that was killed
    link.symlink_to(version)
    link.replace(prefix / CURRENT)
    sync(prefix)
    return target


def version_key(version: str) -> tuple[list[int], bool, str, int]:
    """Orders versions: 0.9.0, 0.10.0rc9, 0.10.0rc10, 0.10.0."""
    numbers, letters, candidate = re.findall(r"^([\d.]*)(\D*)(\d*)", version)[0]
    return [int(number) for number in numbers.split(".") if number], not letters, letters, int(candidate or 0)
