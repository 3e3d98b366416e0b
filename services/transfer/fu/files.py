"""Files in the output folder of the clients: which of them are sent, under which names, and their expected sizes and md5."""

from __future__ import annotations

import json
import logging
import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from ..expected import Expected, expected_by_origin, expected_by_report
from ..files import FileVersion, version_of
from ..log import one_line
from ..names import FileKind, FileName, name_with_host, parse_name, run_of_folder

MOST_COMPANION = 1 << 16
"""Bytes of a report or an origin that are read."""
MOST_PATHS = 100_000
_COMPANIONS = {FileKind.SNAPSHOT_REPORT: ".pb", FileKind.ORIGIN: ""}
_NAMES = {FileKind.SNAPSHOT: "report", FileKind.ROOT_FILE: "origin"}
_SOURCE = re.compile(r".*_(?:pid)?(\d{1,10})", re.ASCII | re.DOTALL)
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ClientFile:
    """A snapshot or ROOT file of a client.

    Attributes:
        path: Where it is.
        kind: SNAPSHOT or ROOT_FILE.
        run: Its run.
        tag: The client; empty for an older client without one.
        lumi: Lumisection of a snapshot of an older client, otherwise 0.
        name: Its name at the target, which contains the name of this host; all snapshots of a client have the same name.
    """

    path: str
    kind: FileKind
    run: int
    tag: str
    lumi: int
    name: str

    @property
    def companion(self) -> str:
        """The path of the report of a snapshot, or of the origin of a ROOT file."""
        return f"{self.path}.origin" if self.kind is FileKind.ROOT_FILE else f"{self.path.removesuffix('.pb')}.jsn"

    @property
    def companion_name(self) -> str:
        """The kind of the companion, for messages."""
        return _NAMES[self.kind]


class FileState(NamedTuple):
    """A file as it is now.

    Attributes:
        version: Its version.
        written: When it got its name or was written last, s since 1970 by the kernel; no program can set it.
    """

    version: FileVersion
    written: float


def file_state(path: str) -> FileState | None:
    """The state of a file; None when there is none. Raises `OSError` when it cannot be read."""
    try:
        status = os.stat(path, follow_symlinks=False)
    except (FileNotFoundError, NotADirectoryError):
        return None
    if not stat.S_ISREG(status.st_mode):
        return None
    return FileState(version_of(status), status.st_ctime)


class Companion(NamedTuple):
    """The content of the report or origin of a file.

    Attributes:
        expected: Size and md5 that the file must have.
        pid: The process that wrote the file; 0 if unknown.
    """

    expected: Expected
    pid: int


def read_companion(file: ClientFile) -> Companion | None:
    """Read the companion of a file; None if there is none, or if it cannot be understood."""
    try:
        with Path(file.companion).open("rb") as reader:
            text = reader.read(MOST_COMPANION)
        if file.kind is FileKind.ROOT_FILE:
            return Companion(expected_by_origin(text), 0)
        return Companion(expected_by_report(text), _pid(text))
    except (OSError, ValueError, RecursionError):
        return None


def _pid(report: bytes) -> int:
    """The process of a report, by its `source`, `host_pid`."""
    source = json.loads(report).get("source")
    match = _SOURCE.fullmatch(source) if isinstance(source, str) else None
    return int(match[1]) if match else 0


class FileFinder:
    """Finds the client file of a path. Results are cached, since each scan lists the same paths.

    Attributes:
        strangers: Files that belong to no run; each was logged once.
    """

    def __init__(self, host: str, run: int = 0) -> None:
        """Find the files of a run, or of all runs if it is 0, on this host."""
        self._host, self._run = host, run
        self._known: dict[str, ClientFile | None] = {}
        self.strangers: set[str] = set()

    def find(self, path: str) -> ClientFile | None:
        """The file to send at this path, or the file that this is the companion of; None for everything else."""
        if path in self._known:
            return self._known[path]
        if len(self._known) >= MOST_PATHS:
            self._known.clear()
        file = self._known[path] = self._identify(path)
        return file

    def _identify(self, path: str) -> ClientFile | None:
        folder, name = os.path.split(path)
        parsed = parse_name(name, os.path.basename(folder))
        if parsed is None or parsed.host or _is_astray(folder, name):
            self._note_stranger(path)
            return None
        if parsed.kind in _COMPANIONS:
            stem = path.removesuffix(".jsn").removesuffix(".origin")
            return self.find(stem + _COMPANIONS[parsed.kind])
        if parsed.kind not in _NAMES or self._run not in (0, parsed.run):
            return None
        try:
            target = name_with_host(_plain_name(parsed, name), self._host)
        except ValueError:
            self._note_stranger(path)
            return None
        return ClientFile(path, parsed.kind, parsed.run, parsed.tag, parsed.lumi, target)

    def _note_stranger(self, path: str) -> None:
        if path not in self.strangers and len(self.strangers) < MOST_PATHS:
            self.strangers.add(path)
            log.warning("%s belongs to no run, and is not sent", one_line(path))


def _is_astray(folder: str, name: str) -> bool:
    """Whether a snapshot without a client in its name is neither in the folder of a run nor in a folder of that."""
    plain = parse_name(name)
    is_named = plain is None or plain.kind not in (FileKind.SNAPSHOT, FileKind.SNAPSHOT_REPORT) or bool(plain.tag)
    return not is_named and not any(run_of_folder(os.path.basename(place)) for place in (folder, os.path.dirname(folder)))


def _plain_name(parsed: FileName, name: str) -> str:
    """The name that a current client would use: with the tag, and the same for all lumisections."""
    if parsed.kind is FileKind.SNAPSHOT and parsed.lumi:
        return f"run{parsed.run:06}_{parsed.tag or 'ls0000'}_DQMLive.pb"
    return name
