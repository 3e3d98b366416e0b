"""The format of a file, detected by its first bytes and, for ROOT files, by the keys of the top directory."""

from __future__ import annotations

import os

from app.formats.errors import FormatError
from app.formats.file_head import FileHead
from app.formats.file_source import FileSource
from app.formats.registry import FORMATS


def detect_format(path: str | os.PathLike[str]) -> str | None:
    """The name of the format of a file, None when it is not a known one. Raises `OSError` when it cannot be opened."""
    try:
        with FileSource(path) as source:
            head = FileHead(source)
            return next((name for name in FORMATS.by_number().values() if FORMATS[name].is_format(head)), None)
    except FormatError:
        return None
