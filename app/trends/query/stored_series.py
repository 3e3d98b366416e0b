"""Where the points of a series are: its trend, the version of it, and its datasets."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from peewee import fn

from app.core.database import rows
from app.trends.models import Trend, TrendDataset, TrendSeries, TrendVersion
from app.trends.query.selection import Selection
from app.trends.query.series_key import SeriesKey


class StoredDataset(NamedTuple):
    """A dataset of a primary dataset and processing."""

    id: int
    version: int  # of the processing
    changed: int  # number that grows with each change of its points


class SeriesPart(NamedTuple):
    """A series in one dataset."""

    id: int  # of the points
    dataset: StoredDataset


@dataclass(frozen=True)
class StoredSeries:
    """One version of a trend in a primary dataset and processing.

    Attributes:
        key: Its name.
        trend: Id of the trend.
        title, y_title: As configured; they may contain HTML. `title` may be "".
        version: Hash of its configuration.
        is_current: Whether this version is computed for new files.
        retired: Whether no configuration has the trend any more.
        metric: Metric with its arguments.
        mes: Paths of the MEs: main, histo1, histo2, reference; "" for none.
        threshold: Points of fewer entries are marked.
        parts: The series in each dataset.
    """

    key: SeriesKey
    trend: int
    title: str
    y_title: str
    version: str
    is_current: bool
    retired: bool
    metric: str
    mes: tuple[str, str, str, str]
    threshold: int
    parts: list[SeriesPart] = field(default_factory=list)


def find_series(keys: Iterable[SeriesKey], *, older: bool = False) -> dict[SeriesKey, list[StoredSeries]]:
    """The stored series of each key: the current version, then, if `older`, the other ones, newest first; none for an unknown key.

    A retired trend has only older versions.
    """
    wanted = list(keys)
    found: dict[SeriesKey, list[StoredSeries]] = {key: [] for key in wanted}
    names: dict[Selection, list[str]] = {}
    for key in wanted:
        names.setdefault(Selection.of(key), []).append(key.name)
    for selection, few in names.items():
        for series in series_in(selection, few, older=older):
            if series.key in found:
                found[series.key].append(series)
    return found


FEW = 100
"""Names that a query of its own is made for; for more, all trends of the selection are read."""

_VERSION = (
    *(TrendVersion.id, Trend.name, Trend.id, Trend.title, Trend.y_title, TrendVersion.hash, TrendVersion.activated, Trend.retired),
    *(TrendVersion.metric, TrendVersion.me, TrendVersion.histo1, TrendVersion.histo2, TrendVersion.reference, TrendVersion.threshold),
)


def series_in(selection: Selection, names: Sequence[str] = (), *, older: bool = False) -> list[StoredSeries]:
    """The series of a selection, current versions first, then by age, newest first; those of some names alone if there are any.

    In three queries: of the hundreds of thousands of series in all datasets, databases take those that a join needs in a bad order.
    """
    query = TrendVersion.select(*_VERSION).join(Trend).where(Trend.subsystem == selection.subsystem)
    if 0 < len(names) <= FEW:
        query = query.where(Trend.name.in_(names))
    if not older:
        query = query.where(TrendVersion.activated.is_null(False))
    by_version = {
        version: _stored(selection, row)
        for version, *row in rows(query.order_by(TrendVersion.activated.is_null(), TrendVersion.created.desc(), TrendVersion.id.desc()))
    }
    datasets = {dataset.id: dataset for dataset in datasets_of([selection])}
    series = TrendSeries.select(TrendSeries.id, TrendSeries.version, TrendSeries.dataset)
    series = series.where(TrendSeries.dataset.in_(list(datasets)), TrendSeries.version.in_(list(by_version)))
    for number, version, dataset in sorted(rows(series)):
        by_version[version].parts.append(SeriesPart(number, datasets[dataset]))
    return [found for found in by_version.values() if found.parts]


def datasets_of(selections: Iterable[Selection]) -> list[StoredDataset]:
    """All datasets of the primary datasets and processings of some selections."""
    wanted = {(selection.primary_dataset, selection.processing) for selection in selections}
    query = TrendDataset.select(TrendDataset.id, TrendDataset.version, TrendDataset.changed)
    return [
        StoredDataset._make(row)
        for primary_dataset, processing in sorted(wanted)
        for row in rows(query.where(TrendDataset.primary_dataset == primary_dataset, TrendDataset.processing == processing))
    ]


def _stored(selection: Selection, row: list[Any]) -> StoredSeries:
    name, trend, title, y_title, version, activated, retired, metric, *mes, threshold = row
    key = SeriesKey(selection.subsystem, name, selection.primary_dataset, selection.processing)
    me, histo1, histo2, reference = mes
    is_current = activated is not None
    return StoredSeries(key, trend, title, y_title, version, is_current, bool(retired), metric, (me, histo1, histo2, reference), threshold)


def key_of_series(number: int) -> SeriesKey | None:
    """The series that an id of the API of HDQM names, see `series_number`, also if its trend has a new version since then."""
    query = TrendSeries.select(Trend.subsystem, Trend.name, TrendDataset.primary_dataset, TrendDataset.processing)
    query = query.join(TrendVersion).join(Trend).switch(TrendSeries).join(TrendDataset)
    found = rows(query.where(TrendSeries.id == number))
    return SeriesKey._make(found[0]) if found else None


def series_number(series: StoredSeries) -> int:
    """The id of a series in the API of HDQM."""
    return min(part.id for part in series.parts)


def numbered_series() -> list[tuple[SeriesKey, int]]:
    """All series of current trends with their `series_number`, in the order of subsystem, primary dataset, processing and name."""
    number = fn.MIN(TrendSeries.id)
    dataset = TrendDataset.primary_dataset, TrendDataset.processing
    query = TrendSeries.select(TrendSeries.version, *dataset, number).join(TrendDataset).group_by(TrendSeries.version, *dataset)
    current = TrendVersion.select(TrendVersion.id, Trend.subsystem, Trend.name).join(Trend).where(TrendVersion.activated.is_null(False))
    names = {version: (subsystem, name) for version, subsystem, name in rows(current)}
    found = [(SeriesKey(*names[version], *of), first) for version, *of, first in rows(query) if version in names]
    return sorted(found, key=lambda each: (each[0].subsystem, each[0].primary_dataset, each[0].processing, each[0].name))
