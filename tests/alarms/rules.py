"""Rules and judgements of tests, at times of their own."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from app.alarms.conditions.base import Broken
from app.alarms.definition import AlarmRuleDefinition
from app.alarms.due_notices import add_due_notices
from app.alarms.models import AlarmNotice, AlarmRule, PlotAlarm
from app.alarms.recording import Judgement, record
from app.alarms.store import rule_of, save_rule

ERRORS = AlarmRuleDefinition("Errors of DT", "DT", "quality", place="DT")

START = 1_700_000_000.0


@dataclass
class JudgedRule:
    """A rule that is judged by what tests say is broken; its clock goes on by tests alone."""

    rule: int
    now: float = START
    marks: Iterator[int] = field(default_factory=lambda: count(1))

    @classmethod
    def of(cls, **changes: Any) -> JudgedRule:
        """A rule like ERRORS."""
        rule = save_rule(ERRORS._replace(**changes), number=None, user="ann")
        AlarmRule.update(changed=START).where(AlarmRule.id == rule.id).execute()
        return cls(rule.id)

    def judge(self, *broken: str | Broken, after_s: float = 10.0, run: int = 5, gone: Collection[str] = ()) -> None:
        """Judge another version of the sample, in which these subjects are broken and others gone, and notify people."""
        self.now += after_s
        found = [each if isinstance(each, Broken) else Broken(each, "failed") for each in broken]
        judgement = Judgement(str(next(self.marks)), 0, found, "", run, 12, lambda subject: subject not in gone)
        record(rule_of(self.rule), judgement, self.now)
        add_due_notices(self.now)

    def wait(self, seconds: float) -> None:
        """Let time pass without new data."""
        self.now += seconds
        add_due_notices(self.now)

    @property
    def row(self) -> AlarmRule:
        """The rule as it is stored."""
        return rule_of(self.rule)

    @property
    def alarms(self) -> dict[str, PlotAlarm]:
        """Its alarms by subject."""
        return {alarm.subject: alarm for alarm in PlotAlarm.select().where(PlotAlarm.rule == self.rule).order_by(PlotAlarm.subject)}

    @property
    def states(self) -> dict[str, str]:
        """The states of its alarms by subject."""
        return {subject: alarm.state for subject, alarm in self.alarms.items()}

    @property
    def notified(self) -> list[str]:
        """The kinds of its notices, the oldest first, without `plot-alarm`, "" for an alarm."""
        return [notice.kind.removeprefix("plot-alarm").lstrip("-") for notice in self.notices]

    @property
    def notices(self) -> list[AlarmNotice]:
        """Its notices, the oldest first."""
        return list(AlarmNotice.select().where(AlarmNotice.rule == self.rule).order_by(AlarmNotice.id))
