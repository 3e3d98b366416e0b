"""The least rate of bodies and readers. What is right follows from its definition."""

from __future__ import annotations

import time

import pytest

from protocol.buffered_http.rate import Rate

RATE = Rate(30.0, 16 * 1024)


def test_who_sent_fast_may_be_silent_no_longer_than_others() -> None:
    deadline = RATE.extended(time.monotonic() + 30, 64 * 2**20)
    assert deadline <= time.monotonic() + 30


def test_a_byte_now_and_then_is_no_progress() -> None:
    begin = time.monotonic() + 10
    deadline = begin
    for _ in range(30):
        deadline = RATE.extended(deadline, 1)
    assert deadline - begin == pytest.approx(30 / 16384)


def test_who_keeps_the_rate_keeps_the_time_that_is_left() -> None:
    deadline = time.monotonic() + 10
    assert RATE.extended(deadline, 5 * 16 * 1024) == pytest.approx(deadline + 5)
