"""The course of one monitor element (ME) over the lumisections of its run: numbers of each, and the ones in which it is missing."""

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
from app.gui.catalog.catalog import Catalog, expand
from app.gui.models import Dataset, File, Sample
from app.gui.samples import SampleKey

BATCH = 100
"""Lists that are in memory at a time."""

KEPT = 100
"""Courses that a process keeps."""

VALUE = "Value"
"""The name of what a number says, that is an ME of its own."""


class Course(NamedTuple):
    """`points`: by the name of the quantity (Entries, Mean, ...) its number by lumisection, in order. `unread`: lumisections
    whose lists are not read yet; `damaged`: those of which the ME could not be read."""

    points: dict[str, dict[int, float]]
    lumis: list[int]
    unread: int
    damaged: int


class _Place(NamedTuple):
    sample: int
    lumi: int
    url: str
    format: str
    version: FileVersion
    me: int


class Courses:
    """The courses that one process was asked for lately, each until one of its lumisections is another one."""

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog
        self.kept: LRUCache[tuple[int, str, bytes], tuple[object, Course]] = LRUCache(KEPT)
        self.lock = threading.Lock()

    def known(self, key: SampleKey, path: bytes) -> Course | None:
        """The course of an ME over the lumisections of the run and dataset of `key`, where that costs nothing."""
        with self.lock:
            version, found = self.kept.get((key.run, key.dataset, path), (None, None))
        return found if found and version == _version(key.dataset, key.run, 0) else None

    def course(self, key: SampleKey, path: bytes) -> Course:
        """The same, read where it is not known: that takes a millisecond for each lumisection."""
        if found := self.known(key, path):
            return found
        version = _version(key.dataset, key.run, 0)
        found = read_course(self.catalog, key, path)
        with self.lock:
            self.kept[key.run, key.dataset, path] = version, found
        return found


@prepared
def _version() -> Query:
    query = Sample.select(fn.COUNT(Sample.id), fn.SUM(Sample.version), fn.MAX(Sample.id)).join(Dataset)
    return query.where(Dataset.name == "", Sample.run == 0, Sample.lumi > 0)


def read_course(catalog: Catalog, key: SampleKey, path: bytes) -> Course:
    """The course of the ME at `path` over the lumisections of the run and dataset of `key`."""
    found: dict[str, dict[int, float]] = {}
    places, unread = _places(catalog, key, path)
    damaged = 0
    for start in range(0, len(places), BATCH):
        for place, columns, facts in _lists(places[start : start + BATCH]):
            try:
                numbers = _numbers(place, columns, facts)
            except (FormatError, OSError):
                damaged += 1
                continue
            for name, number in numbers.items():
                found.setdefault(name, {})[place.lumi] = number
    return Course(found, [place.lumi for place in places], unread, damaged)


def _places(catalog: Catalog, key: SampleKey, path: bytes) -> tuple[list[_Place], int]:
    """Where the ME is in each lumisection that has it, and the number of lumisections whose lists are not read."""
    columns = Sample.id, Sample.lumi, Sample.namelist, File.url, File.format, File.size, File.mtime_ns
    query = Sample.select(*columns).join(Dataset).switch(Sample).join(File)
    query = query.where(Dataset.name == key.dataset, Sample.run == key.run, Sample.lumi > 0).order_by(Sample.lumi)
    indices: dict[int, int | None] = {}
    places, unread = [], 0
    for sample, lumi, namelist, url, format, size, mtime_ns in rows(query):
        if namelist is None or not catalog.may_read(url):
            unread += 1
            continue
        if namelist not in indices:
            indices[namelist] = catalog.names_of(namelist).find(path)
        if (index := indices[namelist]) is not None:
            places.append(_Place(sample, lumi, url, format, FileVersion(size, mtime_ns), index))
    return places, unread


def _lists(places: list[_Place]) -> Iterator[tuple[_Place, Columns, Facts]]:
    query = Sample.select(Sample.id, Sample.columns, Sample.facts).where(Sample.id.in_([place.sample for place in places]))
    stored = {sample: (columns, facts) for sample, columns, facts in rows(query)}
    for place in places:
        columns, facts = stored.get(place.sample, (None, None))
        if columns is not None:
            yield place, Columns.unpack(expand(columns)), Facts.unpack(expand(facts))


def _numbers(place: _Place, columns: Columns, facts: Facts) -> dict[str, float]:
    row = columns.row(place.me)
    if not Kind(row.kind).scalar:
        return statistics(payload(place.url, place.format, row, place.version))
    try:
        value = float(facts.scalars.get(place.me, ""))
    except ValueError:  # a text
        return {}
    return {VALUE: value} if math.isfinite(value) else {}
