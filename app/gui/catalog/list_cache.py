"""The lists of monitor elements (MEs) in the memory of one process, loaded from the database when needed."""

from __future__ import annotations

import threading
from typing import NamedTuple

import zstandard
from cachetools import LRUCache

from app.core.database import rows
from app.formats import Columns, Facts, MENames
from app.gui.catalog.stored import StoredSample
from app.gui.models import NameList, Sample


class SampleLists(NamedTuple):
    """The lists of one version of a sample, without its names, which samples share."""

    version: int
    columns: Columns
    facts: Facts


class ListCache:
    """Names, columns and facts of the samples used last; safe for threads."""

    def __init__(self, max_mb: int) -> None:
        quarter = max_mb << 18
        self.samples: LRUCache[tuple[int, str], SampleLists] = LRUCache(quarter, _lists_bytes)
        self.names: LRUCache[int, MENames] = LRUCache(3 * quarter, _names_bytes)
        self.lock = threading.Lock()

    def lists_of(self, row: StoredSample) -> SampleLists | None:
        """Columns and facts of this version of a sample; None when the database has another version by now."""
        key = row.sample, row.listed_file.identity
        with self.lock:
            if (cached := self.samples.get(key)) is not None and cached.version == row.version:
                return cached
        found = rows(Sample.select(Sample.columns, Sample.facts).where(Sample.id == row.sample, Sample.version == row.version))
        if not found:
            return None
        ((columns, facts),) = found
        lists = SampleLists(row.version, Columns.unpack(decompress(columns)), Facts.unpack(decompress(facts)))
        with self.lock:
            if _lists_bytes(lists) <= self.samples.maxsize:
                self.samples[key] = lists
        return lists

    def names_of(self, namelist: int) -> MENames:
        """A stored list of names."""
        with self.lock:
            if (cached := self.names.get(namelist)) is not None:
                return cached
        ((blob,),) = rows(NameList.select(NameList.blob).where(NameList.id == namelist))
        names = MENames.unpack(decompress(blob))
        with self.lock:
            if _names_bytes(names) <= self.names.maxsize:
                self.names[namelist] = names
        return names


def _lists_bytes(lists: SampleLists) -> int:
    """Memory of a sample without its names: 27 bytes of columns for each ME and one of app.gui.quality, about 500 for each fact."""
    return 1000 + 28 * len(lists.columns) + 500 * (len(lists.facts.scalars) + len(lists.facts.qtests))


def _names_bytes(names: MENames) -> int:
    """Memory of a list: the names twice, since a search keeps them in lower case, and four bytes for each offset."""
    return 1000 + 2 * len(names.pack()) + 4 * len(names)


def decompress(blob: bytes | memoryview) -> bytes:
    """A stored blob as it was before compression."""
    return zstandard.ZstdDecompressor().decompress(bytes(blob))
