"""DQM files read by uproot, key by key: the independent reader that the parser is compared with."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import uproot

DIRECTORIES = ("TDirectory", "TDirectoryFile")


class Found(NamedTuple):
    """One object in the file, with its decompressed bytes."""

    class_name: str
    seek: int
    nbytes: int
    objlen: int
    keylen: int
    content: bytes


def histograms(path: Path, run: int) -> dict[str, Found]:
    """The histograms of a run by ME path; the highest cycle of each name."""
    with uproot.open(path) as file:
        found: dict[str, Found] = {}
        for subsystem, directory in _directories(_only(_only(file, "DQMData"), f"Run {run}")):
            for name, summary in _directories(directory):
                if name == "Run summary":
                    found.update(_walk(summary, subsystem))
        return found


def _keys(directory: Any) -> list[Any]:
    # By private attributes: the public API splits names at slashes and semicolons.
    latest: dict[str, Any] = {}
    for key in directory._keys:
        if key.fName not in latest or latest[key.fName].fCycle < key.fCycle:
            latest[key.fName] = key
    return list(latest.values())


def _directories(directory: Any) -> Iterator[tuple[str, Any]]:
    for key in _keys(directory):
        if key.fClassName in DIRECTORIES:
            yield key.fName, key.get()


def _only(directory: Any, name: str) -> Any:
    return dict(_directories(directory))[name]


def _walk(directory: Any, path: str) -> Iterator[tuple[str, Found]]:
    for key in _keys(directory):
        if key.fClassName.startswith(("TH", "TProfile")):
            chunk, _ = key.get_uncompressed_chunk_cursor()
            content = bytes(chunk.raw_data)[-key.fObjlen :]
            yield f"{path}/{key.fName}", Found(key.fClassName, key.fSeekKey, key.fNbytes, key.fObjlen, key.fKeylen, content)
    for name, below in _directories(directory):
        yield from _walk(below, f"{path}/{name}")
