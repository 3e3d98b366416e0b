"""What is stored of one series in one run: the point or the reason why there is none, its configuration, and its files."""

from __future__ import annotations

from typing import Any, NamedTuple

from peewee import JOIN

from app.core.database import rows
from app.trends.models import Trend, TrendDataset, TrendFile, TrendLosingFile, TrendPoint, TrendReason, TrendSeries, TrendVersion
from app.trends.precedence import FilePrecedence, file_precedence, file_version_number
from app.trends.query.series_key import SeriesKey

INPUTS = ("me", "histo1", "histo2", "reference")
"""Columns with the monitor elements of a configuration, the main one first."""


class PointConfig(NamedTuple):
    """A version of the configuration of a trend."""

    id: int
    hash: str
    metric: str
    me: str
    histo1: str  # "" for none, as the following ones
    histo2: str
    reference: str
    threshold: int
    created: float  # Unix s UTC
    is_current: bool

    @property
    def inputs(self) -> dict[str, str]:
        """Path of each monitor element by its column, the main one first."""
        return {name: path for name in INPUTS if (path := getattr(self, name))}


class TrendFacts(NamedTuple):
    """A trend with the versions of its configuration."""

    subsystem: str
    name: str
    title: str
    y_title: str
    place: str  # file:line of its configuration
    retired: bool
    configs: list[PointConfig]  # the current one first, then the newest

    @property
    def config(self) -> PointConfig:
        """The configuration of the points that charts show."""
        return self.configs[0]


class StoredPoint(NamedTuple):
    """A point, or the reason why the run has none."""

    run: int
    value: float | None
    error: float | None
    reason: str  # why there is no value, or why it is marked; "" if neither
    config: int  # id of its configuration
    dataset: str
    era: str
    dataset_version: int  # 0 if the name of the dataset has none
    url: str
    size: int  # bytes
    mtime_ns: int  # time of change of the file, Unix ns UTC

    @property
    def precedence(self) -> FilePrecedence:
        """Of two points of a run, that with the greater one counts."""
        return file_precedence(self.url, self.mtime_ns, self.dataset_version)


class RunPoints(NamedTuple):
    """The points of a series in one run."""

    shown: StoredPoint | None  # of the configuration that charts show; None: its run has neither point nor reason
    others: list[StoredPoint]  # of the same configuration in other datasets, over which it takes precedence
    older: list[StoredPoint]  # of other configurations, one each, the newest first


def find_trend(subsystem: str, name: str) -> TrendFacts | None:
    """A trend, also a retired one; None if there is none of this name."""
    columns = Trend.id, Trend.title, Trend.y_title, Trend.place, Trend.retired
    for trend, title, y_title, place, retired in rows(Trend.select(*columns).where(Trend.subsystem == subsystem, Trend.name == name)):
        if configs := _configs(trend):
            return TrendFacts(subsystem, name, title, y_title, place, bool(retired), configs)
    return None


def _configs(trend: int) -> list[PointConfig]:
    version = TrendVersion
    columns = [version.id, version.hash, version.metric, *(getattr(version, name) for name in INPUTS), version.threshold, version.created]
    found = rows(version.select(*columns, version.activated).where(version.trend == trend))
    configs = [PointConfig._make([*values, activated is not None]) for *values, activated in found]
    return sorted(configs, key=lambda config: (config.is_current, config.created, config.id), reverse=True)


def points_of_run(key: SeriesKey, trend: TrendFacts, run: int) -> RunPoints:
    """The points of a series in a run; of several datasets that count as one, the point of the file that takes precedence first."""
    point = TrendPoint
    file = (TrendFile.url, TrendFile.size, TrendFile.mtime_ns)
    query = point.select(
        *(point.run, point.value, point.error, TrendReason.text, TrendSeries.version),
        *(TrendDataset.name, TrendDataset.era, TrendDataset.version, *file),
    )
    query = query.join(TrendSeries, on=(point.series == TrendSeries.id)).join(TrendDataset, on=(TrendSeries.dataset == TrendDataset.id))
    query = query.join(TrendFile, on=(point.file == TrendFile.id)).join(TrendReason, JOIN.LEFT_OUTER, on=(point.reason == TrendReason.id))
    found = rows(query.where(point.series.in_(series_ids(key, [config.id for config in trend.configs])), point.run == run))
    by_config: dict[int, list[StoredPoint]] = {}
    for each in sorted((_stored(row) for row in found), key=_rank, reverse=True):
        by_config.setdefault(each.config, []).append(each)
    current = by_config.get(trend.config.id, [])
    older = [by_config[config.id][0] for config in trend.configs[1:] if config.id in by_config]
    return RunPoints(current[0] if current else None, current[1:], older)


def _stored(row: tuple[Any, ...]) -> StoredPoint:
    run, value, error, reason, *rest = row
    return StoredPoint(run, value, error, reason or "", *rest)


def _rank(point: StoredPoint) -> tuple[bool, FilePrecedence]:
    """A run with a value in one dataset has a point, whatever the others say."""
    return point.value is not None, point.precedence


def series_ids(key: SeriesKey, configs: list[int]) -> list[int]:
    """The stored series of these configurations in all datasets of a primary dataset and processing."""
    query = TrendSeries.select(TrendSeries.id).join(TrendDataset, on=(TrendSeries.dataset == TrendDataset.id))
    is_wanted = (TrendDataset.primary_dataset == key.primary_dataset) & (TrendDataset.processing == key.processing)
    return [series for (series,) in rows(query.where(is_wanted, TrendSeries.version.in_(configs)).order_by(TrendSeries.id))]


def losing_files(dataset: str, run: int) -> list[str]:
    """The files of a run and dataset that another one takes precedence over, by version and name."""
    query = TrendLosingFile.select(TrendLosingFile.url).join(TrendDataset).where(TrendDataset.name == dataset, TrendLosingFile.run == run)
    return sorted((url for (url,) in rows(query)), key=lambda url: (file_version_number(url), url))
