"""The monitor elements (MEs) and layouts that match a search. The filter of the page is applied before their number is limited."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from app.gui.catalog.catalog import OpenSample
from app.gui.current import layout_contents, layout_index
from app.gui.layouts.scopes import scope_of
from app.gui.layouts.showing.index import LayoutIndex, LayoutRef
from app.gui.pages.compare import LegendEntry
from app.gui.pages.layout_lists import has_reference
from app.gui.quality import STATUS_CODES, failing_mes
from app.gui.search_terms import Lists, StatusTerm, Term, find_matches
from app.gui.search_words import parse_search
from app.gui.view import View

MAX_MATCHES = 1000
"""MEs or layouts of a search."""

MAX_EMPTY = 100
"""Layouts without plots in the sample that a search names."""


class FoundLayouts(NamedTuple):
    """Layouts that match a search."""

    shown: list[LayoutRef]  # those with plots in the sample, at most MAX_MATCHES
    empty: list[LayoutRef]  # others, at most MAX_EMPTY
    more_empty: bool  # whether there are more of these


def search_terms(view: View) -> tuple[Term, ...]:
    """The conditions of a view on the MEs in its list; none without a search. Raises InvalidInput for a wrong one."""
    of_status = (StatusTerm(frozenset({STATUS_CODES[view.status]})),) if view.status else ()
    return (*of_status, *parse_search(view.q))


def found_mes(sample: OpenSample, view: View, terms: Sequence[Term], legend: Sequence[LegendEntry]) -> list[int]:
    """The first MEs that match and that the view shows. Raises InvalidInput for a search that takes too long."""
    lists = Lists(sample.names, sample.columns)
    failing: list[int] = []
    if view.only == "failing" or view.failing_first:
        failing = find_matches(terms, lists, MAX_MATCHES, among=sorted(index for mes in failing_mes(sample.columns) for index in mes))
    if view.only == "failing":
        return failing
    if view.only == "reference":
        return _with_reference(sample, terms, lists, legend)
    return list(dict.fromkeys([*failing, *find_matches(terms, lists, MAX_MATCHES)]))[:MAX_MATCHES]


def _with_reference(sample: OpenSample, terms: Sequence[Term], lists: Lists, legend: Sequence[LegendEntry]) -> list[int]:
    """Those MEs that a reference has: searched for in parts, since references have most MEs."""
    legend = [each for each in legend if each.sample]
    found: list[int] = []
    start = 0
    while legend and len(found) < MAX_MATCHES:
        part = find_matches(terms, lists, MAX_MATCHES, among=range(start, len(sample.names)))
        found += [index for index in part if any(not each.lacks(sample.names[index]) for each in legend)]
        if len(part) < MAX_MATCHES:
            break
        start = part[-1] + 1
    return found[:MAX_MATCHES]


def found_layouts(sample: OpenSample, view: View, terms: Sequence[Term], legend: Sequence[LegendEntry]) -> FoundLayouts:
    """The first layouts that match and that the view shows. Raises InvalidInput for a search that takes too long."""
    index = layout_index(scope_of(view.key.dataset))
    failing = _failing(sample, index, terms) if view.only == "failing" or view.failing_first else []
    if view.only == "failing":
        return FoundLayouts(failing, [], more_empty=False)
    with_data, without = index.by_data(sample.names)
    if view.only == "reference":
        candidates = index.search(terms, sample.columns, len(index), with_data)
        chosen = [ref for ref, layout in layout_contents(candidates) if has_reference(layout, legend)]
        return FoundLayouts(chosen[:MAX_MATCHES], [], more_empty=False)
    shown = dict.fromkeys([*failing, *index.search(terms, sample.columns, MAX_MATCHES, with_data)])
    empty = index.search(terms, sample.columns, MAX_EMPTY + 1, without)
    return FoundLayouts([*shown][:MAX_MATCHES], empty[:MAX_EMPTY], more_empty=len(empty) > MAX_EMPTY)


def _failing(sample: OpenSample, index: LayoutIndex, terms: Sequence[Term]) -> list[LayoutRef]:
    return index.search(terms, sample.columns, MAX_MATCHES, index.failing_layouts(sample))
