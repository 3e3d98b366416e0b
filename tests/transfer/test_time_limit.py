"""Time limits of programs and GUI machines on a machine that stalls now and then."""

from __future__ import annotations

import time

import pytest

from services.transfer.time_limit import MOST_AT_ONCE_S, TimeLimit


def left_after(monkeypatch: pytest.MonkeyPatch, limit: TimeLimit, *gaps: float) -> list[float]:
    """What is left of a limit at looks with these gaps between them, s; the clock is that of the first look."""
    found, now = [], time.monotonic()
    limit.left_s()
    with monkeypatch.context() as patch:
        for gap in (0.0, *gaps):
            now += gap
            patch.setattr(time, "monotonic", lambda moment=now: moment)
            found.append(limit.left_s())
    return [left - found[0] for left in found[1:]]


def test_a_limit_ends_after_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    assert left_after(monkeypatch, TimeLimit(100.0), 0.5, 0.5, 0.25) == pytest.approx([-0.5, -1.0, -1.25])


def test_a_stall_of_the_machine_counts_as_a_second_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    assert left_after(monkeypatch, TimeLimit(100.0), 0.5, 3600.0, 0.5) == pytest.approx(
        [-0.5, -0.5 - MOST_AT_ONCE_S, -1.0 - MOST_AT_ONCE_S]
    )


def test_a_limit_within_another_one_ends_with_the_first_of_them() -> None:
    assert TimeLimit(7.0, TimeLimit(3.0)).left_s() <= 3.0 < TimeLimit(7.0, TimeLimit(9.0)).left_s() <= 7.0
    assert TimeLimit(7.0, TimeLimit(-1.0)).left_s() < 0
