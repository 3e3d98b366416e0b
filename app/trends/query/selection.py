"""Selections: the subsystems, primary datasets and processings that have points."""

from __future__ import annotations

from typing import NamedTuple

from app.core.database import rows
from app.trends.models import Trend, TrendDataset, TrendSeries, TrendVersion
from app.trends.query.series_key import SeriesKey


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
    """All selections with points of current trends: subsystem to primary dataset to processings, all sorted."""
    query = TrendSeries.select(Trend.subsystem, TrendDataset.primary_dataset, TrendDataset.processing).distinct()
    query = query.join(TrendVersion).join(Trend).switch(TrendSeries).join(TrendDataset)
    found: dict[str, dict[str, list[str]]] = {}
    for subsystem, primary_dataset, processing in sorted(rows(query.where(TrendVersion.activated.is_null(False)))):
        found.setdefault(subsystem, {}).setdefault(primary_dataset, []).append(processing)
    return found


def series_of_selection(selection: Selection) -> list[SeriesKey]:
    """The series of the current trends of a selection, in the order of their names."""
    query = TrendSeries.select(Trend.name).distinct().join(TrendVersion).join(Trend).switch(TrendSeries).join(TrendDataset)
    subsystem, primary_dataset, processing = selection
    query = query.where(
        Trend.subsystem == subsystem,
        TrendDataset.primary_dataset == primary_dataset,
        TrendDataset.processing == processing,
        TrendVersion.activated.is_null(False),
    )
    return [SeriesKey(subsystem, name, primary_dataset, processing) for (name,) in sorted(rows(query))]
