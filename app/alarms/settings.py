"""Settings of alarms."""

from __future__ import annotations

from dataclasses import dataclass

from app.core.settings.checks import between
from app.core.settings.table import setting, settings_table


@settings_table
@dataclass(frozen=True)
class AlarmSettings:
    """Settings of alarms."""

    alarm_judge_s: float = setting(2.0, "Interval between looks for new data that alarm rules judge, s.", between(0.2, 600))
    alarm_keep_days: int = setting(90, "Days that recovered alarms and notices are kept.", between(1, 36500))
