"""Searches combined: the indices that all of them find, and those that one does not find.

A finder is one search: it gives the first match at or after an index.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence

Finder = Callable[[int], int]
"""From an index to the first index from it on that matches; the number of all indices, or more, if none does."""


def find_common(finders: Sequence[Finder], count: int, limit: int) -> list[int]:
    """The first `limit` of `count` indices that all finders find, in order."""
    finders = [without_repetition(find) for find in finders]
    found: list[int] = []
    index = 0
    while len(found) < limit and index < count:
        candidate = index
        for find in finders:
            candidate = find(candidate)
        if candidate == index:
            found.append(index)
            candidate += 1
        index = candidate
    return found


def find_others(find: Finder, count: int) -> Finder:
    """Finds what a finder does not find."""
    find = without_repetition(find)

    def find_other(index: int) -> int:
        while index < count and find(index) == index:
            index += 1
        return index

    return find_other


def find_listed(indices: Sequence[int], count: int) -> Finder:
    """Finds the indices of a sorted list, of `count` in all."""

    def find(index: int) -> int:
        position = bisect_left(indices, index)
        return indices[position] if position < len(indices) else count

    return find


def without_repetition(find: Finder) -> Finder:
    """The same for indices that grow: what was searched up to the last match is not searched again."""
    last = -1

    def find_once(index: int) -> int:
        nonlocal last
        if last < index:
            last = find(index)
        return last

    return find_once
