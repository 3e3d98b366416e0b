"""Reading the points of some series, no more of them than needed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from peewee import Database

from app.core.database import proxy, rows
from app.trends.models import TrendRun
from app.trends.query.points import EVERY_RUN, NOTHING, PointColumns, merged, read_points, run_condition
from app.trends.query.points_cache import CACHE
from app.trends.query.stored_series import SeriesPart, StoredDataset, StoredSeries

WHOLE_SHARE = 4
"""A dataset is read whole, and kept in memory, if one of this many of its runs or more is wanted, or if it is there already."""
ROWS_AT_ONCE = 100_000
"""Rows of a query, at most, as rows take several times the memory of arrays."""


def runs_of(datasets: Iterable[StoredDataset]) -> NDArray[np.int32]:
    """The runs with results in some datasets, ascending."""
    found = [_runs_of_dataset(proxy.obj, dataset.id, dataset.changed) for dataset in datasets]
    return np.unique(np.concatenate(found)) if found else np.zeros(0, dtype=np.int32)


@lru_cache(maxsize=256)
def _runs_of_dataset(database: Database, dataset: int, changed: int) -> NDArray[np.int32]:
    """The runs of a dataset. database, changed: They are read again for other ones."""
    found = rows(TrendRun.select(TrendRun.run).where(TrendRun.dataset == dataset).order_by(TrendRun.run))
    return np.array([run for (run,) in found], dtype=np.int32)


class PointReader:
    """The points of some series, read for runs that are named little by little."""

    def __init__(self, series: Iterable[StoredSeries]) -> None:
        self._series = list(series)
        self._read: dict[int, list[PointColumns]] = {}  # by id of the series in a dataset
        self._whole: set[int] = set()  # ids of datasets of which everything is read
        self._by_dataset: dict[StoredDataset, list[SeriesPart]] = {}
        for one in self._series:
            for part in one.parts:
                self._by_dataset.setdefault(part.dataset, []).append(part)

    def read(self, runs: NDArray[np.int32]) -> None:
        """Read the points in some runs, ascending, that were not named before."""
        for dataset, parts in self._by_dataset.items():
            there = runs_of([dataset])
            wanted = np.intersect1d(there, runs, assume_unique=True)
            if dataset.id in self._whole or not len(wanted):
                continue
            if len(wanted) * WHOLE_SHARE >= len(there) or all(CACHE.get(part.id, dataset.changed) is not None for part in parts):
                self._read_whole(dataset, parts, len(there))
            else:
                self._read_some(parts, wanted, there)

    def points(self, series: StoredSeries) -> PointColumns:
        """What was read of a series, of all its datasets together, perhaps of more runs than were named."""
        return merged([(part.dataset.version, points) for part in series.parts for points in self._read.get(part.id, ())])

    def runs_with_points(self) -> NDArray[np.int32]:
        """The runs with a point of any series in what was read."""
        found = [points.run[~np.isnan(points.value)] for each in self._read.values() for points in each]
        return np.unique(np.concatenate(found)) if found else np.zeros(0, dtype=np.int32)

    @property
    def ids(self) -> set[int]:
        """The ids of the series in their datasets."""
        return {part.id for parts in self._by_dataset.values() for part in parts}

    def _read_whole(self, dataset: StoredDataset, parts: Sequence[SeriesPart], count: int) -> None:
        self._whole.add(dataset.id)
        kept = {part.id: CACHE.get(part.id, dataset.changed) for part in parts}
        for one, points in kept.items():
            if points is not None:
                self._read[one] = [points]
        missing = [one for one, points in kept.items() if points is None]
        for batch in _batches(missing, count):
            for one, points in read_points(batch, EVERY_RUN).items():
                self._read[one] = [points]
                CACHE.put(one, dataset.changed, points)

    def _read_some(self, parts: Sequence[SeriesPart], wanted: NDArray[np.int32], there: NDArray[np.int32]) -> None:
        condition = run_condition(wanted, there)
        for batch in _batches([part.id for part in parts], len(wanted)):
            for one, points in read_points(batch, condition).items():
                if points is not NOTHING:
                    self._read.setdefault(one, []).append(points)


def _batches(series: Sequence[int], runs: int) -> Iterator[Sequence[int]]:
    size = max(1, ROWS_AT_ONCE // max(1, runs))
    for begin in range(0, len(series), size):
        yield series[begin : begin + size]
