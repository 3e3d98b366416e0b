"""Dates that are printed without a year."""

from __future__ import annotations

from datetime import datetime, timedelta, tzinfo


def last_such_date(month: int, day: int, clock: tuple[int, int, int], zone: tzinfo, now: float) -> datetime:
    """The last time of this date and hour, minute, second, up to a day after `now` (Unix s), as clocks differ. Raises ValueError."""
    latest = datetime.fromtimestamp(now, zone) + timedelta(days=1)
    for year in range(latest.year, latest.year - 9, -1):  # 29 February comes each fourth year, but not in 2100
        try:
            at = datetime(year, month, day, *clock, tzinfo=zone)
        except ValueError:
            continue
        if at <= latest:
            return at
    raise ValueError(f"There is no date {month:02}/{day:02} with this time")
