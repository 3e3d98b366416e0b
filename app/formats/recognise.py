"""Which format a file has, by its first bytes and, of a ROOT file, by what stands in its top directory."""

from __future__ import annotations

import os

from app.formats.model import FormatError
from app.formats.rootfile import RootFile
from app.formats.source import Source

_GZIP = b"\x1f\x8b"
_FIELD = b"\x0a"
"""The first field of both protobuf messages of a snapshot, with a length: an entry, and in it a name."""


def recognise(path: str | os.PathLike[str]) -> str | None:
    """The format of a file, None when it is none of those that can be read. Raises `OSError` when it cannot be opened."""
    try:
        with Source(path) as source:
            start = source.read(0, 16)
            if start.startswith(b"root"):
                return _of_root(RootFile(source))
            return "protobuf" if start.startswith(_GZIP) or _is_entry(start) else None
    except FormatError:
        return None


def _of_root(file: RootFile) -> str | None:
    top = {(key.name, key.class_name) for key in file.keys().keys}
    if (b"Indices", b"TTree") in top:
        return "dqmio"
    return "tdirectory" if any(name == b"DQMData" for name, _ in top) else None


def _is_entry(start: bytes) -> bool:
    """Whether an entry starts here: its mark, its length of up to five bytes, and the mark of its name."""
    length = next((at for at, byte in enumerate(start[1:6], 1) if byte < 0x80), 5)
    return start.startswith(_FIELD) and start[length + 1 : length + 2] == _FIELD
