"""Points of a stored series as arrays, one row a run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray
from peewee import chunked

from app.core.database import proxy, rows
from app.trends.models import TrendFile
from app.trends.precedence import FilePrecedence, file_precedence

NO_REASON = 0

_SQL = "SELECT series_id, run, value, error, reason_id, file_id FROM trend_point WHERE series_id IN ({}) AND {} ORDER BY series_id, run"


class PointColumns(NamedTuple):
    """Results of n runs, ascending.

    Attributes:
        run: int32 (n).
        value, error: float64 (n); NaN where there is no point.
        reason: Id of the reason why there is no point, or of the mark of a point; NO_REASON for none; int32 (n).
        file: Id of the file, int32 (n).
    """

    run: NDArray[np.int32]
    value: NDArray[np.float64]
    error: NDArray[np.float64]
    reason: NDArray[np.int32]
    file: NDArray[np.int32]

    @classmethod
    def of(cls, columns: Sequence[Sequence[Any]]) -> Self:
        """The columns of rows of the database; unknown values are None."""
        run, value, error, reason, file = columns
        return cls(
            np.array(run, dtype=np.int32),
            np.array(value, dtype=np.float64),
            np.array(error, dtype=np.float64),
            np.array([each or NO_REASON for each in reason], dtype=np.int32),
            np.array(file, dtype=np.int32),
        )

    def where(self, chosen: NDArray[np.intp] | NDArray[np.bool_] | slice) -> PointColumns:
        """Some of the rows."""
        return PointColumns._make(column[chosen] for column in self)

    @property
    def size(self) -> int:
        """Bytes of memory."""
        return sum(column.nbytes for column in self)


NOTHING = PointColumns.of([()] * 5)
"""No results."""


EVERY_RUN = "1 = 1"
"""The condition of SQL for all runs."""
DENSE = 2
"""Runs are read as a range if at least one of this many in it is wanted: that is much cheaper than a list."""


def run_condition(wanted: NDArray[np.int32], there: NDArray[np.int32]) -> str:
    """The condition of SQL for some of the runs of a dataset, or for few more. Both are ascending; `wanted` is not empty."""
    first, last = wanted[0], wanted[-1]
    between = np.searchsorted(there, last, "right") - np.searchsorted(there, first)
    return f"run BETWEEN {first} AND {last}" if between <= DENSE * len(wanted) else f"run IN ({_comma(wanted.tolist())})"


def read_points(series: Sequence[int], condition: str) -> dict[int, PointColumns]:
    """The points of some series, which are ids, in the runs of a condition: `EVERY_RUN` or a `run_condition`."""
    found = proxy.execute_sql(_SQL.format(_comma(series), condition)).fetchall()
    points = dict.fromkeys(series, NOTHING)
    if found:
        ids, *columns = zip(*found, strict=True)
        together = PointColumns.of(columns)
        places, begins = np.unique(np.array(ids), return_index=True)
        for one, begin, end in zip(places.tolist(), begins.tolist(), [*begins.tolist()[1:], len(ids)], strict=True):
            points[one] = together.where(slice(begin, end))
    return points


FEW_SERIES = 20
"""Series of a query of `runs_with_points`; mostly the first ones have points in all runs."""


def runs_with_points(series: Sequence[int], wanted: NDArray[np.int32], there: NDArray[np.int32]) -> NDArray[np.int32]:
    """Those of some of the runs of a dataset in which one of the series, which are ids, has a point."""
    missing = wanted
    for begin in range(0, len(series), FEW_SERIES):
        if not len(missing):
            break
        few, condition = _comma(series[begin : begin + FEW_SERIES]), run_condition(missing, there)
        sql = f"SELECT DISTINCT run FROM trend_point WHERE series_id IN ({few}) AND {condition} AND value IS NOT NULL"
        found = [run for (run,) in proxy.execute_sql(sql).fetchall()]
        missing = missing[~np.isin(missing, found)]
    return wanted[~np.isin(wanted, missing)]


def _comma(numbers: Sequence[int]) -> str:
    """Whole numbers as a part of SQL."""
    return ",".join(map(str, map(int, numbers)))


def merged(parts: Sequence[tuple[int, PointColumns]]) -> PointColumns:
    """The points of a series in several datasets together: in a run of two of them those of one, see `_ranks`.

    Args:
        parts: The processing version of each dataset, and the points in it.
    """
    filled = sorted(((version, points) for version, points in parts if len(points.run)), key=lambda part: int(part[1].run[0]))
    if len(filled) <= 1:
        return filled[0][1] if filled else NOTHING
    points = PointColumns._make(np.concatenate(columns) for columns in zip(*(points for _, points in filled), strict=True))
    if (points.run[1:] > points.run[:-1]).all():
        return points
    order = np.argsort(points.run, kind="stable")
    versions = np.repeat([version for version, _ in filled], [len(points.run) for _, points in filled])
    return _one_a_run(points.where(order), versions[order])


def _one_a_run(points: PointColumns, versions: NDArray[np.int64]) -> PointColumns:
    """The points, of which those of a run follow each other, with one of each run."""
    follows = np.zeros(len(points.run), dtype=bool)
    follows[1:] = points.run[1:] == points.run[:-1]
    is_double = follows.copy()
    is_double[:-1] |= follows[1:]
    doubles = np.flatnonzero(is_double)
    ranks = _ranks(points.where(doubles), versions[doubles])
    best = {rank[0]: index for rank, index in sorted(zip(ranks, doubles.tolist(), strict=True))}  # the last one of a run stays
    keep = ~is_double
    keep[list(best.values())] = True
    return points.where(keep)


FEW_FILES = 10_000
"""Files of a query: databases have a limit of parameters, PostgreSQL 65,535 and SQLite 32,766."""


def _ranks(points: PointColumns, versions: NDArray[np.int64]) -> list[tuple[int, bool, FilePrecedence]]:
    """Keys in whose order the last row of each run is the one that is used: a point before a reason, then by precedence of files."""
    query = TrendFile.select(TrendFile.id, TrendFile.url, TrendFile.mtime_ns)
    files: dict[int, tuple[str, int]] = {}
    for few in chunked(np.unique(points.file).tolist(), FEW_FILES):
        files |= {file: (url, mtime_ns) for file, url, mtime_ns in rows(query.where(TrendFile.id.in_(few)))}
    columns = (points.run, ~np.isnan(points.value), points.file, versions)
    return [
        (run, has_point, file_precedence(*files.get(file, ("", 0)), version))
        for run, has_point, file, version in zip(*(column.tolist() for column in columns), strict=True)
    ]
