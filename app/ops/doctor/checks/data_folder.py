"""Whether the data folder belongs to the user of the services, can be written, and has space."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from app.core.disk import NETWORK_FILE_SYSTEMS, file_system
from app.core.file_rights import FOLDER, missing_rights, user_name
from app.core.settings import Settings
from app.gui.settings import local_roots
from app.ops.backup.manifest import KEPT_FILES
from app.ops.disk import disk_line
from app.ops.doctor.diagnosis import Diagnosis, error
from app.queue.settings import QueueSettings

MOST_NAMED = 5


def check(settings: Settings, url: str) -> Iterator[Diagnosis]:
    """Owner, mode, file system and free space; and whether the files of `file_roots` can be read."""
    folder = settings.data
    if not folder.is_dir():
        yield Diagnosis(
            "error", f"The data folder {folder} does not exist", "Correct data_dir, or mount its disk; for a new hub run dqmhub db upgrade"
        )
        return
    yield from rights(folder)
    yield _space(settings)
    yield from file_systems(settings, Path("/proc/mounts").read_text(encoding="utf-8", errors="replace"))
    for root in local_roots(settings):
        if root != folder.resolve() / "demo" and (problem := _problem(root)):
            remedy = "Mount it, give this user read access, or correct file_roots"
            yield Diagnosis("error", f"The folder {root} of file_roots {problem}", remedy)


def _problem(root: Path) -> str:
    """Why the files of a folder cannot be read, "" if they can."""
    try:
        root.stat()
    except (FileNotFoundError, NotADirectoryError):
        return "does not exist"
    except OSError as closed:
        return f"cannot be read by {user_name(os.getuid())} ({closed.strerror})"
    return "" if os.access(root, os.R_OK | os.X_OK) else f"cannot be read by {user_name(os.getuid())}"


def rights(folder: Path) -> Iterator[Diagnosis]:
    """Whether the services may write the folder and what is in it, and nobody else."""
    found = folder.stat()
    if found.st_mode & stat.S_IWOTH:
        yield Diagnosis("error", f"All users of this machine can write {folder}", f"chmod 750 {folder}")
    if not os.access(folder, FOLDER):
        unknown = f"{folder} cannot be written", "look at its owner and mode, and whether the disk is mounted read-only"
        yield error(*(missing_rights(folder, FOLDER, folder) or unknown))
        if not os.access(folder, os.R_OK | os.X_OK):
            return
    elif found.st_mode & stat.S_IWGRP and os.geteuid() not in (0, found.st_uid):  # a volume of Kubernetes
        yield from _rights_by_group(folder)
        return
    yield from _rights_by_owner(folder, found.st_uid)


def _rights_by_owner(folder: Path, owner: int) -> Iterator[Diagnosis]:
    name = user_name(owner)
    if os.geteuid() not in (0, owner):
        yield Diagnosis("warning", f"{folder} belongs to {name}, not to you", f"Run dqmhub as {name}")
    strange = [entry.name for entry in os.scandir(folder) if entry.stat(follow_symlinks=False).st_uid != owner]
    if strange:
        text = f"{_names(strange)} in {folder} does not belong to {name}, so the services may not be able to write it"
        yield Diagnosis("error", text, f"chown -R {name} {folder}; run dqmhub as this user only")
    elif problems := list(_kept_files(folder)):
        yield from problems
    else:
        yield Diagnosis("ok", f"{folder} and its files belong to {name}")


def _rights_by_group(folder: Path) -> Iterator[Diagnosis]:
    strange = [entry.name for entry in os.scandir(folder) if not os.access(entry.path, os.W_OK)]
    if strange:
        yield Diagnosis("error", f"{_names(strange)} in {folder} cannot be written by this user", "Let its group write it, too: chmod g+w")
    else:
        yield Diagnosis("ok", f"{folder} and its files can be written by this user and the group of the folder")


def _kept_files(folder: Path) -> Iterator[Diagnosis]:
    """Keys and other files that backups copy, and their folders, with too few rights for this user, whose they are."""
    for path in chain.from_iterable((folder / name, *(folder / name).rglob("*")) for name in KEPT_FILES):
        rights = FOLDER if path.is_dir() else os.R_OK
        if os.geteuid() == folder.stat().st_uid and (found := missing_rights(path, rights, folder)):
            yield error(*found)


def _names(names: list[str]) -> str:
    return ", ".join(sorted(names)[:MOST_NAMED]) + (f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else "")


def file_systems(settings: Settings, mounts: str) -> Iterator[Diagnosis]:
    """Whether SQLite and the socket of the render service are on a local disk. mounts: content of /proc/mounts.

    Files of keys, plots and snapshots may be on a network: hosts with PostgreSQL and Redis share them.
    """
    needs = {"the database": not settings.database_url, "the queues": not settings.of(QueueSettings).huey_url}
    kind = file_system(settings.data, mounts)
    if kind.startswith(NETWORK_FILE_SYSTEMS) and any(needs.values()):
        text = f"{settings.data} is on a network file system ({kind}), where SQLite loses data"
        local = " and ".join(name for name, is_here in needs.items() if is_here)
        yield Diagnosis("error", text, f"Set data_dir to a folder on a local disk, or have PostgreSQL and Redis keep {local}")
        return
    sockets = settings.data / "render"
    kind = file_system(sockets, mounts)
    if kind.startswith(NETWORK_FILE_SYSTEMS):
        text = f"{sockets} is on a network file system ({kind}), and the socket of the render service is of one host only"
        yield Diagnosis("error", text, f"Mount a folder of this host, such as a tmpfs, at {sockets}")


def _space(settings: Settings) -> Diagnosis:
    line = disk_line(settings)
    if line.state == "ok":
        return Diagnosis("ok", f"the disk of {settings.data} has {line.text}")
    text = f"The disk of {settings.data}: {line.text}"
    return Diagnosis("error" if line.state == "down" else "warning", text, "Free space, or lower plot_cache_mb and live_snapshots_mb")
