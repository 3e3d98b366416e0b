"""Quiet hours go by the clock at CERN, also in the nights in which it is set."""

from __future__ import annotations

from datetime import datetime

import pytest

from app.notify.quiet_hours import quiet_until

NIGHT = ("sound 22:00-06:00",)


def utc(text: str) -> float:
    return datetime.fromisoformat(text + "+00:00").timestamp()


@pytest.mark.parametrize(
    ("begin", "end"),
    [
        ("2026-07-10 20:00:00", "2026-07-11 04:00:00"),  # summer, 8 h
        ("2026-01-10 21:00:00", "2026-01-11 05:00:00"),  # winter, 8 h
        ("2026-10-24 20:00:00", "2026-10-25 05:00:00"),  # the clock is set back: 9 h
        ("2026-03-28 21:00:00", "2026-03-29 04:00:00"),  # and forward: 7 h
    ],
)
def test_a_night_lasts_from_evening_to_morning_by_the_clock(begin: str, end: str) -> None:
    first, last = utc(begin), utc(end)
    assert quiet_until(NIGHT, "sound", first - 1) is None
    assert [quiet_until(NIGHT, "sound", at) for at in (first, (first + last) / 2, last - 1)] == [last] * 3
    assert quiet_until(NIGHT, "sound", last) is None


@pytest.mark.parametrize("at", ["2026-10-25 00:30:00", "2026-10-25 01:30:00"])
def test_a_repeated_half_past_two_is_quiet_both_times(at: str) -> None:
    assert quiet_until(NIGHT, "sound", utc(at)) == utc("2026-10-25 05:00:00")
    assert quiet_until(("sound 02:15-02:45",), "sound", utc(at)) == utc("2026-10-25 01:45:00")


def test_an_end_in_the_repeated_hour_is_the_second() -> None:
    hours = ("sound 01:30-02:30",)
    assert quiet_until(hours, "sound", utc("2026-10-24 23:29:59")) is None
    assert quiet_until(hours, "sound", utc("2026-10-24 23:30:00")) == utc("2026-10-25 01:30:00")
    assert quiet_until(hours, "sound", utc("2026-10-25 00:45:00")) == utc("2026-10-25 01:30:00")
    assert quiet_until(hours, "sound", utc("2026-10-25 01:30:00")) is None


def test_each_kind_of_channel_has_its_own_hours_and_may_have_several() -> None:
    hours = (*NIGHT, "mail 12:00-13:30", "sound 12:30-13:00", "sound 05:00-07:00")
    noon = utc("2026-07-10 10:45:00")
    assert quiet_until(hours, "mail", noon) == utc("2026-07-10 11:30:00")
    assert quiet_until(hours, "sound", noon) == utc("2026-07-10 11:00:00")
    assert quiet_until(hours, "webhook", noon) is None
    assert quiet_until(hours, "sound", utc("2026-07-10 03:30:00")) == utc("2026-07-10 05:00:00"), "the later end counts"
