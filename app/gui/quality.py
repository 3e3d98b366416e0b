"""Results of quality tests over a whole sample: the worst status of each monitor element (ME), and the MEs that fail."""

from __future__ import annotations

from bisect import bisect_left
from typing import NamedTuple
from weakref import WeakKeyDictionary

from app.formats import Columns
from app.formats.elements import SEVERITY

STATUS_NAMES = {
    300: "error",
    200: "warning",
    60: "invalid",
    30: "other",
    90: "did_not_run",
    70: "too_little_data",
    100: "ok",
    50: "disabled",
    0: "none",
}
"""The name of each status in a search, worst first; `none`: an ME without tests."""

FAILING = (300, 200, 60)
"""Statuses of MEs that fail, worst first."""

_RANKS = {code: rank for rank, code in enumerate((*SEVERITY, 0))}


def rank_of(code: int) -> int:
    """The place of a status among all, 0 for the worst; a code unknown to CMS software is as 30 (other)."""
    return _RANKS.get(code, _RANKS[30])


class FailingCounts(NamedTuple):
    """Numbers of MEs by the worst status of their quality tests."""

    errors: int
    warnings: int
    invalid: int


class FailingMEs(NamedTuple):
    """The indices of the MEs with each worst status of their quality tests, in order."""

    errors: list[int]
    warnings: list[int]
    invalid: list[int]

    def counts(self, first: int, last: int) -> FailingCounts:
        """The numbers of those from index `first` to before `last`."""
        errors, warnings, invalid = self  # written out, since a page counts in each of its folders
        return FailingCounts(
            bisect_left(errors, last) - bisect_left(errors, first),
            bisect_left(warnings, last) - bisect_left(warnings, first),
            bisect_left(invalid, last) - bisect_left(invalid, first),
        )

    def between(self, first: int, last: int) -> list[int]:
        """Those from index `first` to before `last`: errors, then warnings, then invalid ones."""
        return [index for mes in self for index in mes[bisect_left(mes, first) : bisect_left(mes, last)]]


# A pass over all statuses of a large sample for each folder is too slow; a sample has few failing MEs.
_ranks: WeakKeyDictionary[Columns, bytes] = WeakKeyDictionary()
_failing: WeakKeyDictionary[Columns, FailingMEs] = WeakKeyDictionary()


def ranks(columns: Columns) -> bytes:
    """The `rank_of` of the worst status of each ME, one byte for each."""
    if (found := _ranks.get(columns)) is None:
        table = {code: rank_of(code) for code in set(columns.status)}
        found = _ranks[columns] = bytes(map(table.__getitem__, columns.status))
    return found


def failing_mes(columns: Columns) -> FailingMEs:
    """The MEs of a sample that fail."""
    if (found := _failing.get(columns)) is None:
        found = _failing[columns] = FailingMEs(*(_positions(ranks(columns), rank_of(code)) for code in FAILING))
    return found


def _positions(values: bytes, value: int) -> list[int]:
    found, at = [], values.find(value)
    while at >= 0:
        found.append(at)
        at = values.find(value, at + 1)
    return found
