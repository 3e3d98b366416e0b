"""The pages of charts, and the list of all charts with links to them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from app.trends.pages.charts import Chart
from app.trends.pages.view import TrendView
from app.web.fields import FieldProblem


class ListedChart(NamedTuple):
    """A chart in the list of all."""

    title: str
    address: str
    is_here: bool  # on this page


class ChartList(NamedTuple):
    """All charts of a view."""

    charts: list[ListedChart]
    pages: int
    previous: str  # address of the page before this one, "" for none
    next: str
    first: int  # number of the first chart of this page, from 1
    last: int


def pages_of(charts: Sequence[Chart], view: TrendView) -> int:
    """The number of pages of charts, at least 1."""
    return max(1, -(-len(charts) // view.charts_per_page))


def within(charts: Sequence[Chart], view: TrendView) -> TrendView:
    """The view, on the last page of charts if its own is beyond that."""
    pages = pages_of(charts, view)
    if view.page <= pages or not charts:
        return view
    problem = FieldProblem("page", str(view.page), f"there {'is 1 page' if pages == 1 else f'are {pages} pages'} of these charts")
    return view.replace(page=pages, problems=(*view.problems, problem))


def chart_list(charts: Sequence[Chart], view: TrendView) -> ChartList:
    """The list of all charts of a view."""
    size, pages = view.charts_per_page, pages_of(charts, view)
    addresses = [view.replace(page=page).address for page in range(1, pages + 1)]
    listed = []
    for number, chart in enumerate(charts):
        page = number // size + 1
        listed.append(ListedChart(chart.title, f"{addresses[page - 1]}#trend-{number + 1}", page == view.page))
    return ChartList(
        listed,
        pages,
        addresses[view.page - 2] if view.page > 1 else "",
        addresses[view.page] if view.page < pages else "",
        (view.page - 1) * size + 1,
        min(view.page * size, len(charts)),
    )
