"""Search for series of all subsystems, primary datasets and processings by words."""

from __future__ import annotations

from typing import Any, NamedTuple

from peewee import chunked, fn

from app.core.database import rows
from app.trends.models import Trend, TrendDataset, TrendSeries, TrendVersion
from app.trends.query.series_key import QUANTITIES, Key, RunQuantity, SeriesKey

BATCH = 100
"""Trends whose series are looked up at a time."""


class FoundSeries(NamedTuple):
    """A series that a search finds; its title as configured, "" for none."""

    key: Key
    title: str


def search_series(words: str, subsystem: str, primary_dataset: str, processing: str, limit: int) -> list[FoundSeries]:
    """Series of current trends with all words in subsystem, name or title, in any case; at most `limit`, in the order of their keys.

    Trends are chosen first, and their series a batch at a time: a table of hundreds of thousands of series is never read.

    Args:
        words: Separated by blanks.
        subsystem, primary_dataset, processing: "" for any.
    """
    datasets = _datasets(primary_dataset, processing)
    found: list[FoundSeries] = []
    for batch in chunked(_trends(words, subsystem), BATCH):
        places: dict[int, set[tuple[str, str]]] = {}
        versions = [version for version, *_ in batch]
        query = TrendSeries.select(TrendSeries.version, TrendSeries.dataset)
        for version, dataset in rows(query.where(TrendSeries.dataset.in_(list(datasets)), TrendSeries.version.in_(versions))):
            places.setdefault(version, set()).add(datasets[dataset])
        for version, of, name, title in batch:
            found += [FoundSeries(SeriesKey(of, name, *place), title) for place in sorted(places.get(version, ()))]
        if len(found) >= limit:
            break
    return found[:limit]


def _datasets(primary_dataset: str, processing: str) -> dict[int, tuple[str, str]]:
    """Primary dataset and processing of each dataset."""
    query = TrendDataset.select(TrendDataset.id, TrendDataset.primary_dataset, TrendDataset.processing)
    if primary_dataset:
        query = query.where(TrendDataset.primary_dataset == primary_dataset)
    if processing:
        query = query.where(TrendDataset.processing == processing)
    return {dataset: (primary, process) for dataset, primary, process in rows(query)}


def _trends(words: str, subsystem: str) -> list[tuple[Any, ...]]:
    """Version, subsystem, name and title of the current trends that match."""
    query = TrendVersion.select(TrendVersion.id, Trend.subsystem, Trend.name, Trend.title).join(Trend)
    query = query.where(TrendVersion.activated.is_null(False), *(_contains(word) for word in words.split()))
    if subsystem:
        query = query.where(Trend.subsystem == subsystem)
    return rows(query.order_by(Trend.subsystem, Trend.name))


def _contains(word: str) -> Any:
    """Whether a word is in the texts of a trend."""
    whole = Trend.subsystem.concat(" ").concat(Trend.name).concat(" ").concat(Trend.title)
    return fn.LOWER(whole).contains(word.lower())


def search_quantities(words: str) -> list[FoundSeries]:
    """Quantities of runs with all words in their names or titles."""
    found = [FoundSeries(RunQuantity(name), f"{title} ({unit})") for name, (title, unit) in QUANTITIES.items()]
    return [each for each in found if all(word in f"{each.key} {each.title}".lower() for word in words.lower().split())]
