"""Files with layouts below a folder."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

SUFFIXES = (".json", ".toml")

SETTLED_S = 2.0
"""A file that changed less than this ago may still be incomplete; s."""

EMPTIED = "The folder had files with layouts and has none now: mount it, or get the files again; to remove its layouts, remove it from layout_folders"
"""Problem of a folder that lost all its files at once."""

CHANGING = (
    "Git is changing this folder; if it is not, a git command was interrupted: "
    "remove the file whose path `git rev-parse --git-path index.lock` prints there"
)
"""Problem of a folder with a lock of git. It leaves out the path of the lock, because everybody can read the status page."""

GIT_FOLDER = ".git"
GIT_LOCK = "index.lock"
"""Git has this file in its folder while it changes the files of a checkout."""


def layout_files(folder: Path, on_error: Callable[[OSError], object]) -> list[Path]:
    """The regular files below a folder that end in SUFFIXES, in the order of their paths; hidden files and folders are left out.

    Args:
        on_error: Called for each folder that cannot be read.
    """
    found = []
    for top, folders, names in os.walk(folder, onerror=on_error):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        found += [Path(top) / name for name in names if name.lower().endswith(SUFFIXES) and not name.startswith(".")]
    return sorted(path for path in found if os.path.isfile(path))


class FolderFiles(NamedTuple):
    """The files of a watched folder.

    Attributes:
        versions: Size and time of change of each file by its path, "" for one that cannot be looked at. A path that is not UTF-8
            has question marks, since it cannot be stored, and so the file is not found.
        problem: Reason why the folder cannot be used now; its layouts then stay as they are.
    """

    folder: Path
    versions: dict[str, str]
    problem: str = ""

    @property
    def is_usable(self) -> bool:
        """Whether the folder is complete: while it changes, layouts move between files, and some files may be missing."""
        return not self.problem and all(map(is_settled, self.versions.values()))

    def has(self, path: str) -> bool:
        """Whether a file is below the folder, or was."""
        return self.folder in Path(path).parents

    def but_not_emptied(self, known: Iterable[str]) -> FolderFiles:
        """The same, with a problem if it has no files but had one of these: it may not be mounted."""
        is_emptied = not self.problem and not self.versions and any(map(self.has, known))
        return self._replace(problem=EMPTIED) if is_emptied else self


def look(folder: Path) -> FolderFiles:
    """The files of a watched folder, unless it cannot be read, or git is changing it."""
    locks = (_git_folder(above) / GIT_LOCK for above in (folder, *folder.parents))
    if any(map(os.path.exists, locks)):
        return FolderFiles(folder, {}, CHANGING)
    errors: list[OSError] = []
    files = layout_files(folder, errors.append)
    if errors:
        return FolderFiles(folder, {}, f"{errors[0].filename} cannot be read: {errors[0].strerror}")
    return FolderFiles(folder, {str(path).encode("utf-8", "replace").decode(): _version(path) for path in files})


def _git_folder(checkout: Path) -> Path:
    """The folder of git of a checkout; worktrees and submodules have a file that names it."""
    git = checkout / GIT_FOLDER
    try:
        name = git.read_text(errors="surrogateescape") if git.is_file() else ""
    except OSError:
        return git
    return checkout / name.removeprefix("gitdir:").strip() if name else git


def is_settled(version: str) -> bool:
    """Whether a file of this version has not changed for SETTLED_S; a time in the future is no change."""
    return not version or not 0 <= time.time() - int(version.partition(":")[2]) / 1e9 < SETTLED_S


def _version(path: Path) -> str:
    try:
        found = path.stat()
    except OSError:
        return ""
    return f"{found.st_size}:{found.st_mtime_ns}"


def distinct(folders: Sequence[str]) -> list[Path]:
    """Watched folders with links resolved, without those in another one."""
    paths = {Path(folder).resolve() for folder in folders}
    return sorted(path for path in paths if paths.isdisjoint(path.parents))
