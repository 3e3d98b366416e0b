"""Stores the judgement of a rule: its alarms and the version of the sample in one transaction.

A process that is killed before has stored nothing, and the same version is judged again; after it, the version is not judged again.
So judgements in a row are counted right, and an alarm is raised once. Rows that are not notified yet get their notices by due_notices.py.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from app.alarms.conditions.base import Broken
from app.alarms.models import COUNTER, MOST_ALARMS, RECOVERED, AlarmRule, PlotAlarm, hash_of
from app.alarms.transitions import Moment, Values, first_values, next_values
from app.core.counters import advance
from app.core.database import proxy

BATCH = 200
"""Rows of one statement."""

MOST_STORED = 2 * MOST_ALARMS
"""Alarms of a rule beyond which no warning is added: warnings may have become errors."""

GONE = " (no longer in the data)"
"""End of the detail of an alarm whose monitor element the run no longer has."""

NOTED_S = 60.0
"""A rule that is judged as time passes has its last judgement stored at least so often."""


def _is_there(subject: str) -> bool:
    return True


class Judgement(NamedTuple):
    """What a rule says of one version of its sample, or at one moment."""

    mark: str  # of the version of the sample
    run: int  # 0: the ongoing run
    broken: Sequence[Broken]
    problem: str  # what the rule could not watch
    run_number: int = 0  # by the monitor elements of an ongoing run; 0: unknown
    lumi: int = 0  # newest lumisection of the data; 0: unknown
    is_judged: Callable[[str], bool] = _is_there  # whether the data say anything about a subject that is not broken
    data_problem: str = ""  # why the newest data could not be read


class _Plan(NamedTuple):
    """What changes in the table of alarms."""

    new: list[Values]
    changed: dict[tuple[tuple[str, Any], ...], list[int]]  # values -> numbers of alarms
    deleted: list[int]
    more: int  # what breaks the rule beyond MOST_ALARMS
    more_errors: int  # of these, without warnings

    def is_empty(self, rule: AlarmRule) -> bool:
        """Whether nothing changes that lists of alarms show."""
        return not (self.new or self.changed or self.deleted) and self.more == rule.more


def record(rule: AlarmRule, judgement: Judgement, now: float) -> None:
    """Store a judgement of a rule as it was read; nothing if it was changed or deleted meanwhile. now: Unix s UTC."""
    plan = _plan(rule, judgement, now)
    problem = judgement.data_problem or judgement.problem
    values: dict[str, Any] = {"seen": judgement.mark, "more": plan.more, "more_errors": plan.more_errors}
    values |= {"judged_problem": judgement.problem, "problem": problem}
    values |= {} if plan.more_errors else {"told_more": 0}
    is_noted = all(getattr(rule, name) == value for name, value in values.items()) and now - (rule.judged or 0.0) < NOTED_S
    is_empty = plan.is_empty(rule)
    if is_empty and is_noted:
        return
    with proxy.atomic():
        version = 0 if is_empty else advance(COUNTER)  # first: an acknowledgement ends before, or starts after
        same = AlarmRule.id == rule.id, AlarmRule.changed == rule.changed, AlarmRule.enabled
        if AlarmRule.update(judged=now, **values).where(*same).execute() and version:
            _store(rule, _plan(rule, judgement, now), {"judged": now, "version": version})


def record_problem(rule: AlarmRule, problem: str) -> None:
    """Note why a rule could not be judged; its alarms stay as they are."""
    if problem != rule.problem:
        AlarmRule.update(problem=problem).where(AlarmRule.id == rule.id, AlarmRule.changed == rule.changed).execute()


def _plan(rule: AlarmRule, judgement: Judgement, now: float) -> _Plan:
    broken = {each.subject: each for each in judgement.broken}
    moment = Moment(judgement.run, judgement.run_number, judgement.lumi, now)
    needs_look = (PlotAlarm.state != RECOVERED) | (PlotAlarm.streak > 0)
    known = {alarm.subject: alarm for alarm in PlotAlarm.select().where(PlotAlarm.rule == rule.id, needs_look)}
    plan, stored = _Plan([], defaultdict(list), [], 0, 0), {True: 0, False: 0}  # by whether they are errors
    for subject, alarm in known.items():
        found = broken.get(subject) or _unjudged(alarm, rule, judgement)
        values = next_values(alarm, found, rule, moment)
        if _add(plan, alarm, values):
            stored[bool((values or {}).get("is_error", alarm.is_error))] += 1
    others = [each for subject, each in broken.items() if subject not in known and not each.is_kept]
    added = _first_ones(others, stored)
    recovered = {alarm.subject: alarm for alarm in _recovered(rule, [each.subject for each in added])}
    for each in added:
        if before := recovered.get(each.subject):
            _add(plan, before, next_values(before, each, rule, moment))
        else:
            plan.new.append(first_values(each, rule, moment) | {"subject_hash": hash_of(each.subject)})
    errors = sum(each.is_error for each in others) - sum(each.is_error for each in added)
    return plan._replace(more=len(others) - len(added), more_errors=errors)


def _unjudged(alarm: PlotAlarm, rule: AlarmRule, judgement: Judgement) -> Broken | None:
    """What the data say of an alarm that is not broken: nothing at all, so that it stays until there is another run; None: it is kept."""
    if judgement.is_judged(alarm.subject):
        return None
    is_other_run = alarm.run != judgement.run or 0 != alarm.run_number != judgement.run_number != 0
    is_of_other_rule = rule.changed > (alarm.raised or alarm.begun)  # its new definition may watch another place
    return None if is_other_run or is_of_other_rule else Broken(alarm.subject, alarm.detail.removesuffix(GONE) + GONE, is_kept=True)


def _first_ones(others: Sequence[Broken], stored: dict[bool, int]) -> list[Broken]:
    """Those that are stored: errors do not have to wait for places of warnings. stored: errors and warnings that are there."""
    errors = [each for each in others if each.is_error][: max(MOST_ALARMS - stored[True], 0)]
    room = min(MOST_ALARMS - stored[False], MOST_STORED - stored[True] - stored[False] - len(errors))
    return errors + [each for each in others if not each.is_error][: max(room, 0)]


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
        hashes = [hash_of(subject) for subject in subjects[at : at + BATCH]]
        yield from PlotAlarm.select().where(PlotAlarm.rule == rule.id, PlotAlarm.subject_hash.in_(hashes))


def _store(rule: AlarmRule, plan: _Plan, common: Values) -> None:
    for at in range(0, len(plan.new), BATCH):
        PlotAlarm.insert_many([{"rule": rule.id, **values, **common} for values in plan.new[at : at + BATCH]]).execute()
    for values, numbers in plan.changed.items():
        PlotAlarm.update(dict(values) | common).where(PlotAlarm.id.in_(numbers)).execute()
    if plan.deleted:
        PlotAlarm.delete().where(PlotAlarm.id.in_(plan.deleted)).execute()
