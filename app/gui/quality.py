"""Results of quality tests over a whole sample: the worst status of each monitor element (ME), and the MEs that fail."""

from __future__ import annotations

from bisect import bisect_left
from typing import NamedTuple
from weakref import WeakKeyDictionary

from app.formats import ERROR, WARNING, Columns, Facts, QTest
from app.formats.elements import SEVERITY
from app.formats.reals import shortest_real
from app.web.badges import Badge


class StatusKind(NamedTuple):
    """A status of a quality test."""

    name: str  # in a search
    badge: Badge  # with its meaning


_STATUSES = {
    ERROR: StatusKind("error", Badge("error", "error", "error", "Failed (error). Check the plot and the message of the test.")),
    WARNING: StatusKind("warning", Badge("warning", "warning", "warning", "Failed (warning).")),
    60: StatusKind("invalid", Badge("invalid", "unsure", "invalid", "The test cannot be applied to this plot.")),
    30: StatusKind("other", Badge("unsure", "unsure", "other", "Other; see the message of the test.")),
    90: StatusKind("did_not_run", Badge("idle", "off", "did not run", "The test did not run.")),
    70: StatusKind("too_little_data", Badge("unsure", "unsure", "too little data", "Too few entries for the test.")),
    100: StatusKind("ok", Badge("ok", "ok", "ok", "All enabled tests passed.")),
    50: StatusKind("disabled", Badge("idle", "off", "disabled", "The test is disabled.")),
}

STATUSES = {code: _STATUSES[code] for code in SEVERITY}
"""Each status by its code, worst first."""

STATUS_CODES = {status.name: code for code, status in STATUSES.items()} | {"none": 0}
"""The code of each status by its name in a search, worst first; `none`: an ME without tests."""

FAILING = SEVERITY[: SEVERITY.index(60) + 1]
"""Statuses of MEs that fail, worst first: error, warning, invalid."""

_RANKS = {code: rank for rank, code in enumerate((*SEVERITY, 0))}


def rank_of(code: int) -> int:
    """The place of a status among all, 0 for the worst; a code unknown to CMS software is as 30 (other)."""
    return _RANKS.get(code, _RANKS[30])


def status_badge(code: int) -> Badge | None:
    """The badge of a status; None for an ME without quality tests."""
    if not code:
        return None
    return STATUSES[code].badge if code in STATUSES else Badge("unsure", "unsure", f"status {code}")


def sorted_tests(facts: Facts, index: int) -> list[QTest]:
    """The quality tests of an ME, worst first, with real results in their shortest form."""
    tests = sorted(facts.qtests.get(index, ()), key=lambda test: rank_of(test.status))
    return [test._replace(result=shortest_real(test.result)) for test in tests]


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
