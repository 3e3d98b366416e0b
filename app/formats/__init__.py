"""Bytes of DQM files to monitor elements (MEs): one module for each file format (`app.formats.readers`), one contract.

`scan` lists the MEs of a file and the positions of their bytes; `payload` fetches one histogram for the render service;
`detection.detect_format` names the format of a file. This package does not depend on the database, HTTP or the pages.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from functools import partial

from app.formats.elements import ERROR, WARNING, Kind, QTest, worst_status
from app.formats.errors import FileError, FileReplaced, FormatError, ServerUnreachable
from app.formats.file_source import FileSource, file_version
from app.formats.listing import Columns, Facts, MEListing, MERow, Payload, Scan
from app.formats.me_names import Folder, MENames, Subfolder
from app.formats.registry import FORMATS, Format
from app.formats.versions import FileVersion

__all__ = [
    "ERROR",
    "FORMATS",
    "WARNING",
    "Columns",
    "Facts",
    "FileError",
    "FileReplaced",
    "FileSource",
    "FileVersion",
    "Folder",
    "Format",
    "FormatError",
    "Kind",
    "MEListing",
    "MENames",
    "MERow",
    "Payload",
    "QTest",
    "Scan",
    "ServerUnreachable",
    "Subfolder",
    "contents",
    "file_version",
    "payload",
    "payload_of",
    "payloads",
    "scan",
    "worst_status",
]


def payloads(
    path: str | os.PathLike[str], format: str, rows: Sequence[MERow], version: FileVersion | None = None
) -> Iterator[tuple[int, Payload | FormatError]]:
    """Read several histograms of a listing in the order of their bytes in the file, with the indices of their rows.

    Damaged histograms are errors in their place. Raises `ValueError` for a scalar, and `FileReplaced` and `OSError` as `payload`.
    """
    order = sorted(range(len(rows)), key=lambda index: (rows[index].seek, rows[index].entry))
    with FileSource(path) as source:
        if version not in (None, source.version):
            raise FileReplaced("the file was replaced", source.path, "the version that was listed")
        found = FORMATS[format].payloads or partial(_one_by_one, FORMATS[format].payload)
        yield from zip(order, found(source, [rows[index] for index in order]), strict=True)


def contents(
    path: str | os.PathLike[str], format: str, rows: Sequence[MERow], version: FileVersion
) -> Iterator[tuple[int, bytes | FormatError]]:
    """The bytes of several histograms of a listing in the order of their bytes in the file, with the indices of their rows.

    `payload_of` makes the histograms from them when the file was removed. Damaged ones are errors in their place. Raises
    `FileReplaced`, also at the end if the file was written in place meanwhile, `OSError`, and `ValueError` for a format without them.
    """
    found = FORMATS[format].contents
    if found is None:
        raise ValueError(f"Files of the format {format} have no contents for snapshots")
    order = sorted(range(len(rows)), key=lambda index: (rows[index].seek, rows[index].entry))
    with FileSource(path, whole=True) as source:
        if source.version != version:
            raise FileReplaced("the file was replaced", source.path, "the version that was listed")
        yield from zip(order, found(source, [rows[index] for index in order]), strict=True)
        if source.version_now() != version:
            raise FileReplaced("the file was written while it was read", source.path, "the version that was listed")


def payload_of(content: bytes, format: str, row: MERow, where: str) -> Payload:
    """The histogram at one row of a listing from its bytes by `contents`; `where` names them in errors. Raises as `payload`."""
    found = FORMATS[format].payload_of
    if found is None:
        raise ValueError(f"Files of the format {format} have no contents for snapshots")
    return found(content, row, where)


def _one_by_one(
    fetch: Callable[[FileSource, MERow], Payload], source: FileSource, rows: Sequence[MERow]
) -> Iterator[Payload | FormatError]:
    for row in rows:
        try:
            yield fetch(source, row)
        except FormatError as error:
            yield error


def scan(path: str | os.PathLike[str], format: str = "tdirectory") -> Scan:
    """List the MEs of each sample in a file, with a count of the unreadable ones.

    Raises `KeyError` for an unknown format, `OSError` when the file cannot be opened or read, and `FormatError` when nothing in
    it is readable.
    """
    with FileSource(path, whole=True) as source:
        return FORMATS[format].scan(source)


def payload(path: str | os.PathLike[str], format: str, row: MERow, version: FileVersion | None = None) -> Payload:
    """Read the histogram at one row of a listing, framed for the render service.

    `version` is the version of the file at the time of the listing. Raises `FileReplaced` when the file has a different one now,
    `ValueError` for a scalar (its text is in the facts), `OSError` when the file cannot be read, and `FormatError` when the
    object is damaged or missing.
    """
    with FileSource(path) as source:
        if version not in (None, source.version):
            raise FileReplaced("the file was replaced", source.path, "the version that was listed")
        return FORMATS[format].payload(source, row)
