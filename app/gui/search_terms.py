"""Finding the monitor elements (MEs) that match all terms of a search.

Each term finds the next ME that matches it from an index on, by one search in the joined names or columns. So an ME that
matches all is found by letting the terms advance in turn, and a large sample is passed once for each term.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from app.formats import Columns, Kind, MENames
from app.formats.finders import Finder, find_common, find_others
from app.gui.errors import InvalidInput
from app.gui.quality import rank_of, ranks

PATTERN_S = 5.0
"""Longest time of one search with a regular expression."""

CHUNK = 5000
"""Names in which a regular expression is searched at a time, before the time is checked."""


class Lists(NamedTuple):
    """The lists of a sample that are searched."""

    names: MENames
    columns: Columns


class Term(Protocol):
    """A condition on an ME."""

    @property
    def excluded(self) -> bool:
        """Whether MEs must not match."""

    def finder(self, lists: Lists) -> Finder:
        """Finds the MEs of a sample that match, whether or not they are excluded."""


@dataclass(frozen=True)
class TextTerm:
    """The path contains a text."""

    text: str
    excluded: bool = False

    def finder(self, lists: Lists) -> Finder:
        """Finds by path."""
        return lists.names.finder(self.text)


@dataclass(frozen=True)
class PatternTerm:
    """The path matches a regular expression, compiled for lines by re2."""

    pattern: Any  # of re2
    excluded: bool = False

    def finder(self, lists: Lists) -> Finder:
        """Finds by path. The finder raises InvalidInput when it takes too long."""
        names, lines, end = lists.names, lists.names.lines(), time.monotonic() + PATTERN_S

        def find(index: int) -> int:
            while index < len(names):
                if time.monotonic() > end:
                    problem = f"The regular expression took longer than {PATTERN_S:g} s. A simpler one, or words beside it, are faster."
                    raise InvalidInput(problem, [("q", problem)])
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

    def finder(self, lists: Lists) -> Finder:
        """Finds by status."""
        return _value_finder(ranks(lists.columns), map(rank_of, self.codes))


@dataclass(frozen=True)
class ClassTerm:
    """An ME is of one of these kinds."""

    kinds: frozenset[Kind]
    excluded: bool = False

    def finder(self, lists: Lists) -> Finder:
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


def find_matches(terms: Sequence[Term], lists: Lists, limit: int) -> list[int]:
    """The first `limit` MEs that match all terms, in order. Raises InvalidInput for a regular expression that takes too long."""
    count = len(lists.names)
    finders = [find_others(term.finder(lists), count) if term.excluded else term.finder(lists) for term in terms]
    return find_common(finders, count, limit)
