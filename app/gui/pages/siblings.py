"""The list that contains the large plot of a page, through which previous, next and a slide show lead."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from app.gui.catalog.catalog import OpenSample
from app.gui.current import layout_index
from app.gui.errors import InvalidInput
from app.gui.layouts.scopes import scope_of
from app.gui.pages.compare import LegendEntry
from app.gui.pages.layout_lists import opened_layout
from app.gui.pages.listing import chosen, failing_list, in_order
from app.gui.pages.matches import found_mes, search_terms
from app.gui.plot_addresses import plot_path
from app.gui.view import View


class ListedPlot(NamedTuple):
    """A plot of a list."""

    path: bytes
    me: int | None  # index of the monitor element (ME); None: the sample lacks this plot of a layout
    layout: bytes | None = None  # path of its layout in the list of several; None for others
    cell_number: int = 1  # as in View

    def view(self, view: View) -> View:
        """The view of this plot, large, in the list of a view."""
        here = view if self.layout is None else view.replace(folder=self.layout)
        return here.of_plot(self.path, self.cell_number)

    def is_that_of(self, view: View) -> bool:
        """Whether it is the large plot of a view."""
        return (self.path, self.cell_number) == (view.plot, view.cell_number) and self.layout in (None, view.folder)


def siblings(sample: OpenSample, view: View, legend: Sequence[LegendEntry]) -> list[ListedPlot]:
    """The list with the large plot: the marked or failing MEs, the matches of the search, the layouts of the folder, else its MEs."""
    if view.side_by_side:
        return [ListedPlot(path, me) for path in view.marks if (me := sample.names.find(path)) is not None]
    try:
        if view.failing:
            return _list_mes(sample, failing_list(sample, view))
        if terms := search_terms(view):
            return _list_mes(sample, in_order(sample, view, found_mes(sample, view, terms, legend)))
    except InvalidInput:
        pass
    if plots := _layout_plots(sample, view):
        shown = set(chosen(sample, view, [each.me for each in plots if each.me is not None], legend))
        return [each for each in plots if (not view.only if each.me is None else each.me in shown)]
    folder = view.plot.rpartition(b"/")[0] if view.plot else view.folder
    return _list_mes(sample, in_order(sample, view, chosen(sample, view, sample.names.folder(folder).mes, legend)))


def _list_mes(sample: OpenSample, mes: Iterable[int]) -> list[ListedPlot]:
    return [ListedPlot(sample.names[me], me) for me in mes]


def _layout_plots(sample: OpenSample, view: View) -> list[ListedPlot]:
    """The plots of a private layout, or of the layouts in the folder of that of the view; of a folder without MEs those of its layouts.

    So shifters can page through layouts of one plot each. None of a plot or folder outside of layouts.
    """
    if view.plot and not view.cell:
        return []
    if view.shared:
        layout = opened_layout(view)
        return _number_plots(sample, None, map(plot_path, layout.plots)) if layout else []
    index = layout_index(scope_of(view.key.dataset))
    alone = index.find(view.folder)
    if not alone and sample.names.folder(view.folder).mes:
        return []
    layouts = index.folder(alone.folder if alone else view.folder).layouts
    plots = (each for ref in layouts for each in index.plots(*index.positions(ref.path)))
    return [listed for each in plots for listed in _number_plots(sample, each.ref.path, each.sources)]


def _number_plots(sample: OpenSample, layout: bytes | None, paths: Iterable[bytes]) -> list[ListedPlot]:
    seen: Counter[bytes] = Counter()
    found = []
    for path in paths:
        seen[path] += 1
        found.append(ListedPlot(path, sample.names.find(path), layout, seen[path]))
    return found
