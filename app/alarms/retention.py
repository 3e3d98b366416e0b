"""Removal of what alarms leave behind."""

from __future__ import annotations

from app.alarms.models import RECOVERED, AlarmMute, AlarmNotice, PlotAlarm
from app.core.short_writes import delete_rows


def remove_old(before: float) -> int:
    """Remove alarms that recovered, mutes of rules that are switched off, and notices from before this time, Unix s UTC; returns their number.

    An alarm whose recovery is still to be notified stays.
    """
    removed = delete_rows(PlotAlarm, PlotAlarm.state == RECOVERED, PlotAlarm.recovered < before, PlotAlarm.told.is_null())
    return removed + delete_rows(AlarmMute, AlarmMute.ends < before) + delete_rows(AlarmNotice, AlarmNotice.at < before)
