"""HTTP statuses of the errors of alarms."""

from __future__ import annotations

from app.alarms import errors
from app.web import Problem

STATUSES: dict[type[errors.AlarmError], int] = {
    errors.InvalidAlarmRule: 400,
    errors.UnknownAlarm: 404,
    errors.RuleIsOn: 409,
}
"""Status of each error; others are 500."""


def problem_of(error: errors.AlarmError) -> Problem:
    """The HTTP answer to an error of alarms."""
    return Problem(STATUSES.get(type(error), 500), str(error), error.fields)
