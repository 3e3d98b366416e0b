"""The help of layouts for a plot: description, good and bad example, what to do, contact."""

from __future__ import annotations

from typing import NamedTuple

from flask import url_for
from markupsafe import Markup

from app.gui.catalog.stored import find_sample
from app.gui.current import layout_contents, layout_index
from app.gui.layouts.descriptions import description_html
from app.gui.layouts.editing.rights import may_change
from app.gui.layouts.editing.versions import find
from app.gui.layouts.layout import Example, Layout, PlotCell
from app.gui.layouts.scopes import scope_of
from app.gui.pages.layout_lists import opened_layout
from app.gui.pages.shared_layout import shared_layout
from app.gui.plot_addresses import plot_path
from app.gui.references import Reference
from app.gui.view import TILE_SIZES, View


class ShownExample(NamedTuple):
    """How the plot looks in a run that is known to be good or bad."""

    title: str
    note: Markup
    label: str  # of the sample, "" without one
    image: str  # address of the plot of that sample, or ""
    address: str  # of its page, or ""
    problem: str  # why there is no plot, as a sentence, or ""


class PlotHelp(NamedTuple):
    """The help of one layout for a plot."""

    layout: str  # its path
    address: str  # of the plot in this layout
    about: Markup
    examples: list[ShownExample]
    action: Markup
    contact: Markup


class LayoutLink(NamedTuple):
    """A layout with the plot."""

    path: str
    address: str  # of the plot in this layout


EXAMPLE_SIZE = TILE_SIZES["m"]


def layouts_of_plot(view: View) -> list[LayoutLink]:
    """The layouts of the scope of a page that have its plot, without the layout of the view."""
    found = layout_index(scope_of(view.key.dataset)).of_plot(view.plot)
    others = (ref for ref in found if not view.cell or ref.path != view.folder)
    return [LayoutLink(ref.path.decode(), view.of_folder(ref.path).of_plot(view.plot).address) for ref in others]


def edit_address(view: View) -> str:
    """Address of the editor at the plot of a view; "" outside of layouts, and for users who may not change the layout in pages."""
    if view.cell is None:
        return ""
    ref = None if view.shared else layout_index(scope_of(view.key.dataset)).find(view.folder)
    number = ref.arrangement if ref else shared_layout(view.shared).number if view.shared else 0
    row = find(number) if number else None
    if row is None or row.source or not may_change(row.owner, row.path):
        return ""
    return url_for("layouts.edit", number=number, plot=view.cell.plot, run=view.key.run, dataset=view.key.dataset)


def help_of_plot(view: View) -> list[PlotHelp]:
    """The help of the layout of a view for its plot; for a plot outside of layouts the help of all of them, each text once."""
    index = layout_index(scope_of(view.key.dataset))
    if isinstance(view.cell, PlotCell):
        layout = opened_layout(view)
        found = [(layout, view.cell)] if layout else []
    else:
        layouts = [layout for _, layout in layout_contents(index.of_plot(view.plot))]
        found = [(layout, cell) for layout in layouts for cell in layout.plots if plot_path(cell) == view.plot]
    return list({_texts(cell): _help(view, layout, cell) for layout, cell in found if any(_texts(cell))}.values())


def _texts(cell: PlotCell) -> tuple[str, ...]:
    help_texts = cell.help
    return (cell.text, *help_texts.good, *help_texts.bad, help_texts.action, help_texts.contact)


def _help(view: View, layout: Layout, cell: PlotCell) -> PlotHelp:
    inside = view if view.cell else view.of_folder(layout.path.encode()).of_plot(view.plot).replace(cell=cell)
    examples = [_example(inside, title, each) for title, each in (("Good", cell.help.good), ("Bad", cell.help.bad)) if any(each)]
    action, contact = description_html(cell.help.action), description_html(cell.help.contact)
    return PlotHelp(layout.path, inside.address, description_html(cell.text), examples, action, contact)


def _example(view: View, title: str, example: Example) -> ShownExample:
    note = description_html(example.note)
    reference = Reference.parse(example.sample.encode())
    if reference is None:
        return ShownExample(title, note, example.sample, "", "", "")
    label = reference.shown_label(view.key)
    there = view.replace(key=reference.key(view.key), references=())
    if find_sample(there.key) is None:
        return ShownExample(title, note, label, "", "", f"There is no {there.key} here: an expert can choose another example in the layout")
    if reference.path:
        there = there.of_folder(reference.path.rpartition(b"/")[0]).of_plot(reference.path)
    return ShownExample(title, note, label, view.image_of(reference, view.plot, EXAMPLE_SIZE), there.address, "")
