"""Sentences on the runs of a page: how many there are, which are hidden or marked, and why."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from app.trends.golden import golden_runs
from app.trends.pages.chart_options import USUAL_RUNS
from app.trends.pages.chart_view import ChartView
from app.trends.pages.view import TrendView
from app.trends.query.columns import TrendTable
from app.trends.query.run_columns import NO, UNKNOWN

AXIS_FACTS = {
    "time": ("start", "start is"),
    "fill": ("fill", "fill is"),
    "lumi": ("recorded_lumi", "recorded luminosity is"),
    "duration": ("duration", "duration is"),
    "delivered": ("delivered_lumi", "delivered luminosity is"),
}
"""The fact of a run that an x axis needs: its column, and how a sentence on it begins."""


class RunNote(NamedTuple):
    """A sentence, and a link that changes what it says."""

    text: str
    link: str = ""
    address: str = ""


def run_notes(view: TrendView | ChartView, table: TrendTable) -> list[RunNote]:
    """The sentences on the runs of a table."""
    if not len(table.runs):
        return _nothing(view, table)
    first, last = table.runs.run[0], table.runs.run[-1]
    count = len(table.runs)
    found = [RunNote(f"{_runs(count)}, {first}–{last}." if count > 1 else f"1 run, {first}.")]
    return found + _hidden(view, table) + _left_out(view, table) + _marked(view, table) + _axis(view, table)


def _runs(count: int) -> str:
    return "1 run" if count == 1 else f"{count:,} runs"


def _nothing(view: TrendView | ChartView, table: TrendTable) -> list[RunNote]:
    if table.hidden:
        return _hidden(view, table)
    if view.runs == USUAL_RUNS:
        return [RunNote("No run has a point of these trends yet.")]
    text = "None of these runs has points of these trends."
    return [RunNote(text, "Show the latest runs", view.replace(runs=USUAL_RUNS).address)]


def _hidden(view: TrendView | ChartView, table: TrendTable) -> list[RunNote]:
    if not table.hidden:
        return []
    is_one = table.hidden == 1
    reasons = ["not significant"] if view.significant == "yes" else []
    reasons += [f"not of class {view.run_class}"] if view.run_class else []
    text = f"{_runs(table.hidden)} {'is' if is_one else 'are'} hidden: {'it is' if is_one else 'they are'} {' or '.join(reasons)}."
    return [RunNote(text, "Show it" if is_one else "Show them", view.replace(significant="all", run_class="").address)]


def _left_out(view: TrendView | ChartView, table: TrendTable) -> list[RunNote]:
    """The runs of a list or golden JSON that have no result here."""
    wanted = len(golden_runs(view.runs.golden)) if view.runs.golden else len(view.runs.runs)
    missing = wanted - len(table.runs) - table.hidden
    if missing <= 0:
        return []
    name = "golden JSON" if view.runs.golden else "list"
    return [RunNote(f"{_runs(missing)} of the {name} {'has' if missing == 1 else 'have'} no result of these trends.")]


def _marked(view: TrendView | ChartView, table: TrendTable) -> list[RunNote]:
    found = []
    if bad := int(np.count_nonzero(table.runs.significant == NO)):
        text = f"{_runs(bad)} {'is' if bad == 1 else 'are'} not significant and marked."
        found.append(RunNote(text, "Hide it" if bad == 1 else "Hide them", view.replace(significant="yes").address))
    if unknown := int(np.count_nonzero(table.runs.significant == UNKNOWN)):
        be = "is" if unknown == 1 else "are"
        found.append(
            RunNote(f"It is not known whether {_runs(unknown)} {be} significant; {'it is' if unknown == 1 else 'they are'} marked.")
        )
    return found


def _axis(view: TrendView | ChartView, table: TrendTable) -> list[RunNote]:
    if view.x not in AXIS_FACTS:
        return []
    column, fact = AXIS_FACTS[view.x]
    missing = int(np.count_nonzero(np.isnan(getattr(table.runs, column))))
    found = [RunNote("The x axis is the sum of the recorded luminosities of these runs.")] if view.x == "lumi" else []
    if missing:
        found.append(RunNote(f"{_runs(missing)} {'is' if missing == 1 else 'are'} not on the x axis: the {fact} not known."))
    return found
