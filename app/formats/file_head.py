"""The beginning of an open file, by which its format is detected."""

from __future__ import annotations

from functools import cached_property

from app.formats.errors import FormatError
from app.formats.file_source import FileSource

_START = 16


class FileHead:
    """The beginning of an open file, for `Format.is_format`.

    Attributes:
        start: The first 16 bytes, fewer when the file is shorter.
    """

    def __init__(self, source: FileSource) -> None:
        self._source = source
        self.start = source.read(0, _START)

    @cached_property
    def root_keys(self) -> frozenset[tuple[bytes, bytes]]:
        """Name and class of each object in the top directory of a ROOT file; empty for other files and damaged ones."""
        if not self.start.startswith(b"root"):
            return frozenset()
        from app.formats.root.files import RootFile

        try:
            return frozenset((key.name, key.class_name) for key in RootFile(self._source).keys().keys)
        except FormatError:
            return frozenset()
