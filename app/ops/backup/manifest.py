"""The manifest of a backup: the files in its folder, and the release that made it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from app.ops.backup.errors import BackupError

MANIFEST = "manifest.json"
SQLITE_FILE = "database.sqlite"
POSTGRESQL_FILE = "database.dump"
DATA = "data"
"""Folder of a backup with files of data_dir, at the same paths."""
KEPT_FILES = ("secret", "local_key", "publish", "trends")
"""Files and folders of data_dir that are in backups: keys, and configurations of trends; all else can be recreated."""

CHUNK = 1 << 20


class BackupFile(NamedTuple):
    """A file of a backup."""

    sha256: str
    size: int  # bytes


class Backup(NamedTuple):
    """A backup and its manifest."""

    folder: Path
    made: float  # when its data were read, Unix s UTC
    version: str  # of DQM Hub that wrote the database
    is_sqlite: bool  # otherwise of PostgreSQL
    migrations: tuple[str, ...]  # that had been applied
    counts: Mapping[str, int]  # rows of each table
    files: Mapping[str, BackupFile]  # by their paths in the folder
    previous: str  # name of the newest backup when this one was made; "" for none

    @property
    def name(self) -> str:
        """The name of the folder, by which commands call it."""
        return self.folder.name

    @property
    def size(self) -> int:
        """Size of all files, bytes."""
        return sum(file.size for file in self.files.values())

    @property
    def database(self) -> Path:
        """The file with the database."""
        return self.folder / (SQLITE_FILE if self.is_sqlite else POSTGRESQL_FILE)


def write_manifest(backup: Backup) -> None:
    """Write the manifest into the folder of a backup."""
    content = {
        "made": backup.made,
        "version": backup.version,
        "database": "sqlite" if backup.is_sqlite else "postgresql",
        "migrations": backup.migrations,
        "counts": dict(backup.counts),
        "files": {name: file._asdict() for name, file in backup.files.items()},
        "previous": backup.previous,
    }
    (backup.folder / MANIFEST).write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def read_manifest(folder: Path) -> Backup:
    """The backup in a folder. Raises BackupError if it has no readable manifest."""
    try:
        content = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        if outside := [name for name in content["files"] if ".." in Path(name).parts or Path(name).is_absolute()]:
            raise ValueError(f"the file {outside[0]} is not in the folder")
        files = {str(name): BackupFile(str(file["sha256"]), int(file["size"])) for name, file in content["files"].items()}
        return Backup(
            folder,
            float(content["made"]),
            str(content["version"]),
            content["database"] == "sqlite",
            tuple(map(str, content["migrations"])),
            {str(table): int(count) for table, count in content["counts"].items()},
            files,
            str(content.get("previous", "")),  # backups from before this field are used, too
        )
    except FileNotFoundError as error:
        raise BackupError(f"{folder} is not a backup: it has no {MANIFEST}") from error
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise BackupError(f"{folder} is not a usable backup: its {MANIFEST} cannot be read ({error})") from error


def file_of(path: Path) -> BackupFile:
    """SHA-256 and size of a file."""
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as opened:
        while chunk := opened.read(CHUNK):
            digest.update(chunk)
            size += len(chunk)
    return BackupFile(digest.hexdigest(), size)
