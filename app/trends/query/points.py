"""Points of a stored series as arrays, one row a run."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from app.core.database import prepared, rows
from app.trends.models import TrendFile, TrendPoint
from app.trends.precedence import FilePrecedence, file_precedence
from app.trends.query.stored_series import StoredSeries

NO_REASON = 0
FIRST_RUN, LAST_RUN = 0, 2**31 - 1


class PointColumns(NamedTuple):
    """Points of n runs, ascending.

    Attributes:
        run: int32 (n).
        value, error: float64 (n); NaN where there is no point.
        reason: Id of the reason why there is no point, or of the mark of a point; NO_REASON for none; int32 (n).
        file: Id of the file, int32 (n).
        series: Id of the stored series, which tells the dataset, int32 (n).
    """

    run: NDArray[np.int32]
    value: NDArray[np.float64]
    error: NDArray[np.float64]
    reason: NDArray[np.int32]
    file: NDArray[np.int32]
    series: NDArray[np.int32]

    def where(self, chosen: NDArray[np.intp] | NDArray[np.bool_]) -> PointColumns:
        """Some of the rows."""
        return PointColumns._make(column[chosen] for column in self)


_rows_between = prepared(
    lambda: (
        TrendPoint.select(TrendPoint.run, TrendPoint.value, TrendPoint.error, TrendPoint.reason, TrendPoint.file)
        .where(TrendPoint.series == 0, TrendPoint.run.between(0, 0))
        .order_by(TrendPoint.run)
    )
)


def read_points(series: StoredSeries, first: int = FIRST_RUN, last: int = LAST_RUN) -> PointColumns:
    """The points of a series in the runs from first to last, of all its datasets together."""
    parts = [_read_part(part, first, last) for part in series.parts]
    if len(parts) == 1:
        return parts[0]
    if not parts:
        return _columns(0, [])
    merged = PointColumns._make(np.concatenate(columns) for columns in zip(*parts, strict=True))
    return _one_a_run(merged, series.parts)


def _read_part(part: int, first: int, last: int) -> PointColumns:
    return _columns(part, _rows_between(part, first, last))


def _columns(part: int, found: list[tuple[float | None, ...]]) -> PointColumns:
    run, value, error, reason, file = zip(*found, strict=True) if found else ((), (), (), (), ())
    return PointColumns(
        np.array(run, dtype=np.int32),
        np.array(value, dtype=np.float64),
        np.array(error, dtype=np.float64),
        np.array([each or NO_REASON for each in reason], dtype=np.int32),
        np.array(file, dtype=np.int32),
        np.full(len(run), part, dtype=np.int32),
    )


def _one_a_run(points: PointColumns, processing_versions: dict[int, int]) -> PointColumns:
    """The points with those of one dataset in each run: a point before a reason, then by precedence of the files."""
    points = points.where(np.argsort(points.run, kind="stable"))
    follows = np.zeros(len(points.run), dtype=bool)
    follows[1:] = points.run[1:] == points.run[:-1]
    if not follows.any():
        return points
    is_double = follows.copy()
    is_double[:-1] |= follows[1:]
    doubles = np.flatnonzero(is_double)
    ranks = _ranks(points.where(doubles), processing_versions)
    best = {rank[0]: index for rank, index in sorted(zip(ranks, doubles.tolist(), strict=True))}  # the last one of a run stays
    keep = ~is_double
    keep[list(best.values())] = True
    return points.where(keep)


def _ranks(points: PointColumns, processing_versions: dict[int, int]) -> list[tuple[int, bool, FilePrecedence]]:
    """Keys in whose order the last row of each run is the one that is used."""
    chosen = TrendFile.id.in_(np.unique(points.file).tolist())
    files = {
        file: (url, mtime_ns)
        for file, url, mtime_ns in rows(TrendFile.select(TrendFile.id, TrendFile.url, TrendFile.mtime_ns).where(chosen))
    }
    columns = (points.run, ~np.isnan(points.value), points.file, points.series)
    return [
        (run, has_point, file_precedence(*files.get(file, ("", 0)), processing_versions[series]))
        for run, has_point, file, series in zip(*(column.tolist() for column in columns), strict=True)
    ]
