"""Search for series of all subsystems, primary datasets and processings by words."""

from __future__ import annotations

from typing import Any, NamedTuple

from peewee import fn

from app.core.database import rows
from app.trends.models import Trend, TrendDataset, TrendSeries, TrendVersion
from app.trends.query.series_key import QUANTITIES, Key, RunQuantity, SeriesKey


class FoundSeries(NamedTuple):
    """A series that a search finds; its title as configured, "" for none."""

    key: Key
    title: str


def search_series(words: str, subsystem: str, primary_dataset: str, processing: str, limit: int) -> list[FoundSeries]:
    """Series of current trends with all words in subsystem, name or title, in any case; at most `limit`, in the order of their keys.

    Args:
        words: Separated by blanks.
        subsystem, primary_dataset, processing: "" for any.
    """
    names = Trend.subsystem, Trend.name, TrendDataset.primary_dataset, TrendDataset.processing
    query = TrendSeries.select(*names, Trend.title).distinct().join(TrendVersion).join(Trend).switch(TrendSeries).join(TrendDataset)
    query = query.where(TrendVersion.activated.is_null(False), *(_contains(word) for word in words.split()))
    for column, value in zip((Trend.subsystem, *names[2:]), (subsystem, primary_dataset, processing), strict=True):
        if value:
            query = query.where(column == value)
    return [FoundSeries(SeriesKey(*key), title) for *key, title in rows(query.order_by(*names).limit(limit))]


def _contains(word: str) -> Any:
    """Whether a word is in the texts of a trend."""
    whole = Trend.subsystem.concat(" ").concat(Trend.name).concat(" ").concat(Trend.title)
    return fn.LOWER(whole).contains(word.lower())


def search_quantities(words: str) -> list[FoundSeries]:
    """Quantities of runs with all words in their names or titles."""
    found = [FoundSeries(RunQuantity(name), f"{title} ({unit})") for name, (title, unit) in QUANTITIES.items()]
    return [each for each in found if all(word in f"{each.key} {each.title}".lower() for word in words.lower().split())]
