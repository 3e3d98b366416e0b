"""The monitor elements (MEs) of all datasets of a run whose quality tests fail; each process keeps those that it looked up last."""

from __future__ import annotations

import threading
import time
from typing import NamedTuple

from cachetools import LRUCache
from flask import current_app

from app.formats import QTest
from app.gui.catalog.catalog import Catalog, OpenSample
from app.gui.catalog.stored import StoredSample, find_run
from app.gui.errors import ImportFailed, Importing
from app.gui.files.entries import is_live
from app.gui.quality import FAILING, FailingCounts, failing_mes, sorted_tests
from app.gui.samples import SampleKey

MAX_MES = 200
"""MEs of one dataset, the worst first."""

MAX_CACHED = 200
"""Datasets in the cache of a process."""

CHECK_S = 5.0
"""Time for which what was found in a sample serves without a look at its file, unless its row changes or the run is ongoing."""

LOOKUP_S = 2.0
"""Time after which a request begins to look up no further dataset; the next one continues."""


class FailingME(NamedTuple):
    """An ME with failing quality tests."""

    path: bytes
    status: int  # the worst
    tests: list[QTest]  # those that fail, worst first


class DatasetFailing(NamedTuple):
    """The MEs of one dataset of a run with failing quality tests."""

    key: SampleKey
    version: int  # of the list of the sample; 0 without one
    counts: FailingCounts
    mes: list[FailingME]  # the first MAX_MES
    has_tests: bool  # whether any ME has quality tests
    pending: bool  # the list is not available yet
    problem: str  # why there is none, or ""

    @property
    def state(self) -> tuple[SampleKey, int, bool, str]:
        """Changes with everything else: the list of a version never changes."""
        return self.key, self.version, self.pending, self.problem


def failing_me(sample: OpenSample, index: int) -> FailingME:
    """An ME of a sample with its failing tests."""
    failing = [test for test in sorted_tests(sample.facts, index) if test.status in FAILING]
    return FailingME(sample.names[index], sample.columns.status[index], failing)


class _Cached(NamedTuple):
    found: DatasetFailing
    row: StoredSample  # for which it was found
    end: float  # of its time, monotonic s


class FailingCache:
    """What one process found last in the samples of runs, each until its list changes."""

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog
        self.found: LRUCache[SampleKey, _Cached] = LRUCache(MAX_CACHED)
        self.lock = threading.Lock()

    def of_run(self, run: int) -> list[DatasetFailing]:
        """All datasets of a run in alphabetical order, each with its whole run, or its first lumisection if there is no other.

        Those that are not read yet, or not within LOOKUP_S, are pending.
        """
        end = time.monotonic() + LOOKUP_S
        return [self._of_sample(key, row, end) for key, row in find_run(run).items()]

    def _of_sample(self, key: SampleKey, row: StoredSample, end: float) -> DatasetFailing:
        with self.lock:
            cached = self.found.get(key)
        now = time.monotonic()
        if cached and cached.row == row and now < cached.end:
            return cached.found
        if now > end:
            return cached.found._replace(pending=True) if cached else _without_list(key, pending=True)
        found = self._look_up(key, cached.found if cached else None)
        with self.lock:
            self.found[key] = _Cached(found, row, 0.0 if is_live(key.run, key.dataset) else now + CHECK_S)
        return found

    def _look_up(self, key: SampleKey, cached: DatasetFailing | None) -> DatasetFailing:
        """What is failing now; `cached` if the list of the sample is still the same."""
        if cached and cached.version and cached.version == self.catalog.freshness(key).version:
            return cached
        try:
            return _failing_of(self.catalog.open(key, 0.0))
        except Importing:
            return _without_list(key, pending=True)
        except ImportFailed as failure:
            return _without_list(key, problem=failure.reason)


def _failing_of(sample: OpenSample) -> DatasetFailing:
    failing = failing_mes(sample.columns)
    worst = failing.between(0, len(sample.names))[:MAX_MES]
    mes = [failing_me(sample, index) for index in worst]
    has_tests = bool(sample.facts.qtests)
    return DatasetFailing(sample.key, sample.version, failing.counts(0, len(sample.names)), mes, has_tests, pending=False, problem="")


def _without_list(key: SampleKey, pending: bool = False, problem: str = "") -> DatasetFailing:
    return DatasetFailing(key, 0, FailingCounts(0, 0, 0), [], has_tests=False, pending=pending, problem=problem)


def current_failing_cache() -> FailingCache:
    """The failing MEs of the application that answers the current request."""
    found: FailingCache = current_app.extensions["failing"]
    return found
