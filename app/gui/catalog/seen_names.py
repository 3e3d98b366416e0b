"""The names of all monitor elements (MEs) that stored samples have, list after list."""

from __future__ import annotations

from collections.abc import Iterator

from app.core.database import rows
from app.gui.catalog.list_cache import decompress
from app.gui.models import NameList


def seen_names(limit: int | None = None) -> Iterator[list[bytes]]:
    """The ME paths of each list of names, the newest list first; one list of them is in memory at a time.

    Args:
        limit: Lists that are read; None for all.
    """
    for (number,) in rows(NameList.select(NameList.id).order_by(NameList.id.desc()).limit(limit)):
        for (blob,) in rows(NameList.select(NameList.blob).where(NameList.id == number)):  # none if it was removed meanwhile
            yield decompress(blob).split(b"\0")
