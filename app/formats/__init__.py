"""Bytes of DQM files to monitor elements: one module per file format, one contract.

`scan` tells what a file holds and where, `payload` fetches one histogram for the renderer. A new format is one module
with these two functions, and one line in `FORMATS`.
"""

from __future__ import annotations

import os
from importlib import import_module
from typing import Protocol, cast

from app.formats.model import Columns, Facts, FormatError, Kind, Listing, Payload, QTest, Replaced, Row, Scan, worst_status
from app.formats.names import Folder, NameList, Subfolder
from app.formats.source import Source, Unreachable, Version, version

__all__ = [
    "FORMATS",
    "Columns",
    "Facts",
    "Folder",
    "FormatError",
    "Kind",
    "Listing",
    "NameList",
    "Payload",
    "QTest",
    "Replaced",
    "Row",
    "Scan",
    "Source",
    "Subfolder",
    "Unreachable",
    "Version",
    "payload",
    "scan",
    "version",
    "worst_status",
]

# By name, for a format may need libraries that a web process should load only when it meets such a file.
FORMATS = {"tdirectory": "app.formats.tdirectory", "dqmio": "app.formats.dqmio", "protobuf": "app.formats.protobuf"}
"""The formats, and the module of each; their places, from 1 on, are their numbers in the API."""


class _Format(Protocol):
    def scan(self, source: Source) -> Scan: ...

    def payload(self, source: Source, row: Row) -> Payload: ...


def _module(format: str) -> _Format:
    return cast("_Format", import_module(FORMATS[format]))


def scan(path: str | os.PathLike[str], format: str = "tdirectory") -> Scan:
    """The MEs of each sample in a file, and a count of what could not be read.

    Raises `KeyError` for an unknown format, `OSError` when the file cannot be opened, and `FormatError` when nothing in
    it can be read.
    """
    with Source(path, whole=True) as source:
        return _module(format).scan(source)


def payload(path: str | os.PathLike[str], format: str, row: Row, version: Version | None = None) -> Payload:
    """The histogram at one row of a listing, framed for the renderer; scalars are in the facts instead.

    `version` is that of the file when it was listed. Raises `Replaced` when it is another one by now, `ValueError` for the
    row of a scalar, `OSError` when the file cannot be read, and `FormatError` when the object is damaged or not there.
    """
    with Source(path) as source:
        if version not in (None, source.version):
            raise Replaced("was written anew", source.path, "the version that was listed")
        return _module(format).payload(source, row)
