"""Private layouts on the pages of a sample: the plots of a view that can be pinned, and the layouts to pin them to."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

from flask import request

from app.gui import samples
from app.gui.addresses import text
from app.gui.layouts.editing import private
from app.gui.layouts.editing.grid import COLUMNS, Rows, in_columns
from app.gui.layouts.layout import DRAWN, PlotCell
from app.gui.pages.layout_lists import opened_layout, with_cell
from app.gui.pages.shared_layout import browser_user, shared_layout
from app.gui.plot_addresses import plot_path
from app.gui.samples import SampleKey
from app.gui.view import View
from app.web import Problem

NOT_PINNED = "Nothing can be pinned from this address"

MAX_SAMPLES = 8
"""Samples that a page of a private layout links to."""


class SampleChoice(NamedTuple):
    """A sample on which private layouts can be opened."""

    name: str
    key: SampleKey

    def address(self, shared: str) -> str:
        """The page that shows a private layout for this sample; `shared` as in View."""
        return View(self.key, shared=shared).address


def newest_samples() -> list[SampleChoice]:
    """The ongoing run, and the newest runs, of all datasets."""
    found = [*samples.ongoing(), *samples.runs(limit=MAX_SAMPLES)]
    return [SampleChoice(f"{f'Run {key.run}' if key.run else 'Live run'} {key.dataset}", key) for key in dict.fromkeys(found)][:MAX_SAMPLES]


def pinned_rows(view: View) -> Rows:
    """The cells of what a view shows, with its drawing options: its plot, with what its layout has for it, its marked plots, or its layout.

    Raises Problem 400 if there are none, or the name of one is not UTF-8.
    """
    found = with_cell(view).cell
    if isinstance(found, PlotCell):
        return ((_with_options(found, view),),)
    paths = [view.plot] if view.plot else list(view.marks)
    if not paths and (layout := opened_layout(view)):
        return layout.rows
    if not paths:
        raise Problem(400, NOT_PINNED, [("address", "expected that of a page of one plot, of marked plots, or of one layout")])
    try:
        return in_columns((tuple(_with_options(PlotCell(path.decode()), view) for path in paths),), COLUMNS)
    except UnicodeDecodeError:
        raise Problem(400, NOT_PINNED, [("plot", "the name of this plot is not UTF-8, which a layout cannot hold")]) from None


def _with_options(cell: PlotCell, view: View) -> PlotCell:
    options = {name: value for name, value in view.options_of(plot_path(cell)) if name in DRAWN}
    return replace(cell, draw=tuple((dict(cell.draw) | options).items()), written="")


def pin_context(view: View) -> dict[str, Any]:
    """Values of gui/pin.html, gui/my_plots_menu.html and gui/shared_layout.html: the private layouts of the signed-in user of this browser."""
    user = browser_user()
    choices = private.pin_choices(user, text(view.plot))
    return {
        "pin_choices": choices,
        "can_pin": bool(user),
        "pins_layout": bool(user) and not view.plot and not view.shared and opened_layout(view) is not None,
        "private_layout": shared_layout(view.shared) if view.shared else None,
        "is_own": bool(view.shared) and shared_layout(view.shared).owner == user,
        "close_shared": view.of_folder(b"").address,
        "own_plots": [(choice.name, view.of_folder(b"").replace(shared=str(choice.number)).address) for choice in choices],
        "pin_next": view.address.removeprefix(request.script_root),
    }
