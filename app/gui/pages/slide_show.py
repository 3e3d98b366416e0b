"""A slide show through the plots of a list: a folder, a search, failing or marked plots. static/gui/slide_show.js plays it."""

from __future__ import annotations

from flask import Response

from app.gui.catalog.catalog import OpenSample
from app.gui.pages.compare import legend_of
from app.gui.pages.frame import sample_frame
from app.gui.pages.layout_lists import drawn_references, with_cell
from app.gui.pages.listing import siblings
from app.gui.pages.tile import SCALARS, tile
from app.gui.view import LARGE, LARGEST, SLIDE_S, View
from app.web import page

DEFAULT_SLIDE_S = 5
"""Interval of a slide show that a link starts, seconds."""


def slide_page(sample: OpenSample, view: View) -> Response:
    """One plot of the list, with links to the next and previous one; after the last one comes the first."""
    legend = legend_of(view)
    mes = [index for index in siblings(sample, view, legend) if sample.columns.kind[index] not in SCALARS]
    at = mes.index(found) if (found := sample.names.find(view.plot)) in mes else 0
    size = LARGEST if view.size == "xl" else LARGE
    steps = {name: view.of_plot(sample.names[mes[(at + step) % len(mes)]]).address for name, step in (("previous", -1), ("next", 1)) if mes}
    here = with_cell(view.of_plot(sample.names[mes[at]] if mes else b"").replace(slide_s=0))
    frame = sample_frame(view, sample) | {"live": None}  # each slide is new, and a poll that comes late would bring back the last one
    return page(
        "gui/slide_show.html",
        "gui/slide_show.html",
        slide=tile(sample, here, mes[at], drawn_references(here, legend), size) if mes else None,
        position=(at + 1, len(mes)),
        steps=steps,
        large=size,
        stop=here.replace(plot=b"").address,
        here=here,
        intervals=(SLIDE_S[0], SLIDE_S[-1]),
        **frame,
    )
