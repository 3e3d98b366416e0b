"""Selections: the subsystems, primary datasets and processings that have points."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from peewee import Database

from app.core.counters import version_of
from app.core.database import proxy, rows
from app.trends.models import Trend, TrendDataset, TrendSeries, TrendVersion
from app.trends.query.series_key import SeriesKey
from app.trends.versions import COUNTER


class Selection(NamedTuple):
    """The trends of a subsystem in a primary dataset and processing."""

    subsystem: str
    primary_dataset: str
    processing: str

    @classmethod
    def of(cls, key: SeriesKey) -> Selection:
        """The selection that a series belongs to."""
        return cls(key.subsystem, key.primary_dataset, key.processing)


def selections() -> dict[str, dict[str, list[str]]]:
    """All selections with results of current trends: subsystem to primary dataset to processings, all sorted."""
    configs = version_of(COUNTER)
    found: dict[str, dict[str, set[str]]] = {}
    columns = TrendDataset.id, TrendDataset.changed, TrendDataset.primary_dataset, TrendDataset.processing
    for dataset, changed, primary_dataset, processing in rows(TrendDataset.select(*columns)):
        for subsystem in _subsystems(proxy.obj, dataset, changed, configs):
            found.setdefault(subsystem, {}).setdefault(primary_dataset, set()).add(processing)
    return {
        subsystem: {primary_dataset: sorted(processings) for primary_dataset, processings in sorted(datasets.items())}
        for subsystem, datasets in sorted(found.items())
    }


@lru_cache(maxsize=5000)
def _subsystems(database: Database, dataset: int, changed: int, configs: int) -> tuple[str, ...]:
    """The subsystems of current trends with results in a dataset. They are found again when any of the other arguments differs."""
    subsystem_of = _subsystem_by_version(database, configs)
    versions = rows(TrendSeries.select(TrendSeries.version).where(TrendSeries.dataset == dataset))
    return tuple({subsystem_of[version] for (version,) in versions if version in subsystem_of})


@lru_cache(maxsize=1)
def _subsystem_by_version(database: Database, configs: int) -> dict[int, str]:
    query = TrendVersion.select(TrendVersion.id, Trend.subsystem).join(Trend).where(TrendVersion.activated.is_null(False))
    return dict(rows(query))


def series_of_selection(selection: Selection) -> list[SeriesKey]:
    """The series of the current trends of a selection, in the order of their names."""
    subsystem, primary_dataset, processing = selection
    current = TrendVersion.activated.is_null(False)
    names = dict(rows(TrendVersion.select(TrendVersion.id, Trend.name).join(Trend).where(Trend.subsystem == subsystem, current)))
    is_wanted = (TrendDataset.primary_dataset == primary_dataset) & (TrendDataset.processing == processing)
    datasets = [dataset for (dataset,) in rows(TrendDataset.select(TrendDataset.id).where(is_wanted))]
    query = TrendSeries.select(TrendSeries.version).where(TrendSeries.dataset.in_(datasets), TrendSeries.version.in_(list(names)))
    return [SeriesKey(subsystem, name, primary_dataset, processing) for name in sorted({names[version] for (version,) in rows(query)})]
