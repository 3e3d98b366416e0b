"""Which runs a choice names, and which of them are the newest with points."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from app.trends.golden import golden_runs
from app.trends.query.points import runs_with_points
from app.trends.query.reader import PointReader, runs_of
from app.trends.query.run_choice import RunChoice
from app.trends.query.selection import Selection
from app.trends.query.stored_series import StoredDataset, series_in

Run = TypeVar("Run", np.int32, np.int64)


def chosen_runs(runs: NDArray[Run], choice: RunChoice) -> NDArray[Run]:
    """Those of some runs, ascending, that a choice names; all of them for a number of the latest. Raises UnknownGolden."""
    if choice.golden:
        return runs[np.isin(runs, golden_runs(choice.golden))]
    if choice.first_last:
        first, last = choice.first_last
        return runs[(runs >= first) & (runs <= last)]
    return runs[np.isin(runs, choice.runs)] if choice.runs else runs


def newest_runs(runs: NDArray[np.int32], count: int, reader: PointReader, selections: Iterable[Selection]) -> NDArray[np.int32]:
    """The newest of some runs in which a trend of the selections has a point; their points are read.

    Args:
        runs: Ascending.
        count: How many there are at most.
        reader: Of the series that are wanted; runs in which only others of the selection have points count as well.
    """
    others = _OtherSeries(reader, selections)
    found: list[NDArray[np.int32]] = []
    end, size = len(runs), count
    while end and sum(map(len, found)) < count:
        begin = max(0, end - size)
        block = runs[begin:end]
        reader.read(block)
        has_point = np.isin(block, reader.runs_with_points())
        has_point[~has_point] = np.isin(block[~has_point], others.runs_with_points(block[~has_point]))
        found.insert(0, block[has_point])
        end, size = begin, 2 * size
    return np.concatenate(found)[-count:] if found else runs


class _OtherSeries:
    """The series of some selections that a reader does not read."""

    def __init__(self, reader: PointReader, selections: Iterable[Selection]) -> None:
        self._reader, self._selections = reader, selections

    @cached_property
    def _by_dataset(self) -> dict[StoredDataset, list[int]]:
        own = self._reader.ids
        found: dict[StoredDataset, list[int]] = {}
        for series in (series for selection in self._selections for series in series_in(selection)):
            for part in series.parts:
                if part.id not in own:
                    found.setdefault(part.dataset, []).append(part.id)
        return found

    def runs_with_points(self, runs: NDArray[np.int32]) -> NDArray[np.int32]:
        """Those of some runs, ascending, in which one of these series has a point."""
        if not len(runs):
            return runs
        found = np.zeros(len(runs), dtype=bool)
        for dataset, series in self._by_dataset.items():
            there = runs_of([dataset])
            wanted = runs[~found & np.isin(runs, there)]
            found |= np.isin(runs, runs_with_points(series, wanted, there))
        return runs[found]
