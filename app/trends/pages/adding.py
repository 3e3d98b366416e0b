"""The search for series to add to a chart, with completion while typing."""

from __future__ import annotations

from typing import NamedTuple

from app.trends.pages.chart_view import MOST_SERIES, ChartView
from app.trends.pages.titles import plain_title
from app.trends.query.selection import selections
from app.trends.query.series_key import Key, SeriesKey
from app.trends.query.series_search import FoundSeries, search_quantities, search_series

MOST_FOUND = 30
"""Series of the list; a longer search finds others."""


class AddLink(NamedTuple):
    """A series with the address of the chart that has it, too."""

    title: str
    key: Key
    address: str


class Choice(NamedTuple):
    """A field of the search with a list of values."""

    name: str
    label: str
    values: list[str]
    chosen: str


class Adding(NamedTuple):
    """The search for series to add."""

    choices: list[Choice]
    words: str
    trends: list[AddLink]
    quantities: list[AddLink]
    has_more: bool  # whether there are trends that are not listed
    is_full: bool  # whether the chart has room for no more


def adding_of(view: ChartView) -> Adding:
    """The search of a view, with what it finds; nothing while it is closed."""
    is_full = len(view.series) >= MOST_SERIES
    if not view.search.is_open or is_full:
        return Adding([], "", [], [], has_more=False, is_full=is_full)
    _, words, subsystem, primary_dataset, processing = view.search
    found = search_series(words, subsystem, primary_dataset, processing, MOST_FOUND + 1 + len(view.series))
    trends = [each for each in found if each.key not in view.series]
    quantities = [] if subsystem or primary_dataset or processing else search_quantities(words)
    return Adding(
        _choices(view),
        words,
        [_link(view, each) for each in trends[:MOST_FOUND]],
        [_link(view, each) for each in quantities if each.key not in view.series],
        has_more=len(trends) > MOST_FOUND,
        is_full=is_full,
    )


def _link(view: ChartView, found: FoundSeries) -> AddLink:
    name = found.key.name if isinstance(found.key, SeriesKey) else found.title
    return AddLink(plain_title(found.title) or name, found.key, view.with_series(found.key).address)


def _choices(view: ChartView) -> list[Choice]:
    """The fields; each has what goes with those before it."""
    _, _, subsystem, primary_dataset, processing = view.search
    known = selections()
    datasets = [of for name, of in known.items() if subsystem in ("", name)]
    processings = {each for of in datasets for name, found in of.items() if primary_dataset in ("", name) for each in found}
    return [
        Choice("in", "Subsystem", sorted(known), subsystem),
        Choice("inpd", "Primary dataset", sorted({name for of in datasets for name in of}), primary_dataset),
        Choice("inps", "Processing", sorted(processings), processing),
    ]
