"""From a judgement to the next state of an alarm: what changes of its row. Nothing here reads or writes.

| state                      | the rule is broken                                | kept                                       |
| -------------------------- | ------------------------------------------------- | ------------------------------------------ |
| none                       | pending; new after `raise_after` in a row         |                                            |
| pending                    | new after `raise_after` in a row                  | none                                       |
| new, reminded, acknowledged| the same                                          | recovered after `recover_after` in a row   |
| recovered                  | after `raise_after` in a row within `calm_s` as   | the same                                   |
|                            | before, and nobody is notified; later new         |                                            |

An open warning that is an error `raise_after` times in a row is new again, unless it was an error within the last `calm_s`. What is
within the margin of hysteresis, or no longer in the data, changes no state.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from app.alarms.conditions.base import Broken
from app.alarms.models import ACKNOWLEDGED, NEW, OPEN, PENDING, RECOVERED, REMINDED, AlarmRule, PlotAlarm

Values = dict[str, Any]
"""Columns of PlotAlarm."""

FRESH: Values = {
    "streak": 0,
    "worse": 0,
    "eased": None,
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


class Moment(NamedTuple):
    """What is judged, and when."""

    run: int  # 0: the ongoing run
    run_number: int  # by the monitor elements of an ongoing run; 0: unknown
    lumi: int  # newest lumisection of the data; 0: unknown
    now: float  # Unix s UTC


def first_values(broken: Broken, rule: AlarmRule, moment: Moment) -> Values:
    """The row of something that breaks a rule for the first time."""
    shown = {"subject": broken.subject, "detail": broken.detail, "is_error": broken.is_error, "begun": moment.now} | _data(moment)
    if rule.raise_after > 1:
        return FRESH | shown | {"state": PENDING, "raised": None, "streak": 1}
    return FRESH | shown | {"state": NEW, "raised": moment.now}


def next_values(alarm: PlotAlarm, broken: Broken | None, rule: AlarmRule, moment: Moment) -> Values | None:
    """What changes of an alarm by a judgement, {} for nothing; None: it is to be deleted. broken: None if it keeps the rule."""
    if broken is None:
        if alarm.state == PENDING:
            return None
        values = _after_kept_rule(alarm, rule, moment.now)
    elif broken.is_kept:
        values = {"streak": 0, "detail": broken.detail, "run_number": alarm.run_number or moment.run_number} if alarm.state in OPEN else {}
    else:
        values = _after_broken_rule(alarm, broken, rule, moment.now)
        if values.get("state", alarm.state) != RECOVERED:
            values |= {"detail": broken.detail} | _changed_data(alarm, values, moment)
    return {name: value for name, value in values.items() if getattr(alarm, name) != value}


def _data(moment: Moment) -> Values:
    return {"run": moment.run, "run_number": moment.run_number, "lumi": moment.lumi}


def _changed_data(alarm: PlotAlarm, values: Values, moment: Moment) -> Values:
    """The lumisection is that in which the alarm was raised or the run changed: else each alarm would change with each version."""
    is_same = alarm.run == moment.run and moment.run_number in (0, alarm.run_number) and "raised" not in values
    return {} if is_same else _data(moment)


def _after_kept_rule(alarm: PlotAlarm, rule: AlarmRule, now: float) -> Values:
    """What changes of an alarm after a judgement in which nothing breaks the rule."""
    if alarm.state == RECOVERED:
        return {"streak": 0}
    if alarm.streak + 1 < rule.recover_after:
        return {"streak": alarm.streak + 1, "worse": 0}
    return {"state": RECOVERED, "recovered": now, "streak": 0}


def _after_broken_rule(alarm: PlotAlarm, broken: Broken, rule: AlarmRule, now: float) -> Values:
    if alarm.state in OPEN:
        return {"streak": 0} | _severity(alarm, broken, rule.raise_after, rule, now)
    if alarm.streak + 1 < rule.raise_after:
        return {"streak": alarm.streak + 1} | ({"is_error": broken.is_error} if alarm.state == PENDING else {})
    if alarm.state == PENDING:
        return FRESH | {"state": NEW, "raised": now, "is_error": broken.is_error}
    if alarm.recovered is not None and now - alarm.recovered <= rule.calm_s:
        returned = {"state": _before(alarm), "streak": 0, "returns": alarm.returns + 1, "recovered": None}
        return returned | _severity(alarm, broken, 1, rule, now)
    return FRESH | {"state": NEW, "begun": now, "raised": now, "is_error": broken.is_error}


def _severity(alarm: PlotAlarm, broken: Broken, raise_after: int, rule: AlarmRule, now: float) -> Values:
    """A warning that becomes an error is news, unless it was one within the last `calm_s`; raise_after: judgements in a row for it."""
    if broken.is_error == alarm.is_error:
        return {"worse": 0}
    if not broken.is_error:
        return {"is_error": False, "worse": 0, "eased": now}
    if alarm.eased is not None and now - alarm.eased <= rule.calm_s:
        return {"is_error": True, "worse": 0}
    if alarm.worse + 1 < raise_after:
        return {"worse": alarm.worse + 1}
    return FRESH | {"state": NEW, "raised": now, "is_error": True}


def _before(alarm: PlotAlarm) -> str:
    """The state that a recovered alarm had."""
    return ACKNOWLEDGED if alarm.acknowledged is not None else REMINDED if alarm.reminders else NEW
