"""Quantities of one monitor element (ME) over the lumisections of its run, such as entries and mean, read from the files."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator
from typing import NamedTuple

from cachetools import LRUCache
from peewee import Query, fn

from app.core.database import prepared, rows
from app.formats import Columns, Facts, FileVersion, FormatError, Kind, payload
from app.formats.statistics import statistics
from app.gui.catalog.catalog import Catalog
from app.gui.catalog.list_cache import decompress
from app.gui.models import Dataset, File, Sample
from app.gui.samples import SampleKey

BATCH = 100
"""Lists that are in memory at a time."""

MAX_CACHED = 100
"""Series in the cache of a process."""

VALUE = "Value"
"""Name of the quantity of an ME that is a number."""


class LumiSeries(NamedTuple):
    """Quantities of an ME by lumisection."""

    quantities: dict[str, dict[int, float]]  # name (Entries, Mean, ...) -> lumisection -> value, in order
    lumis: list[int]  # lumisections that have the ME
    unread: int  # number of lumisections whose lists are not imported yet
    damaged: int  # number of lumisections in which the ME cannot be read


class _Location(NamedTuple):
    """An ME in one lumisection."""

    sample: int
    lumi: int
    url: str
    format: str
    version: FileVersion
    position: int  # index in the lists of the lumisection


class LumiSeriesCache:
    """The series that one process read last, each until one of its lumisections changes."""

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog
        self.series: LRUCache[tuple[int, str, bytes], tuple[object, LumiSeries]] = LRUCache(MAX_CACHED)
        self.lock = threading.Lock()

    def cached(self, key: SampleKey, path: bytes) -> LumiSeries | None:
        """The series of an ME over the lumisections of the run and dataset of `key`, or None when it is not cached."""
        with self.lock:
            version, found = self.series.get((key.run, key.dataset, path), (None, None))
        return found if found and version == _version(key.dataset, key.run, 0) else None

    def get(self, key: SampleKey, path: bytes) -> LumiSeries:
        """The same, read if necessary, which takes about a millisecond for each lumisection."""
        if found := self.cached(key, path):
            return found
        version = _version(key.dataset, key.run, 0)
        found = read_series(self.catalog, key, path)
        with self.lock:
            self.series[key.run, key.dataset, path] = version, found
        return found


@prepared
def _version() -> Query:
    query = Sample.select(fn.COUNT(Sample.id), fn.SUM(Sample.version), fn.MAX(Sample.id)).join(Dataset)
    return query.where(Dataset.name == "", Sample.run == 0, Sample.lumi > 0)


def read_series(catalog: Catalog, key: SampleKey, path: bytes) -> LumiSeries:
    """Read the series of the ME at `path` over the lumisections of the run and dataset of `key`."""
    quantities: dict[str, dict[int, float]] = {}
    locations, unread = _locate(catalog, key, path)
    damaged = 0
    for start in range(0, len(locations), BATCH):
        for location, columns, facts in _load_lists(locations[start : start + BATCH]):
            try:
                values = _values(location, columns, facts)
            except (FormatError, OSError):
                damaged += 1
                continue
            for name, value in values.items():
                quantities.setdefault(name, {})[location.lumi] = value
    return LumiSeries(quantities, [location.lumi for location in locations], unread, damaged)


def _locate(catalog: Catalog, key: SampleKey, path: bytes) -> tuple[list[_Location], int]:
    """The ME in each lumisection that has it, and the number of lumisections whose lists are not imported."""
    columns = Sample.id, Sample.lumi, Sample.namelist, File.url, File.format, File.size, File.mtime_ns
    query = Sample.select(*columns).join(Dataset).switch(Sample).join(File)
    query = query.where(Dataset.name == key.dataset, Sample.run == key.run, Sample.lumi > 0).order_by(Sample.lumi)
    indices: dict[int, int | None] = {}
    locations, unread = [], 0
    for sample, lumi, namelist, url, format, size, mtime_ns in rows(query):
        if namelist is None or not catalog.may_read(url):
            unread += 1
            continue
        if namelist not in indices:
            indices[namelist] = catalog.lists.names_of(namelist).find(path)
        if (index := indices[namelist]) is not None:
            locations.append(_Location(sample, lumi, url, format, FileVersion(size, mtime_ns), index))
    return locations, unread


def _load_lists(locations: list[_Location]) -> Iterator[tuple[_Location, Columns, Facts]]:
    query = Sample.select(Sample.id, Sample.columns, Sample.facts).where(Sample.id.in_([location.sample for location in locations]))
    stored = {sample: (columns, facts) for sample, columns, facts in rows(query)}
    for location in locations:
        columns, facts = stored.get(location.sample, (None, None))
        if columns is not None:
            yield location, Columns.unpack(decompress(columns)), Facts.unpack(decompress(facts))


def _values(location: _Location, columns: Columns, facts: Facts) -> dict[str, float]:
    """The quantities in one lumisection; empty for a text."""
    row = columns.row(location.position)
    if not Kind(row.kind).scalar:
        return statistics(payload(location.url, location.format, row, location.version))
    try:
        value = float(facts.scalars.get(location.position, ""))
    except ValueError:
        return {}
    return {VALUE: value} if math.isfinite(value) else {}
