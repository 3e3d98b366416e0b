"""From a judgement to the next state of an alarm: what changes of its row. Nothing here reads or writes.

| state                      | the rule is broken                                | kept                                       |
| -------------------------- | ------------------------------------------------- | ------------------------------------------ |
| none                       | pending; new after `raise_after` in a row         |                                            |
| pending                    | new after `raise_after` in a row                  | none                                       |
| new, reminded, acknowledged| the same                                          | recovered after `recover_after` in a row   |
| recovered                  | after `raise_after` in a row within `calm_s` as   | the same                                   |
|                            | before, and nobody is told; later new             |                                            |
"""

from __future__ import annotations

from typing import Any

from app.alarms.conditions.base import Broken
from app.alarms.models import ACKNOWLEDGED, NEW, OPEN, PENDING, RECOVERED, REMINDED, AlarmRule, PlotAlarm

Values = dict[str, Any]
"""Columns of PlotAlarm."""

FRESH: Values = {
    "streak": 0,
    "told": None,
    "returns": 0,
    "reminders": 0,
    "reminded": None,
    "acknowledged": None,
    "acknowledged_by": "",
    "note": "",
    "recovered": None,
}
"""An alarm that was raised just now."""


def first_values(broken: Broken, rule: AlarmRule, run: int, now: float) -> Values:
    """The row of something that breaks a rule for the first time; now: Unix s UTC."""
    shown = {"subject": broken.subject, "detail": broken.detail, "is_error": broken.is_error, "run": run, "begun": now}
    if rule.raise_after > 1:
        return FRESH | shown | {"state": PENDING, "raised": None, "streak": 1}
    return FRESH | shown | {"state": NEW, "raised": now}


def next_values(alarm: PlotAlarm, broken: Broken | None, rule: AlarmRule, run: int, now: float) -> Values | None:
    """What changes of an alarm by a judgement, {} for nothing; None: it is to be deleted. broken: None if it keeps the rule."""
    if broken is None:
        if alarm.state == PENDING:
            return None
        values = _kept(alarm, rule, now)
    elif broken.is_kept:
        values = {"streak": 0, "detail": broken.detail} if alarm.state in OPEN else {}
    else:
        values = _broken(alarm, rule, now)
        if values.get("state", alarm.state) != RECOVERED:
            values |= {"detail": broken.detail, "is_error": broken.is_error, "run": run}
    return {name: value for name, value in values.items() if getattr(alarm, name) != value}


def _kept(alarm: PlotAlarm, rule: AlarmRule, now: float) -> Values:
    if alarm.state == RECOVERED:
        return {"streak": 0}
    if alarm.streak + 1 < rule.recover_after:
        return {"streak": alarm.streak + 1}
    return {"state": RECOVERED, "recovered": now, "streak": 0}


def _broken(alarm: PlotAlarm, rule: AlarmRule, now: float) -> Values:
    if alarm.state in OPEN:
        return {"streak": 0}
    if alarm.streak + 1 < rule.raise_after:
        return {"streak": alarm.streak + 1}
    if alarm.state == PENDING:
        return FRESH | {"state": NEW, "raised": now}
    if alarm.recovered is not None and now - alarm.recovered <= rule.calm_s:
        return {"state": _before(alarm), "streak": 0, "returns": alarm.returns + 1, "recovered": None}
    return FRESH | {"state": NEW, "begun": now, "raised": now}


def _before(alarm: PlotAlarm) -> str:
    """The state that a recovered alarm had."""
    return ACKNOWLEDGED if alarm.acknowledged is not None else REMINDED if alarm.reminders else NEW
