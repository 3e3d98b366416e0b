"""The names of the plots of many layouts in one text, so that a search can count matching plots without testing each of them."""

from __future__ import annotations

import re
from array import array
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate

from app.gui.patterns import compile_for_lines, compile_pattern

_WORD = re.compile(r"[A-Za-z0-9_ -]+", re.ASCII)
"""Expressions without special characters, which are searched for as plain text."""


class NameSearch:
    """A regular expression that is searched for in names, without regard to case. Raises InvalidPattern."""

    def __init__(self, source: str) -> None:
        self._pattern = compile_pattern(source.encode())
        self._of_lines = compile_for_lines(source)
        self._word = source.encode().lower() if _WORD.fullmatch(source) else b""

    def matches(self, name: bytes) -> bool:
        """Whether a name matches somewhere."""
        return self._word in name.lower() if self._word else self._pattern.search(name) is not None

    def matching(self, names: SearchedNames) -> Iterator[int]:
        """The indices of the names that match."""
        if word := self._word:
            return (index for index, name in enumerate(names.lowered) if word in name)
        return self._matching_lines(names)

    def _matching_lines(self, names: SearchedNames) -> Iterator[int]:
        start = 0
        while start < names.starts[-1] and (match := self._of_lines.search(names.lines, start)):
            index = bisect_right(names.starts, match.start()) - 1
            yield index
            start = names.starts[index + 1]


class SearchedNames:
    """Names to search in."""

    def __init__(self, names: Sequence[bytes]) -> None:
        self.lines = b"\n".join(name.replace(b"\n", b" ") for name in names)
        self.starts = array("I", accumulate((len(name) + 1 for name in names), initial=0))  # of each line, and where a next one would be
        self.lowered = [name.lower() for name in names]


class PlotNames:
    """Each name once, with the positions of the plots that have it."""

    def __init__(self, names: Iterable[Iterable[bytes]]) -> None:
        """names: those of the plot at each position."""
        positions: dict[bytes, array[int]] = defaultdict(lambda: array("I"))
        self._count = 0
        for each in names:
            for name in each:
                positions[name].append(self._count)
            self._count += 1
        self._positions = list(positions.values())
        self._names = SearchedNames(list(positions))

    def marks(self, search: NameSearch) -> bytearray:
        """A byte for each position: 1 where one of the names of the plot matches, else 0."""
        marks = bytearray(self._count)
        for name in search.matching(self._names):
            for position in self._positions[name]:
                marks[position] = 1
        return marks
