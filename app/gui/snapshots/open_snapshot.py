"""A snapshot with its lists, and the bytes of its monitor elements (MEs)."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

from app.formats import Columns, Facts, FileVersion, FormatError, Kind, MENames, Payload, payload_of
from app.formats.reals import shortest_real
from app.gui.errors import NoWindow
from app.gui.snapshots.content_list import NOTHING, ContentList
from app.gui.snapshots.packs import NoContent, read_content
from app.gui.snapshots.stored import Snapshot


class OpenSnapshot:
    """A snapshot of an ongoing run; reading from one that was removed meanwhile raises NoWindow.

    Attributes:
        snapshot: Its row.
        contents: The hashes of its contents.
        names: The paths of its MEs.
        columns: Kind, status and flags of each ME; places in the file are 0.
    """

    def __init__(self, folder: Path, snapshot: Snapshot, contents: ContentList, names: MENames | None = None) -> None:
        """
        Args:
            folder: Of the packs of its run.
            snapshot: Its row.
            contents: Its list of contents.
            names: The list of names if it is known.

        Raises NoWindow, and FormatError for lists that this version of the hub cannot read.
        """
        self._folder = folder
        self.snapshot = snapshot
        self.contents = contents
        self.names = names or MENames.unpack(self._read(contents.names))
        self.columns = Columns.unpack(self._read(contents.columns))

    @property
    def identity(self) -> str:
        """Changes with anything in the snapshot."""
        return self.snapshot.contents

    @property
    def lumi(self) -> int:
        """The newest lumisection of all DQM processes."""
        return self.snapshot.lumi

    @property
    def file_version(self) -> FileVersion:
        """The version of the file that it was read from."""
        return self.snapshot.file_version

    @cached_property
    def facts(self) -> Facts:
        """The scalars and the quality tests."""
        return Facts.unpack(self._read(self.contents.facts))

    def scalar(self, index: int) -> str:
        """The text of a scalar, a real number in its shortest form."""
        text = self.facts.scalars.get(index, "")
        return shortest_real(text) if self.columns.kind[index] == Kind.FLOAT else text

    def element_identity(self, index: int) -> str:
        """Changes with the bytes of a histogram alone: equal in all snapshots in which it was not filled; for a scalar its text."""
        name = self.contents.element(index)
        return self.facts.scalars.get(index, "") if name == NOTHING else name.hex()

    def payload(self, index: int) -> Payload:
        """A histogram for the render service.

        Raises ValueError for a scalar, FormatError for a histogram that was damaged, and NoWindow.
        """
        row, name = self.columns.row(index), self.contents.element(index)
        where = f"{self.names[index].decode(errors='replace')} at lumisection {self.lumi}"
        if name == NOTHING and not Kind(row.kind).scalar:
            raise FormatError("it was damaged in its file", where, "a histogram")
        return payload_of(b"" if name == NOTHING else self._read(name), self.snapshot.format, row, where)

    def _read(self, name: bytes) -> bytes:
        try:
            return read_content(self._folder, name, self.snapshot.contents)
        except NoContent as error:
            raise removed(self.snapshot) from error


def removed(snapshot: Snapshot) -> NoWindow:
    """The error of a snapshot that was removed meanwhile."""
    return NoWindow(f"The snapshot of lumisection {snapshot.lumi} of run {snapshot.run} was removed; reload the page")
