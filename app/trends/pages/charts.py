"""The charts of the page of trends: first the groups of the subsystem, then each other series alone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import product

from app.core.database import rows
from app.trends.groups import DisplayGroup, groups_of
from app.trends.models import Trend
from app.trends.pages.chart_options import ChartOptions
from app.trends.pages.chart_view import LONGEST_BACK
from app.trends.pages.titles import plain_title
from app.trends.pages.view import PATH, TrendView, encoded
from app.trends.query.selection import Selection
from app.trends.query.series_key import Key, SeriesKey
from app.trends.query.stored_series import StoredSeries, series_in
from app.web.frame import href

LONGEST_ADDRESS = 7500
"""Bytes of an address that leads back to the page with its choices; servers accept 8,190, and forms add some to it."""


@dataclass(frozen=True)
class Chart:
    """One or more series that are drawn together.

    Attributes:
        title, y_title: Plain text.
        correlation: Whether the values of two or three series are drawn against each other instead of over runs.
        series: Their keys.
        words: What a search finds besides the title, such as the names of its trends.
        missing: Names of trends of its group that have no points here.
    """

    title: str
    y_title: str
    correlation: bool
    series: list[Key]
    words: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()

    def matches(self, search: str) -> bool:
        """Whether all words of a search are in the title or in names of its trends, in any case."""
        text = " ".join((self.title, *self.words)).casefold()
        return all(word in text for word in search.casefold().split())


def charts_of(view: TrendView) -> list[Chart]:
    """All charts of a view that its search finds, in their order; those of a page are a part of them."""
    if not view.is_complete:
        return []
    trends: dict[str, StoredSeries] = {}
    for processing in processings_of(view):
        for series in series_in(Selection(view.subsystem, view.pd, processing)):
            trends.setdefault(series.key.name, series)
    return [chart for chart in _all_charts(view, trends) if chart.matches(view.search)]


def page_of(charts: list[Chart], view: TrendView) -> list[Chart]:
    """The charts of the page of a view; none beyond the last page."""
    first = (view.page - 1) * view.charts_per_page
    return charts[first : first + view.charts_per_page]


def chart_address(path: str, chart: Chart, options: ChartOptions, run: int = 0) -> str:
    """The address of a page or file of one chart, with the runs and the look of the page that it is on, and the way back to this.

    run: The chosen run, 0 for none.
    """
    series = [("series", str(key)) for key in chart.series]
    query = [*series, *options.option_query, *([("correlate", "1")] if chart.correlation else []), *([("run", str(run))] if run else [])]
    address = f"{href(PATH)}/{path}?{encoded(query)}"
    if path == "chart" and isinstance(options, TrendView) and len(back := encoded(options.query)) <= LONGEST_BACK:
        way_back = f"&{encoded([('back', back)])}"
        return address + way_back if len(address + way_back) <= LONGEST_ADDRESS else address
    return address


def processings_of(view: TrendView) -> list[str]:
    """The processings whose series are in the charts of a view."""
    return [view.ps] + ([view.ps2] if view.ps2 and view.ps2 != view.ps else [])


def _all_charts(view: TrendView, trends: dict[str, StoredSeries]) -> list[Chart]:
    groups = [group for group in groups_of(view.subsystem) if not trends.keys().isdisjoint(group.series)]
    grouped = {name for group in groups for name in group.series}
    charts = [chart for group in groups for chart in _of_group(view, group, trends)]
    places = _places(view.subsystem)
    return charts + [_single(view, name, trends[name]) for name in sorted(trends, key=places.__getitem__) if name not in grouped]


def _places(subsystem: str) -> dict[str, tuple[str, int, str]]:
    """What the trends of a subsystem are sorted by: file and line of their configuration, as experts have put them."""
    found = {}
    for name, place in rows(Trend.select(Trend.name, Trend.place).where(Trend.subsystem == subsystem)):
        file, _, line = place.rpartition(":")
        found[name] = (file, int(line) if line.isdecimal() else 0, name)
    return found


def _of_group(view: TrendView, group: DisplayGroup, trends: dict[str, StoredSeries]) -> list[Chart]:
    """The chart of a group; of a correlation one for each processing, since it has two or three series."""
    names = [name for name in group.series if name in trends]
    missing = tuple(name for name in group.series if name not in trends)
    titles = tuple(plain_title(trends[name].title) for name in names)
    title, words = plain_title(group.title) or group.name, (group.name, *names, *titles)
    y_title = plain_title(group.y_title) or plain_title(trends[names[0]].y_title)
    if not group.correlation or missing:
        return [Chart(title, y_title, False, _keys(view, names, processings_of(view)), words, missing)]
    processings = processings_of(view)
    return [
        Chart(title if processing == view.ps else f"{title}, {processing}", y_title, True, _keys(view, names, [processing]), words)
        for processing in processings
    ]


def _single(view: TrendView, name: str, series: StoredSeries) -> Chart:
    return Chart(plain_title(series.title) or name, plain_title(series.y_title), False, keys_of(view, name), (name,))


def keys_of(view: TrendView, name: str) -> list[Key]:
    """The series of a trend in the processings of a view."""
    return _keys(view, [name], processings_of(view))


def _keys(view: TrendView, names: Iterable[str], processings: Iterable[str]) -> list[Key]:
    return [SeriesKey(view.subsystem, name, view.pd, processing) for name, processing in product(names, processings)]
