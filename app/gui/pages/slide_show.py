"""A slide show through the plots of a list, or through runs or lumisections with one plot. static/gui/slide_show.js plays it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Response, request

from app.gui.addresses import text
from app.gui.catalog.catalog import OpenSample
from app.gui.errors import ImportFailed
from app.gui.layouts.layout import PlotCell
from app.gui.pages.compare import LegendEntry, legend_of
from app.gui.pages.frame import sample_frame
from app.gui.pages.layout_lists import drawn_references, with_cell, without_absent
from app.gui.pages.slides import Slide, plays, slide_of
from app.gui.pages.tile import tile
from app.gui.problems import problem_of
from app.gui.view import LARGE, LARGEST, SLIDE_S, View
from app.web import page

DEFAULT_SLIDE_S = 5
"""Interval of a slide show that a link starts, seconds."""


def slide_page(sample: OpenSample, view: View) -> Response:
    """One plot, with links to the next and previous one; after the last one comes the first."""
    return _page(sample, view, "")


def failed_slide(view: View, failure: ImportFailed) -> Response:
    """A sample that cannot be read, in a slide show that goes on with the next one."""
    response = _page(None, view, failure.reason)
    if "HX-Request" not in request.headers:  # scripts swap no error
        response.status_code = problem_of(failure).status
    return response


def _page(sample: OpenSample | None, view: View, problem: str) -> Response:
    view = view.replace(slide_s=view.slide_s or DEFAULT_SLIDE_S)
    legend = legend_of(view)
    slide = slide_of(sample, view, legend)
    here = slide.view if slide else view.of_plot(b"")
    size = LARGEST if view.size == "xl" else LARGE
    frame = sample_frame(view, sample) | {"live": None}  # each slide is new, and a poll that comes late would bring back the last one
    return page(
        "gui/slide_show.html",
        "gui/slide_show.html",
        slide=slide,
        plot=_plot(sample, here, legend, size) if sample and slide else None,
        problem=problem,
        name=text(here.plot.rpartition(b"/")[2]),
        preload=_image(slide.next, size) if slide else "",
        large=size,
        stop=_plain(here).replace(plot=here.plot if view.play else b"").address,
        here=_plain(here).replace(play=view.play),
        intervals=(SLIDE_S[0], SLIDE_S[-1]),
        intervals_near=_near_intervals(slide),
        plays=[(title, each.address, is_current) for title, each, is_current in plays(here, bool(sample))] if slide else [],
        **frame,
    )


def play_links(view: View, is_listed: bool) -> list[tuple[str, str]]:
    """Titles and addresses of the slide shows that begin at the large plot of a view. is_listed: whether it can be one of its list."""
    here = view.of_plot(view.plot, view.cell_number).replace(slide_s=DEFAULT_SLIDE_S, table=False)
    return [(title, each.address) for title, each, _ in plays(here, is_listed)]


def _plain(view: View) -> View:
    return view.replace(slide_s=0, play="")


def _plot(sample: OpenSample, view: View, legend: Sequence[LegendEntry], size: tuple[int, int]) -> Any:
    """The plot of a slide as a tile; None if the sample lacks it."""
    index = sample.names.find(view.plot)
    here = with_cell(_plain(view))
    if isinstance(here.cell, PlotCell):
        here = here.replace(cell=without_absent(sample, here.cell))
    return None if index is None else tile(sample, here, index, drawn_references(here, legend), size)


def _image(view: View, size: tuple[int, int]) -> str:
    """The address of the plot of a view, for a browser that loads it before it is shown."""
    return with_cell(_plain(view)).image(view.plot, size)


def _near_intervals(slide: Slide | None) -> dict[str, str]:
    """The addresses of the slide with a longer and with a shorter interval."""
    if slide is None:
        return {}
    steps = {"+": slide.view.slide_s + 1, "-": slide.view.slide_s - 1}
    return {key: slide.view.replace(slide_s=seconds).address for key, seconds in steps.items() if seconds in SLIDE_S}
