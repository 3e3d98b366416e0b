"""Kinds of events of alarms, see app.core.events."""

from __future__ import annotations

RAISED, REMINDER, RECOVERY = "plot-alarm", "plot-alarm-reminder", "plot-alarm-recovered"
