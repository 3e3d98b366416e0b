"""Numbers and order of failing monitor elements are those of a plain count."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from app.formats import Columns
from app.gui.quality import STATUS_CODES, failing_mes, rank_of, ranks

STATUSES = st.lists(st.sampled_from([*STATUS_CODES.values(), 45, 556]), max_size=40)
"""Worst statuses of the elements of a sample; 45 and 556 (whose low byte is that of 300) are unknown to CMS software."""


def columns(statuses: list[int]) -> Columns:
    zeros = [0] * len(statuses)
    return Columns([zeros, zeros, zeros, zeros, zeros, statuses, zeros, zeros, zeros])


@given(STATUSES, st.integers(0, 40), st.integers(0, 40))
def test_failing_mes_of_a_range_are_counted_and_listed_worst_first(statuses: list[int], one: int, other: int) -> None:
    first, last = min(one, other), max(one, other)
    failing = failing_mes(columns(statuses))
    part = statuses[first:last]
    assert failing.counts(first, last) == (part.count(300), part.count(200), part.count(60))
    expected = [index for code in (300, 200, 60) for index, status in enumerate(statuses) if status == code and first <= index < last]
    assert failing.between(first, last) == expected


@given(STATUSES)
def test_a_status_unknown_to_cms_software_ranks_as_other(statuses: list[int]) -> None:
    assert list(ranks(columns(statuses))) == [rank_of(status if status in STATUS_CODES.values() else 30) for status in statuses]
    assert sorted(STATUS_CODES.values(), key=rank_of) == [300, 200, 60, 30, 90, 70, 100, 50, 0]
