"""Finding the monitor elements (MEs) that match all terms of a search.

Each term finds the next ME that matches it from an index on, by one search in the joined names or columns. So an ME that
matches all is found by letting the terms advance in turn, and a large sample is passed once for each term.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol

from app.formats import Columns, Kind, MENames
from app.formats.finders import Finder, find_common, find_listed, find_others
from app.gui.errors import InvalidInput
from app.gui.quality import rank_of, ranks

PATTERN_S = 5.0
"""Longest time of one search with regular expressions, for all of them together."""

MAX_CALLS = 2_000_000
"""Calls of the finders of one search: about 2 s on a sample of any size."""

CHUNK = 5000
"""Names in which a regular expression is searched at a time, before the time is checked."""


@dataclass(frozen=True)
class Lists:
    """The lists of a sample that are searched."""

    names: MENames
    columns: Columns

    @cached_property
    def lines(self) -> bytes:
        """The names as lines, which all regular expressions of a search share: they are several MB."""
        return self.names.lines()


class SearchWork:
    """The work of one search, which is bounded: calls of its finders, and the time of its regular expressions."""

    def __init__(self) -> None:
        self.calls = 0
        self.end = time.monotonic() + PATTERN_S

    def counted(self, find: Finder) -> Finder:
        """The finder, whose calls are counted. It raises InvalidInput beyond MAX_CALLS."""

        def find_counted(index: int) -> int:
            self.calls += 1
            if self.calls > MAX_CALLS:
                raise _too_long("The search takes too long in this sample. Fewer terms are faster.")
            return find(index)

        return find_counted

    def check_time(self) -> None:
        """Raises InvalidInput when the regular expressions take longer than PATTERN_S."""
        if time.monotonic() > self.end:
            raise _too_long(f"The regular expression took longer than {PATTERN_S:g} s. A simpler one, or words beside it, are faster.")


def _too_long(problem: str) -> InvalidInput:
    return InvalidInput(problem, [("q", problem)])


class Term(Protocol):
    """A condition on an ME."""

    @property
    def excluded(self) -> bool:
        """Whether MEs must not match."""

    def finder(self, lists: Lists, work: SearchWork) -> Finder:
        """Finds the MEs of a sample that match, whether or not they are excluded."""


@dataclass(frozen=True)
class TextTerm:
    """The path contains a text."""

    text: str
    excluded: bool = False

    def finder(self, lists: Lists, work: SearchWork) -> Finder:
        """Finds by path."""
        return lists.names.finder(self.text)


@dataclass(frozen=True)
class PatternTerm:
    """The path matches a regular expression."""

    source: str  # as it was typed
    pattern: Any = field(compare=False)  # of re2, compiled for lines
    excluded: bool = False

    def finder(self, lists: Lists, work: SearchWork) -> Finder:
        """Finds by path. The finder raises InvalidInput when the search takes too long."""
        names, lines = lists.names, lists.lines

        def find(index: int) -> int:
            while index < len(names):
                work.check_time()
                last = min(index + CHUNK, len(names))
                match = self.pattern.search(lines, names.start(index), names.start(last) - 1)
                if match is not None:
                    return names.at(match.start())
                index = last
            return len(names)

        return find


@dataclass(frozen=True)
class StatusTerm:
    """The worst quality test of an ME has one of these statuses, 0 without tests."""

    codes: frozenset[int]
    excluded: bool = False

    def finder(self, lists: Lists, work: SearchWork) -> Finder:
        """Finds by status."""
        return _value_finder(ranks(lists.columns), map(rank_of, self.codes))


@dataclass(frozen=True)
class ClassTerm:
    """An ME is of one of these kinds."""

    kinds: frozenset[Kind]
    excluded: bool = False

    def finder(self, lists: Lists, work: SearchWork) -> Finder:
        """Finds by kind."""
        return _value_finder(lists.columns.kind.tobytes(), self.kinds)


def _value_finder(column: bytes, values: Iterable[int]) -> Finder:
    """Finds the positions of a column with one of these values."""
    selected = bytearray(256)
    for value in values:
        selected[value] = 1
    marks = column.translate(bytes(selected))

    def find(index: int) -> int:
        position = marks.find(1, index)
        return position if position >= 0 else len(marks)

    return find


def find_matches(terms: Iterable[Term], lists: Lists, limit: int, among: Sequence[int] | None = None) -> list[int]:
    """The first MEs that match all terms, in order. Raises InvalidInput for a search that takes too long.

    Args:
        limit: Their greatest number.
        among: Only these MEs, in order, are tried; None for all.
    """
    count, work = len(lists.names), SearchWork()
    finders = [] if among is None else [find_listed(among, count)]
    for term in dict.fromkeys(terms):
        find = work.counted(term.finder(lists, work))
        finders.append(find_others(find, count) if term.excluded else find)
    return find_common(finders, count, limit)
