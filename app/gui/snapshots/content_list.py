"""The list of the contents of a snapshot: the hashes of its lists and of each of its monitor elements (MEs)."""

from __future__ import annotations

from typing import NamedTuple

from app.gui.snapshots.packs import HASH_BYTES

NOTHING = bytes(HASH_BYTES)
"""In place of the hash of an ME without bytes: a scalar, whose text is in the facts, or a damaged histogram."""


class ContentList(NamedTuple):
    """Hashes of contents in packs."""

    names: bytes  # of formats.MENames
    columns: bytes  # of formats.Columns, without the places in the file
    facts: bytes  # of formats.Facts
    elements: bytes  # of each ME, joined

    @property
    def lists(self) -> tuple[bytes, bytes, bytes]:
        """The hashes of the lists."""
        return self[:3]

    def element(self, index: int) -> bytes:
        """The hash of an ME, or NOTHING."""
        return self.elements[index * HASH_BYTES : (index + 1) * HASH_BYTES]

    def all(self) -> set[bytes]:
        """The hashes of everything that is in packs."""
        elements = (self.elements[at : at + HASH_BYTES] for at in range(0, len(self.elements), HASH_BYTES))
        return {*self.lists, *elements} - {NOTHING}

    def pack(self) -> bytes:
        """All hashes, joined."""
        return b"".join(self)

    @classmethod
    def unpack(cls, data: bytes) -> ContentList:
        """The list from the bytes of `pack`."""
        names, columns, facts = (data[at : at + HASH_BYTES] for at in range(0, 3 * HASH_BYTES, HASH_BYTES))
        return cls(names, columns, facts, data[3 * HASH_BYTES :])
