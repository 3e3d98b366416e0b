"""The monitor elements (MEs) of all datasets of a run whose quality tests fail; each process keeps those that it looked up last."""

from __future__ import annotations

import threading
import time
from typing import NamedTuple

from cachetools import LRUCache
from flask import current_app

from app.formats import QTest
from app.gui import samples
from app.gui.catalog.catalog import Catalog, OpenSample
from app.gui.errors import ImportFailed, Importing
from app.gui.quality import FAILING, FailingCounts, failing_mes, sorted_tests
from app.gui.samples import SampleKey

MAX_MES = 200
"""MEs of one dataset, the worst first."""

MAX_CACHED = 200
"""Datasets in the cache of a process."""

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


def failing_me(sample: OpenSample, index: int) -> FailingME:
    """An ME of a sample with its failing tests."""
    failing = [test for test in sorted_tests(sample.facts, index) if test.status in FAILING]
    return FailingME(sample.names[index], sample.columns.status[index], failing)


class FailingCache:
    """What one process found last in the samples of runs, each until its list changes."""

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog
        self.found: LRUCache[SampleKey, DatasetFailing] = LRUCache(MAX_CACHED)
        self.lock = threading.Lock()

    def of_run(self, run: int) -> list[DatasetFailing]:
        """All datasets of a run in alphabetical order; those that are not read yet, or not within LOOKUP_S, are pending."""
        end = time.monotonic() + LOOKUP_S
        return [self._of_sample(SampleKey(run, 0, name), end) for name in samples.datasets_of(run)]

    def _of_sample(self, key: SampleKey, end: float) -> DatasetFailing:
        with self.lock:
            cached = self.found.get(key)
        if time.monotonic() > end:
            return cached._replace(pending=True) if cached else _without_list(key, pending=True)
        if cached and cached.version == self.catalog.freshness(key).version:
            return cached
        try:
            found = _look_up(self.catalog.open(key, 0.0))
        except Importing:
            return _without_list(key, pending=True)
        except ImportFailed as failure:
            return _without_list(key, problem=failure.reason)
        with self.lock:
            self.found[key] = found
        return found


def _look_up(sample: OpenSample) -> DatasetFailing:
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
