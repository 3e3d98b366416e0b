"""The ROOT files of a run: which are merged, whether they were merged before, and which clients have none."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..files import FileVersion, file_version
from ..names import FileKind
from .inputs import RunFile

_MOST_NAMED = 10


class Contents:
    """Distinguishes files that were sent again with the same content from files with new content."""

    def __init__(self) -> None:
        self._md5s: dict[tuple[Path, FileVersion], str] = {}

    def document(self, inputs: Sequence[RunFile]) -> dict[str, list[Any]]:
        """The document of merged files, by name: size, inode, time of the last change, and md5 ("" if not known)."""
        return {file.path.name: [file.size, file.inode, file.changed, self._md5(file)] for file in inputs}

    def are_in(self, inputs: Sequence[RunFile], document: dict[str, list[Any]]) -> bool:
        """Whether the files have the contents of such a document. A file is read only if its size is the same but inode or time differ."""
        return all(self._is_in(file, document.get(file.path.name, [])) for file in inputs)

    def _is_in(self, file: RunFile, known: list[Any]) -> bool:
        if known[:3] == [file.size, file.inode, file.changed]:
            return True
        return len(known) > 3 and known[0] == file.size and known[3] != "" and known[3] == self._md5(file)

    def _md5(self, file: RunFile) -> str:
        """The md5 of a file; "" if it cannot be read, or was replaced since it was listed."""
        key = file.path, FileVersion(file.inode, file.size, file.changed)
        if key not in self._md5s:
            try:
                with file.path.open("rb") as reader:
                    md5 = hashlib.file_digest(reader, "md5").hexdigest()
                    version = file_version(reader.fileno())
            except OSError:
                return ""
            if version != key[1]:
                return ""
            self._md5s = {other: md5_of_other for other, md5_of_other in self._md5s.items() if other[0] != file.path} | {key: md5}
        return self._md5s[key]


def inputs_of(files: Sequence[RunFile]) -> list[RunFile]:
    """The ROOT files to merge, the oldest first: the newest version of each client on each FU, which has all of its MEs."""
    versions = sorted((file for file in files if file.kind == FileKind.ROOT_FILE), key=lambda file: (file.version, file.arrived))
    newest = {(file.host, file.client): file for file in versions}
    return sorted(newest.values(), key=lambda file: (file.arrived, file.path))


def missing_of(files: Sequence[RunFile]) -> list[RunFile]:
    """The newest snapshot of each client that has no ROOT file."""
    written = {(file.host, file.client) for file in files if file.kind == FileKind.ROOT_FILE}
    snapshots = sorted((file for file in files if file.kind == FileKind.SNAPSHOT), key=lambda file: (file.host, file.client, file.arrived))
    return list({(file.host, file.client): file for file in snapshots if (file.host, file.client) not in written}.values())


def clients_of(missing: Sequence[RunFile]) -> list[str]:
    """The clients of these files, by name and host; at most 10."""
    more = ["..."] if len(missing) > _MOST_NAMED else []
    return [f"{file.client or 'unnamed client'} at {file.host}" for file in missing[:_MOST_NAMED]] + more
