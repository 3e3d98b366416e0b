"""Errors of alarms. Each message is a sentence for people."""

from __future__ import annotations


class AlarmError(Exception):
    """Base class of the errors of alarms.

    Attributes:
        fields: Field and problem of each wrong part of what was sent.
    """

    def __init__(self, message: str, fields: list[tuple[str, str]] | None = None) -> None:
        super().__init__(message)
        self.fields = fields or []


class InvalidAlarmRule(AlarmError):
    """A rule, or a mute, cannot be stored like this."""

    def __init__(self, fields: list[tuple[str, str]]) -> None:
        super().__init__("; ".join(f"{field}: {problem}" for field, problem in fields), fields)


class UnknownAlarm(AlarmError):
    """There is no such rule, alarm, mute or notice (any more)."""


class RuleIsOn(AlarmError):
    """A rule that is switched on cannot be deleted."""


class NotJudged(AlarmError):
    """A rule cannot be judged now; the message says why."""
