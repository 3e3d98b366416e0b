"""The layouts that a page shows: those of its folder or search, or the layout that is opened alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from app.gui.addresses import text
from app.gui.catalog.catalog import OpenSample
from app.gui.current import layout_contents, layout_index
from app.gui.layouts.layout import Layout, PlotCell
from app.gui.layouts.scopes import scope_of
from app.gui.layouts.showing.index import LayoutIndex, LayoutRef
from app.gui.pages.compare import LegendEntry
from app.gui.pages.shared_layout import shared_layout
from app.gui.plot_addresses import encoded, plot_path
from app.gui.view import View


def opened_layout(view: View) -> Layout | None:
    """The private layout that a view shows, or the layout whose path is its folder."""
    if view.shared:
        return shared_layout(view.shared).layout
    ref = layout_index(scope_of(view.key.dataset)).find(view.folder)
    return layout_contents([ref])[0][1] if ref else None


def with_cell(view: View) -> View:
    """The view with the cell of its layout for its plot; without the number of a cell that the layout does not have."""
    layout = opened_layout(view) if view.plot else None
    cells = [cell for cell in layout.plots if plot_path(cell) == view.plot] if layout else []
    number = view.cell_number if view.cell_number <= len(cells) else 1
    return view.replace(cell=cells[number - 1] if cells else None, cell_number=number)


def without_absent(sample: OpenSample, cell: PlotCell) -> PlotCell:
    """A cell with those of its overlays that a sample has; without any it is drawn as the plot alone."""
    return replace(cell, overlay=tuple(path for path in cell.overlay if sample.names.find(encoded(path)) is not None))


def absent_overlays(sample: OpenSample, cell: PlotCell) -> list[str]:
    """The paths of the overlays of a cell that a sample lacks."""
    return [text(encoded(path)) for path in cell.overlay if sample.names.find(encoded(path)) is None]


def drawn_references(view: View, legend: Sequence[LegendEntry]) -> Sequence[LegendEntry]:
    """Those of the references of a page that are drawn with its plot: none if its layout says so."""
    return legend if view.references_of(view.plot) else ()


def folder_layouts(sample: OpenSample, view: View, legend: Sequence[LegendEntry]) -> list[LayoutRef]:
    """The layouts in the folder of a view that the view shows; first the one with the path of the folder."""
    index = layout_index(scope_of(view.key.dataset))
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
