"""Which layouts a page shows: those of its folder or search; and the layout that is opened alone."""

from __future__ import annotations

from collections.abc import Sequence

from app.gui.catalog.catalog import OpenSample
from app.gui.current import layout_contents, layout_index
from app.gui.layouts.index import LayoutIndex, LayoutRef
from app.gui.layouts.layout import Layout, PlotCell
from app.gui.layouts.scopes import scope_of
from app.gui.pages.compare import LegendEntry
from app.gui.pages.shared_layout import shared_layout
from app.gui.plot_addresses import plot_path
from app.gui.search_terms import Term
from app.gui.view import View


def opened_layout(view: View) -> Layout | None:
    """The private layout that a view shows, or the layout whose path is its folder."""
    if view.shared:
        return shared_layout(view.shared).layout
    ref = layout_index(scope_of(view.key.dataset)).find(view.folder)
    return layout_contents([ref])[0][1] if ref else None


def _opened_cell(view: View) -> PlotCell | None:
    """The plot of a view in its layout; None for a plot outside of layouts."""
    layout = opened_layout(view)
    return next((cell for cell in layout.plots if plot_path(cell) == view.plot), None) if layout else None


def with_cell(view: View) -> View:
    """The view with what its layout has for its plot."""
    return view.replace(cell=_opened_cell(view)) if view.plot else view


def drawn_references(view: View, legend: Sequence[LegendEntry]) -> Sequence[LegendEntry]:
    """Those of the references of a page that are drawn with its plot: none if its layout says so."""
    return legend if view.references_of(view.plot) else ()


def layout_cells(sample: OpenSample, layout: Layout) -> list[int]:
    """The MEs of a layout that a sample has, in the order of the grid."""
    found = (sample.names.find(plot_path(cell)) for cell in layout.plots)
    return list(dict.fromkeys(index for index in found if index is not None))


def listed_layouts(sample: OpenSample, view: View, terms: Sequence[Term], legend: Sequence[LegendEntry], limit: int) -> list[LayoutRef]:
    """The layouts of the folder of a view, first the one whose path it is; or those that match the terms of a search, at most `limit`."""
    index = layout_index(scope_of(view.key.dataset))
    if terms:
        found = index.search(terms, sample.columns, limit)
    else:
        alone = index.find(view.folder)
        found = [*([alone] if alone else []), *index.folder(view.folder).layouts]
    if view.only == "failing":
        found = [ref for ref in found if _fails(sample, index, ref)]
    elif view.only == "reference":
        found = [ref for ref, layout in layout_contents(found) if has_reference(layout, legend)]
    return sorted(found, key=lambda ref: not _fails(sample, index, ref)) if view.failing_first else found


def _fails(sample: OpenSample, index: LayoutIndex, ref: LayoutRef) -> bool:
    return any(index.failing_counts(sample, *index.positions(ref.path)))


def has_reference(layout: Layout, legend: Sequence[LegendEntry]) -> bool:
    """Whether any plot of a layout is shown with a reference."""
    return any(cell.reference != "no" and not each.lacks(plot_path(cell)) for cell in layout.plots for each in legend)
