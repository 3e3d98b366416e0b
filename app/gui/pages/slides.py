"""The order of a slide show: the plots of a list, or one plot in the runs of its dataset or the lumisections of its run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from app.gui import samples
from app.gui.catalog.catalog import OpenSample
from app.gui.pages.compare import LegendEntry
from app.gui.pages.siblings import siblings
from app.gui.pages.tile import SCALARS
from app.gui.samples import LARGEST, SampleKey
from app.gui.view import PLAYS, View

MAX_RUNS = 1000
"""A slide show goes through so many of the latest runs."""

LIST = "The plots of this list"
TITLES = {"": LIST, "runs": "This plot in other runs", "lumis": "This plot in lumisections"}
"""Titles of what a slide show goes through, by the value of `play`."""


class Slide(NamedTuple):
    """One slide and its place in the order."""

    view: View  # of its plot; all views are of the slide show
    number: int  # from 1; 0: the sample is none of those that are shown, as the whole run among its lumisections
    total: int
    previous: View
    next: View


def slide_of(sample: OpenSample | None, view: View, legend: Sequence[LegendEntry]) -> Slide | None:
    """The slide of a view, None if there is nothing to show. sample: None if it cannot be read."""
    listed = _listed_plots(sample, view, legend) if sample and not (view.play and view.plot) else None
    if view.play and listed:  # no plot was chosen
        view, listed = listed[0], None
    if listed is None:
        return _slide_of_samples(view)
    return _slide(listed, next((number for number, each in enumerate(listed) if _is_same_plot(each, view)), 0))


def _listed_plots(sample: OpenSample, view: View, legend: Sequence[LegendEntry]) -> list[View]:
    listed = siblings(sample, view, legend)
    return [each.view(view) for each in listed if each.me is not None and sample.columns.kind[each.me] not in SCALARS]


def _is_same_plot(one: View, other: View) -> bool:
    return (one.plot, one.cell_number, one.folder) == (other.plot, other.cell_number, other.folder)


def _slide_of_samples(view: View) -> Slide | None:
    keys = _keys(view)
    views = [view if key == view.key else view.replace(key=key, stamp=0, has_window=False) for key in keys]
    if view.key in keys:
        return _slide(views, keys.index(view.key))
    return Slide(view, 0, len(views), views[-1], views[0]) if views else None


def _slide(views: Sequence[View], at: int) -> Slide | None:
    total = len(views)
    return Slide(views[at], at + 1, total, views[at - 1], views[(at + 1) % total]) if views else None


def _keys(view: View) -> list[SampleKey]:
    """The samples in which one plot is shown; the ongoing run comes last."""
    key = view.key
    if view.play == "lumis":
        return [key._replace(lumi=lumi) for lumi in samples.lumis_of(key.run, key.dataset) if lumi]
    runs = {*samples.runs_of(key.dataset, key.lumi, MAX_RUNS), key.run}
    return [key._replace(run=run) for run in sorted(runs, key=lambda run: run or LARGEST + 1)]


def plays(view: View, is_listed: bool) -> list[tuple[str, View, bool]]:
    """What a slide show of the plot of a view can go through: title, view, and whether it is that of the view.

    Args:
        is_listed: Whether its list has plots.
    """
    key = view.key
    possible = {
        "": is_listed,
        "runs": any(number is not None for number in samples.neighbours(key)),
        "lumis": any(samples.lumis_of(key.run, key.dataset)),
    }
    return [
        (TITLES[play], view.replace(play=play), play == view.play)
        for play in ("", *PLAYS)
        if possible[play] or (play and play == view.play)
    ]
