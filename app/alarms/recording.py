"""Stores the judgement of a rule: its alarms and the version of the sample in one transaction.

Whoever is killed before has stored nothing, and the same version is judged again; whoever is killed afterwards judges it no more.
So judgements in a row are counted right, and an alarm is raised once. People are told by rows that are not told yet, see telling.py.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any, NamedTuple

from app.alarms.conditions.base import Broken
from app.alarms.models import COUNTER, MOST_ALARMS, RECOVERED, AlarmRule, PlotAlarm
from app.alarms.transitions import Values, first_values, next_values
from app.core.counters import advance
from app.core.database import proxy

BATCH = 200
"""Rows of one statement."""

NOTED_S = 60.0
"""A rule that is judged as time passes has its last judgement stored at least so often."""


class Judgement(NamedTuple):
    """What a rule says of one version of its sample, or at one moment."""

    mark: str  # of the version of the sample
    run: int  # 0: the ongoing run
    broken: Sequence[Broken]
    problem: str  # what the rule could not watch


class _Plan(NamedTuple):
    """What changes in the table of alarms."""

    new: list[Values]
    changed: dict[tuple[tuple[str, Any], ...], list[int]]  # values -> numbers of alarms
    deleted: list[int]
    more: int  # what breaks the rule beyond MOST_ALARMS

    @property
    def is_empty(self) -> bool:
        """Whether no alarm changes."""
        return not (self.new or self.changed or self.deleted)


def record(rule: AlarmRule, judgement: Judgement, now: float) -> None:
    """Store a judgement of a rule as it was read; nothing if it was changed or deleted meanwhile. now: Unix s UTC."""
    plan = _plan(rule, judgement, now)
    values = {"seen": judgement.mark, "more": plan.more, "problem": judgement.problem}
    is_noted = all(getattr(rule, name) == value for name, value in values.items()) and now - (rule.judged or 0.0) < NOTED_S
    if plan.is_empty and is_noted:
        return
    with proxy.atomic():
        version = 0 if plan.is_empty else advance(COUNTER)  # first: an acknowledgement ends before, or starts after
        same = AlarmRule.id == rule.id, AlarmRule.changed == rule.changed, AlarmRule.enabled
        if AlarmRule.update(judged=now, **values).where(*same).execute() and version:
            _store(rule, _plan(rule, judgement, now), {"judged": now, "version": version})


def record_problem(rule: AlarmRule, problem: str) -> None:
    """Note why a rule could not be judged; its alarms stay as they are."""
    if problem != rule.problem:
        AlarmRule.update(problem=problem).where(AlarmRule.id == rule.id, AlarmRule.changed == rule.changed).execute()


def _plan(rule: AlarmRule, judgement: Judgement, now: float) -> _Plan:
    broken = {each.subject: each for each in judgement.broken}
    needs_look = (PlotAlarm.state != RECOVERED) | (PlotAlarm.streak > 0)
    known = {alarm.subject: alarm for alarm in PlotAlarm.select().where(PlotAlarm.rule == rule.id, needs_look)}
    plan, stored = _Plan([], defaultdict(list), [], 0), 0
    for subject, alarm in known.items():
        stored += _add(plan, alarm, next_values(alarm, broken.get(subject), rule, judgement.run, now))
    others = (each for subject, each in broken.items() if subject not in known and not each.is_kept)
    added = list(islice(others, max(MOST_ALARMS - stored, 0)))
    recovered = {alarm.subject: alarm for alarm in _recovered(rule, [each.subject for each in added])}
    for each in added:
        if before := recovered.get(each.subject):
            _add(plan, before, next_values(before, each, rule, judgement.run, now))
        else:
            plan.new.append(first_values(each, rule, judgement.run, now))
    return plan._replace(more=sum(1 for _ in others))


def _add(plan: _Plan, alarm: PlotAlarm, values: Values | None) -> bool:
    """Note what changes of an alarm; whether it will be there, and has not recovered."""
    if values is None:
        plan.deleted.append(alarm.id)
        return False
    if values:
        plan.changed[tuple(sorted(values.items()))].append(alarm.id)
    return bool(values.get("state", alarm.state) != RECOVERED)


def _recovered(rule: AlarmRule, subjects: Sequence[str]) -> Iterator[PlotAlarm]:
    for at in range(0, len(subjects), BATCH):
        yield from PlotAlarm.select().where(PlotAlarm.rule == rule.id, PlotAlarm.subject.in_(subjects[at : at + BATCH]))


def _store(rule: AlarmRule, plan: _Plan, common: Values) -> None:
    for at in range(0, len(plan.new), BATCH):
        PlotAlarm.insert_many([{"rule": rule.id, **values, **common} for values in plan.new[at : at + BATCH]]).execute()
    for values, numbers in plan.changed.items():
        PlotAlarm.update(dict(values) | common).where(PlotAlarm.id.in_(numbers)).execute()
    if plan.deleted:
        PlotAlarm.delete().where(PlotAlarm.id.in_(plan.deleted)).execute()
