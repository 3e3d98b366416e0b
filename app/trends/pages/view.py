"""The state of the page of trends, which its address holds.

/trends?subsystem=&pd=&ps=&ps2=&runs=&class=&significant=&search=&page=&grid=2x2&x=&<switches>&band=&sigma=&robust=&drift=&table=1
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from app.trends.pages.chart_options import OPTION_FIELDS, SWITCHES, ChartOptions, read_options
from app.trends.pages.run_form import RUN_FORM_FIELDS, read_form
from app.web.fields import Fields
from app.web.frame import href

PATH = "/trends"

GRID = (2, 2)
"""Columns and rows of the charts of a page whose address names none."""

GRIDS = ((1, 1), (1, 2), (2, 2), (2, 4), (3, 3), (3, 6), (4, 5), (3, 30))
"""Grids to choose from; an address can have others."""

MOST_COLUMNS, MOST_ROWS = 6, 100

LARGEST_PAGE = 9999

VIEW_FIELDS = ("subsystem", "pd", "ps", "ps2", "search", "page", "grid", "table", *OPTION_FIELDS)
"""Fields of the address."""

_GRID = re.compile(r"(\d{1,3})x(\d{1,3})", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class TrendView(ChartOptions):
    """The state of the page of trends.

    Attributes:
        subsystem, pd, ps: Subsystem, primary dataset and processing, "" while they are not chosen.
        ps2: A second processing whose series are in the same charts; "" for none.
        search: Words in titles and names of trends; "" for all trends.
        page: Number of the page of charts, from 1.
        grid: Columns and rows of charts on a page.
        table: Whether there is a table below each chart.
        form: What the form of the page says about runs; None for an address, which has `runs`.
    """

    subsystem: str = ""
    pd: str = ""
    ps: str = ""
    ps2: str = ""
    search: str = ""
    page: int = 1
    grid: tuple[int, int] = GRID
    table: bool = False

    @property
    def is_complete(self) -> bool:
        """Whether subsystem, primary dataset and processing are chosen."""
        return bool(self.subsystem and self.pd and self.ps)

    @property
    def list_state(self) -> str:
        """What the list of charts depends on: the form goes to the first page when it changes."""
        return "/".join((self.subsystem, self.pd, self.ps, self.search, grid_text(self.grid)))

    @property
    def charts_per_page(self) -> int:
        """Number of charts on a page."""
        return self.grid[0] * self.grid[1]

    @property
    def query(self) -> list[tuple[str, str]]:
        """Names and values of the query of the address, without default values."""
        values = [
            ("subsystem", self.subsystem),
            ("pd", self.pd),
            ("ps", self.ps),
            ("ps2", self.ps2),
            *self.option_query,
            ("search", self.search),
            ("page", "" if self.page == 1 else str(self.page)),
            ("grid", "" if self.grid == GRID else grid_text(self.grid)),
            ("table", "1" if self.table else ""),
        ]
        return [(name, value) for name, value in values if value]

    @property
    def address(self) -> str:
        """The address of this view."""
        return self.address_of(PATH)

    @property
    def points_address(self) -> str:
        """The address of the points of its charts."""
        return self.address_of(f"{PATH}/points")

    def address_of(self, path: str) -> str:
        """A path of the hub with the query of this view."""
        query = encoded(self.query)
        return href(path) + (f"?{query}" if query else "")


def encoded(query: list[tuple[str, str]]) -> str:
    """A query as in an address; `:`, `,` and `/` stay readable."""
    return urlencode(query, quote_via=quote, safe=":,/")


def grid_text(grid: tuple[int, int]) -> str:
    """A grid as in an address: `2x2`, columns first."""
    return f"{grid[0]}x{grid[1]}"


def view_from_query(query: str) -> TrendView:
    """The view of the query of an address; wrong fields are in `problems`."""
    fields = Fields(query, switches=SWITCHES)
    view = TrendView(
        subsystem=fields.text("subsystem"),
        pd=fields.text("pd"),
        ps=fields.text("ps"),
        ps2=fields.text("ps2"),
        search=fields.text("search"),
        page=fields.whole("page", 1, 1, LARGEST_PAGE),
        grid=fields.parsed("grid", _grid, GRID),
        table=fields.switch("table"),
        **read_options(fields),
    )
    if is_old_golden := fields.value("filter") == "json":
        fields.refuse("filter", "HDQM kept no golden JSON in its addresses: upload it on the page /trends/golden, then choose it here")
    old, form_fields = ("filter",) if is_old_golden else (), RUN_FORM_FIELDS if fields.value("how") else ()
    fields.refuse_unknown((*VIEW_FIELDS, *old, *form_fields), "pages of trends")
    if fields.value("how"):
        form = read_form(fields, view.runs)
        is_same_list = fields.value("was") == view.list_state
        view = view.replace(form=form, runs=form.choice, page=view.page if is_same_list else 1)
    return view.replace(problems=tuple(fields.problems)).with_known_golden()


def _grid(text: str) -> tuple[int, int]:
    match = _GRID.fullmatch(text)
    columns, rows = (int(match[1]), int(match[2])) if match else (0, 0)
    if not (1 <= columns <= MOST_COLUMNS and 1 <= rows <= MOST_ROWS):
        raise ValueError(f"expected columns x rows such as 2x2, at most {MOST_COLUMNS}x{MOST_ROWS}")
    return columns, rows
