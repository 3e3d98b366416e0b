"""All points, one after the other, with what they come from."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from peewee import JOIN

from app.core.database import proxy, rows
from app.trends.models import Trend, TrendDataset, TrendFile, TrendLosingFile, TrendPoint, TrendReason, TrendSeries, TrendVersion


class ExportedPoint(NamedTuple):
    """A point, or the reason why a run has none."""

    subsystem: str
    name: str
    version: str  # hash of the configuration
    is_current: bool
    dataset: str
    run: int
    value: float | None
    error: float | None
    reason: str
    file: str
    file_mtime_ns: int  # time of change of the file, Unix ns UTC
    losing_files: str  # other files of this run and dataset, one a line


def exported_points(subsystem: str = "", name: str = "") -> Iterator[ExportedPoint]:
    """The points in the order of subsystem, name, version, dataset and run; of one subsystem or trend alone if it is given."""
    losers = _losing_files()
    for series, *identity in _series(subsystem, name):
        activated = identity.pop(3)
        point = TrendPoint
        query = point.select(point.run, point.value, point.error, TrendReason.text, TrendFile.url, TrendFile.mtime_ns)
        query = query.join(TrendFile, on=(point.file == TrendFile.id)).switch(point)
        query = query.join(TrendReason, JOIN.LEFT_OUTER, on=(point.reason == TrendReason.id)).where(point.series == series)
        for run, value, error, reason, url, mtime_ns in proxy.execute(query.order_by(point.run)):
            subsystem_of, trend, version, dataset = identity
            found = (value, error, reason or "", url, mtime_ns, losers.get((dataset, run), ""))
            yield ExportedPoint(subsystem_of, trend, version, activated is not None, dataset, run, *found)


def _series(subsystem: str, name: str) -> list[tuple[Any, ...]]:
    query = TrendSeries.select(TrendSeries.id, Trend.subsystem, Trend.name, TrendVersion.hash, TrendVersion.activated, TrendDataset.name)
    query = query.join(TrendVersion).join(Trend).switch(TrendSeries).join(TrendDataset)
    if subsystem:
        query = query.where(Trend.subsystem == subsystem)
    if name:
        query = query.where(Trend.name == name)
    ordered = query.order_by(Trend.subsystem, Trend.name, TrendVersion.created, TrendVersion.id, TrendDataset.name)
    return list(proxy.execute(ordered).fetchall())


def _losing_files() -> dict[tuple[str, int], str]:
    query = TrendLosingFile.select(TrendDataset.name, TrendLosingFile.run, TrendLosingFile.url).join(TrendDataset)
    found: dict[tuple[str, int], str] = {}
    for dataset, run, url in rows(query.order_by(TrendLosingFile.url)):
        found[dataset, run] = f"{found[dataset, run]}\n{url}" if (dataset, run) in found else url
    return found
