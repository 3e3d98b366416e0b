"""Names of the files of a run: parsing of names, and the names that the transfer gives.

Sources of the names: DQMFileSaverPB and DQMFileSaverOnline of CMSSW, and the log of the original transfer.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import StrEnum

DATASET = "/Global/Online/ALL"
"""The dataset of concatenations and merged ROOT files."""
_DATASET = DATASET.strip("/").replace("/", "__")
TEMPORARY = ".tmp"
"""Ending of files that the transfer is writing."""


class FileKind(StrEnum):
    """Kind of a file, by its name."""

    SNAPSHOT = "snapshot"
    """All MEs of a client so far (PB)."""
    SNAPSHOT_REPORT = "report of a snapshot"
    """The `.jsn` beside it, which has its size."""
    ROOT_FILE = "ROOT file"
    """All MEs of a client at the end of the run."""
    ORIGIN = "origin of a ROOT file"
    """The `.root.origin` beside it, which has its size and md5."""
    BACKUP = "backup"
    """A ROOT file of a client, or its origin, during the run; clients remove it themselves."""
    CRASH_REPORT = "report of a crash"
    END_OF_RUN = "end of run"
    CONCATENATION = "concatenation"
    """The snapshots of all clients in one file."""
    MERGED_FILE = "merged ROOT file"
    TEMPORARY = "temporary file"
    """A file that is being written."""


@dataclass(frozen=True)
class FileName:
    """The parts of the name of a file.

    Attributes:
        kind: What the file is.
        run: Number of the run; 0 for temporary files, which have none.
        tag: The client: a word, or `PID` and digits; empty when the name has none.
        host: The FU, if the name contains it; otherwise empty.
        lumi: Lumisection of a snapshot of an older client, of a backup or of a report; otherwise 0.
        version: Version of a ROOT file; otherwise 0.
        digest: 32 hex digits of a concatenation; otherwise empty.
    """

    kind: FileKind
    run: int
    tag: str = ""
    host: str = ""
    lumi: int = 0
    version: int = 0
    digest: str = ""


_RUN = r"run(?P<run>\d{6,10})"
_TAG = r"(?P<tag>[A-Za-z0-9](?:[A-Za-z0-9-]|_(?!_))*)"
_HOST = r"(?:__(?P<host>[A-Za-z0-9][A-Za-z0-9.-]*?))?"
_CLIENT_ROOT = rf"DQM_V(?P<version>\d{{4}})_{_TAG}_R(?P<run>\d{{9,10}})"

_PATTERNS = [
    (kind, re.compile(pattern, re.ASCII))
    for kind, pattern in (
        (FileKind.CONCATENATION, rf"{_RUN}_DQMLive_concat(?:_(?P<digest>[0-9a-f]{{32}}))?\.pb"),
        (FileKind.CRASH_REPORT, rf"{_RUN}_ls(?P<lumi>\d{{4}})_crash_pid(?P<tag>\d+)\.jsn"),
        (FileKind.END_OF_RUN, rf"{_RUN}_ls(?P<lumi>\d{{4}})_EoR\.jsn"),
        (FileKind.SNAPSHOT, rf"{_RUN}_ls(?P<lumi>\d{{4,}})_DQMLive{_HOST}\.pb"),
        (FileKind.SNAPSHOT, rf"{_RUN}_{_TAG}_DQMLive{_HOST}\.pb"),
        (FileKind.SNAPSHOT_REPORT, rf"{_RUN}_ls(?P<lumi>\d{{4,}})_DQMLive{_HOST}\.jsn"),
        (FileKind.SNAPSHOT_REPORT, rf"{_RUN}_{_TAG}_DQMLive{_HOST}\.jsn"),
        (FileKind.MERGED_FILE, rf"DQM_V(?P<version>\d{{4}})_R(?P<run>\d{{9,10}})__{_DATASET}\.root"),
        (FileKind.ROOT_FILE, rf"{_CLIENT_ROOT}{_HOST}\.root"),
        (FileKind.ORIGIN, rf"{_CLIENT_ROOT}{_HOST}\.root\.origin"),
        (FileKind.BACKUP, rf"{_CLIENT_ROOT}\.root(?:\.origin)?\.ls(?P<lumi>\d{{8,}})_host[A-Za-z0-9.-]+_pid\d+"),
    )
]
_RUN_FOLDER = re.compile(r"run(\d{6,10})", re.ASCII)
_PART = re.compile(rf"(\.)?(.+){re.escape(TEMPORARY)}(?(1)(?:\.[A-Za-z0-9]{{6}}){{1,2}}|)", re.ASCII | re.DOTALL)
LARGEST_RUN = 2**31 - 1


def parse_name(name: str, folder: str = "") -> FileName | None:
    """Parse the name of a file, without its folders; None if it is no file of a run.

    Args:
        name: The name of the file.
        folder: The name of the folder that holds it: older clients name theirs by the tag.
    """
    if name.endswith((TEMPORARY, ".open")) or name.startswith("."):
        return FileName(FileKind.TEMPORARY, 0)
    for kind, pattern in _PATTERNS:
        if match := pattern.fullmatch(name):
            found = match.groupdict()
            if not 0 < int(found["run"]) <= LARGEST_RUN:
                return None
            number = {field: int(found.get(field) or 0) for field in ("run", "lumi", "version")}
            text = {field: found.get(field) or "" for field in ("tag", "host", "digest")}
            parsed = FileName(kind, number["run"], text["tag"], text["host"], number["lumi"], number["version"], text["digest"])
            is_tag = folder and not parsed.tag and kind in (FileKind.SNAPSHOT, FileKind.SNAPSHOT_REPORT)
            return replace(parsed, tag=folder) if is_tag and not _RUN_FOLDER.fullmatch(folder) else parsed
    return None


def name_with_host(name: str, host: str) -> str:
    """The name of a snapshot or ROOT file, or of its report or origin, with the name of its host added.

    Raises `ValueError` for names without a place for a host, and for hosts with other characters than letters, digits, `.` and `-`.
    """
    stem, dot, ending = name.partition(".")
    full_name = f"{stem}__{host}{dot}{ending}"
    before, after = parse_name(name), parse_name(full_name)
    if before is None or before.host or after != replace(before, host=host) or not host:
        raise ValueError(f"no name of a file of a client on a host: {name!r}, {host!r}")
    return full_name


def concatenation_name(run: int, digest: str = "") -> str:
    """The name of a concatenation: on GUI machines with 32 hex digits, on the BU without."""
    return f"run{run:06}_DQMLive_concat{'_' if digest else ''}{digest}.pb"


def merged_name(run: int, version: int) -> str:
    """The name of the merged ROOT file of a run; each merge has a version of its own."""
    return f"DQM_V{version:04}_R{run:09}__{_DATASET}.root"


def run_folder(run: int) -> str:
    """The name of the folder of a run on the BU and below `pb/` on an FU."""
    return f"run{run:06}"


def run_of_folder(name: str) -> int:
    """The run of a folder with this name; 0 if it is not the folder of a run."""
    match = _RUN_FOLDER.fullmatch(name)
    run = int(match[1]) if match else 0
    return run if run <= LARGEST_RUN and name == run_folder(run) else 0


def part_name(name: str, process: str) -> str:
    """The name of a file while it is copied to another host, as rsync would form it.

    `process` is 6 letters or digits: when a process was killed but its rsync goes on, the next process writes another file.
    """
    return f".{name}{TEMPORARY}.{process}"


def whole_name(name: str) -> str:
    """The name that a file gets when its copy is complete; "" if this is not the name of a part.

    Parts are `<name>.tmp`, names of `part_name`, and the temporary names that rsync uses for either.
    """
    match = _PART.fullmatch(name)
    return match[2] if match else ""
