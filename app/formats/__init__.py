"""Bytes of DQM files to monitor elements: one module per file format, one contract.

`scan` tells what a file holds and where, `payload` fetches one histogram for the renderer. A new format is one module
with these two functions, and one line in `FORMATS`.
"""

from __future__ import annotations

import os
from importlib import import_module
from typing import Protocol, cast

from app.formats.model import Columns, Facts, FormatError, Kind, Listing, Payload, QTest, Row, Scan, worst_status
from app.formats.names import Folder, NameList, Subfolder

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
    "Row",
    "Scan",
    "Subfolder",
    "payload",
    "scan",
    "worst_status",
]

# By name, for a format may need libraries that a web process should load only when it meets such a file.
FORMATS = {"tdirectory": "app.formats.tdirectory"}
"""The formats, and the module of each."""


class _Format(Protocol):
    def scan(self, path: str | os.PathLike[str]) -> Scan: ...

    def payload(self, path: str | os.PathLike[str], row: Row) -> Payload: ...


def _module(format: str) -> _Format:
    return cast("_Format", import_module(FORMATS[format]))


def scan(path: str | os.PathLike[str], format: str = "tdirectory") -> Scan:
    """The MEs of each sample in a file, and a count of what could not be read.

    Raises `KeyError` for an unknown format, `OSError` when the file cannot be opened, and `FormatError` when nothing in
    it can be read.
    """
    return _module(format).scan(path)


def payload(path: str | os.PathLike[str], format: str, row: Row) -> Payload:
    """The histogram at one row of a listing, framed for the renderer; scalars are in the facts instead.

    Raises `ValueError` for the row of a scalar, `OSError` when the file cannot be read, and `FormatError` when the
    object is damaged or no longer there.
    """
    return _module(format).payload(path, row)
