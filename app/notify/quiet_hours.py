"""Quiet hours, by the clock on the wall at CERN, whatever the length of the night."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, time, timedelta

from app.core.zones import CERN
from app.notify.settings import QUIET_HOURS


def quiet_until(hours: Iterable[str], kind: str, at: float) -> float | None:
    """The end of the quiet hours of a kind of channel in which a moment lies; None when it lies in none. Both Unix s UTC.

    hours: as in the setting, "sound 22:00-06:00". An hour that comes twice in October is quiet both times; one that
    does not come in March ends an hour later by the clock that was set forward.
    """
    ends = [end for item in hours if (end := _end(item, kind, at)) is not None]
    return max(ends, default=None)


def _end(item: str, kind: str, at: float) -> float | None:
    found = QUIET_HOURS.fullmatch(item)
    if found is None or found["channel"] != kind:
        return None
    begin, end = time.fromisoformat(found["begin"]), time.fromisoformat(found["end"])
    today = datetime.fromtimestamp(at, CERN).date()
    for day in (today, today - timedelta(days=1)):
        last = moments(datetime.combine(day + timedelta(days=end <= begin), end))[1]
        if moments(datetime.combine(day, begin))[0] <= at < last:
            return last
    return None


def moments(wall: datetime) -> tuple[float, float]:
    """The first and the last moment at which the clock shows this time; they differ in the nights in which it is set."""
    found = [wall.replace(tzinfo=CERN, fold=fold).astimezone(UTC).timestamp() for fold in (0, 1)]
    return min(found), max(found)
