"""A slide show through the plots of a list: a folder, a search, failing or marked plots. static/gui/slide_show.js plays it."""

from __future__ import annotations

from flask import Response

from app.gui.catalog.catalog import OpenSample
from app.gui.layouts.layout import PlotCell
from app.gui.pages.compare import legend_of
from app.gui.pages.frame import sample_frame
from app.gui.pages.layout_lists import drawn_references, with_cell, without_absent
from app.gui.pages.siblings import siblings
from app.gui.pages.tile import SCALARS, tile
from app.gui.view import LARGE, LARGEST, SLIDE_S, View
from app.web import page

DEFAULT_SLIDE_S = 5
"""Interval of a slide show that a link starts, seconds."""


def slide_page(sample: OpenSample, view: View) -> Response:
    """One plot of the list, with links to the next and previous one; after the last one comes the first."""
    legend = legend_of(view)
    listed = siblings(sample, view, legend)
    plots = [(each, each.me) for each in listed if each.me is not None and sample.columns.kind[each.me] not in SCALARS]
    at = next((number for number, (each, _) in enumerate(plots) if each.is_that_of(view)), 0)
    size = LARGEST if view.size == "xl" else LARGE
    steps = {name: plots[(at + step) % len(plots)][0].view(view).address for name, step in (("previous", -1), ("next", 1)) if plots}
    here = with_cell((plots[at][0].view(view) if plots else view.of_plot(b"")).replace(slide_s=0))
    if isinstance(here.cell, PlotCell):
        here = here.replace(cell=without_absent(sample, here.cell))
    frame = sample_frame(view, sample) | {"live": None}  # each slide is new, and a poll that comes late would bring back the last one
    return page(
        "gui/slide_show.html",
        "gui/slide_show.html",
        slide=tile(sample, here, plots[at][1], drawn_references(here, legend), size) if plots else None,
        position=(at + 1, len(plots)),
        steps=steps,
        large=size,
        stop=here.replace(plot=b"").address,
        here=here,
        intervals=(SLIDE_S[0], SLIDE_S[-1]),
        **frame,
    )
