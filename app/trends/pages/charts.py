"""The charts of the page of trends: first the groups of the subsystem, then each other series alone."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import quote, urlencode

from app.trends.pages.chart_options import ChartOptions
from app.trends.pages.titles import plain_title
from app.trends.pages.view import PATH, TrendView
from app.trends.query.selection import Selection
from app.trends.query.series_key import Key, SeriesKey
from app.trends.query.stored_series import StoredSeries, series_in
from app.web.frame import href


@dataclass(frozen=True)
class Chart:
    """One or more series that are drawn together.

    Attributes:
        title, y_title: Plain text.
        correlation: Whether the values of two or three series are drawn against each other instead of over runs.
        series: Their keys.
        words: What a search finds besides the title, such as the names of its trends.
    """

    title: str
    y_title: str
    correlation: bool
    series: list[Key]
    words: tuple[str, ...] = field(default=(), compare=False)

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


def chart_address(path: str, chart: Chart, options: ChartOptions) -> str:
    """The address of a page or file of one chart, with the runs and the look of the page that it is on."""
    series = [("series", str(key)) for key in chart.series]
    query = [*series, *options.option_query, *([("correlate", "1")] if chart.correlation else [])]
    return f"{href(PATH)}/{path}?{urlencode(query, quote_via=quote, safe=':,/')}"


def processings_of(view: TrendView) -> list[str]:
    """The processings whose series are in the charts of a view."""
    return [view.ps] + ([view.ps2] if view.ps2 and view.ps2 != view.ps else [])


def _all_charts(view: TrendView, trends: dict[str, StoredSeries]) -> list[Chart]:
    return [_single(view, name, trends[name]) for name in sorted(trends)]


def _single(view: TrendView, name: str, series: StoredSeries) -> Chart:
    return Chart(plain_title(series.title) or name, plain_title(series.y_title), False, keys_of(view, name), (name,))


def keys_of(view: TrendView, name: str) -> list[Key]:
    """The series of a trend in the processings of a view."""
    return [SeriesKey(view.subsystem, name, view.pd, processing) for processing in processings_of(view)]
