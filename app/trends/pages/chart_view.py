"""The state of the page of one chart, which its address holds.

/trends/chart?series=<key>&series=<key>&runs=&class=&significant=&x=&<switches>&band=&sigma=&robust=&drift=&ymin=&ymax=&correlate=1&run=&table=1&back=
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

from app.trends.errors import InvalidQuery
from app.trends.models import LARGEST_RUN
from app.trends.pages.chart_options import OPTION_FIELDS, SWITCHES, ChartOptions, exact_text, read_options
from app.trends.pages.run_form import RUN_FORM_FIELDS, read_form
from app.trends.pages.view import PATH, TrendView, encoded, view_from_query
from app.trends.query.selection import Selection
from app.trends.query.series_key import Key, SeriesKey, parse_key
from app.web.fields import Fields
from app.web.frame import href

CHART_PATH = f"{PATH}/chart"

MOST_SERIES = 100
"""Series of one chart, as the largest display group may have."""

CLOSEST_ENDS = 1e-12
"""Distance of the ends of the y axis, part of the larger one: closer ones leave no numbers between them for ticks."""

MOST_SELECTIONS = 20
"""Most different selections in one chart; each one costs some queries."""

LONGEST_BACK = 2000

SEARCH_FIELDS = ("adding", "find", "in", "inpd", "inps")
"""Fields of the search for a series to add."""

CHART_FIELDS = ("ymin", "ymax", "correlate", "run", "of", "table", "back", *OPTION_FIELDS, *SEARCH_FIELDS)
"""Fields of the address besides `series`."""


class SeriesSearch(NamedTuple):
    """The search for a series to add to a chart; each field is "" for any."""

    is_open: bool = False
    words: str = ""  # in subsystem, name and title
    subsystem: str = ""
    primary_dataset: str = ""
    processing: str = ""


NO_SEARCH = SeriesSearch()


@dataclass(frozen=True, kw_only=True)
class ChartView(ChartOptions):
    """The state of the page of one chart.

    Attributes:
        series: What is drawn, each once.
        y_min, y_max: Ends of the y axis; None: by the values.
        correlate: Whether two or three series are drawn against each other.
        run: The chosen run; 0 for none.
        chosen: Place of the series of the chosen point.
        table: Whether there is a table below the chart.
        back: Query of the page of trends that led here, "" for that of the first series.
        search: The search for a series to add.
    """

    series: tuple[Key, ...] = ()
    y_min: float | None = None
    y_max: float | None = None
    correlate: bool = False
    run: int = 0
    chosen: int = 0
    table: bool = False
    back: str = ""
    search: SeriesSearch = NO_SEARCH

    @property
    def is_correlation(self) -> bool:
        """Whether the series are drawn against each other."""
        return self.correlate and self.may_correlate

    @property
    def may_correlate(self) -> bool:
        """Whether the number of series allows it."""
        return len(self.series) in (2, 3)

    @property
    def query(self) -> list[tuple[str, str]]:
        """Names and values of the query of the address, without default values and without the search."""
        values = [
            *(("series", str(key)) for key in self.series),
            *self.option_query,
            ("ymin", exact_text(self.y_min)),
            ("ymax", exact_text(self.y_max)),
            ("correlate", "1" if self.is_correlation else ""),
            ("run", str(self.run or "")),
            ("of", str(self.chosen or "")),
            ("table", "1" if self.table else ""),
            ("back", self.back),
        ]
        return [(name, value) for name, value in values if value]

    def hidden_fields(self, *shown: str) -> list[tuple[str, str]]:
        """The query as hidden fields of a form, without the fields that the form shows."""
        return [(name, value) for name, value in self.query if name not in shown]

    @property
    def address(self) -> str:
        """The address of this view."""
        return self.address_of(CHART_PATH)

    @property
    def points_address(self) -> str:
        """The address of the points of the chart."""
        return self.replace(run=0, chosen=0, table=False, back="").address_of(f"{CHART_PATH}/points")

    def address_of(self, path: str, *more: tuple[str, str]) -> str:
        """A path of the hub with the query of this view, and with more fields."""
        return f"{href(path)}?{encoded([*self.query, *more])}"

    def of_point(self, key: Key, run: int) -> ChartView:
        """This view with another chosen point."""
        return self.replace(run=run, chosen=self.series.index(key) if key in self.series else 0)

    def with_series(self, key: Key) -> ChartView:
        """This view with one more series."""
        return self.replace(series=tuple(dict.fromkeys((*self.series, key))))

    def without_series(self, key: Key) -> ChartView:
        """This view without one of its series; the last one stays."""
        others = tuple(each for each in self.series if each != key)
        return self.replace(series=others or self.series, chosen=0)

    @property
    def chosen_key(self) -> Key:
        """The series of the chosen point."""
        return self.series[self.chosen]

    @property
    def page_of_trends(self) -> TrendView:
        """The page of trends to which this one leads back: the one that led here, or that of the first series."""
        if self.back:
            view = view_from_query(self.back)
            if view.is_complete:
                return view
        first = next((key for key in self.series if isinstance(key, SeriesKey)), None)
        options = {name: getattr(self, name) for name in ChartOptions.__dataclass_fields__}
        if first is None:
            return TrendView(**options)
        return TrendView(subsystem=first.subsystem, pd=first.primary_dataset, ps=first.processing, **options)


def chart_view_from_query(query: str) -> ChartView:
    """The view of the query of an address; wrong fields are in `problems`."""
    fields = Fields(query, lists=("series",), switches=(*SWITCHES, "correlate", "table"))
    series = _series(fields)
    y_min, y_max = (fields.parsed(name, _number, None) for name in ("ymin", "ymax"))
    if y_min is not None and y_max is not None and not y_max - y_min > CLOSEST_ENDS * max(abs(y_min), abs(y_max)):
        fields.refuse("ymax", "the upper end of the y axis must be above the lower one, by more than a part in a million millions")
        y_max = None
    view = ChartView(
        series=series,
        y_min=y_min,
        y_max=y_max,
        correlate=fields.switch("correlate"),
        run=fields.whole("run", 0, 0, LARGEST_RUN),
        chosen=fields.whole("of", 0, 0, max(0, len(series) - 1)),
        table=fields.switch("table"),
        back=fields.text("back", LONGEST_BACK),
        search=_search(fields),
        **read_options(fields),
    )
    fields.refuse_unknown(CHART_FIELDS if not fields.value("how") else (*CHART_FIELDS, *RUN_FORM_FIELDS), "pages of a chart")
    if fields.value("how"):
        form = read_form(fields, view.runs)
        view = view.replace(form=form, runs=form.choice)
    return view.replace(problems=tuple(fields.problems)).with_known_golden()


def _search(fields: Fields) -> SeriesSearch:
    return SeriesSearch(fields.switch("adding"), *(fields.text(name) for name in SEARCH_FIELDS[1:]))


def _series(fields: Fields) -> tuple[Key, ...]:
    found: dict[Key, None] = {}
    for text in fields.values("series"):
        try:
            found[parse_key(text)] = None
        except InvalidQuery as error:
            fields.refuse("series", str(error), text)
    if len(found) > MOST_SERIES:
        fields.refuse("series", f"a chart has at most {MOST_SERIES} series", str(len(found)))
    selections = list(dict.fromkeys(Selection.of(key) for key in found if isinstance(key, SeriesKey)))
    if len(selections) > MOST_SELECTIONS:
        most = f"a chart has series of at most {MOST_SELECTIONS} selections of subsystem, primary dataset and processing"
        fields.refuse("series", most, str(len(selections)))
    few = {None, *selections[:MOST_SELECTIONS]}
    return tuple(key for key in found if (Selection.of(key) if isinstance(key, SeriesKey) else None) in few)[:MOST_SERIES]


def _number(text: str) -> float | None:
    number = float(text) if len(text) <= 50 else math.nan
    if not math.isfinite(number):
        raise ValueError("expected a number")
    return number
