"""Notices of alarms that are due: people are notified of them as of other events (see event_source.py).

A rule has at most one notice of each kind at one moment. A raised alarm is notified when it is not muted, so also at the end of a
mute; there one that was notified before is notified again, unless it is acknowledged. A mute is deleted with that, so it ends once.
The recovery of an alarm is notified only when it has lasted for `calm_s`, so an alarm that comes and goes is notified once.
Errors that have no place in the table are notified by their number. A notice and the changes of its alarms are one transaction: a
process that is killed before its end has stored nothing, and the next step does it again.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from peewee import fn

from app.alarms.kinds import RAISED, RECOVERY, REMINDER
from app.alarms.models import COUNTER, OPEN, PENDING, RECOVERED, REMINDED, UNACKNOWLEDGED, AlarmMute, AlarmNotice, AlarmRule, PlotAlarm
from app.alarms.reading import is_muted
from app.alarms.recording import record_problem
from app.core.counters import advance
from app.core.database import proxy, rows
from app.core.outages import outage_of
from app.core.text import counted, one_line

log = logging.getLogger(__name__)

NAMED = 3
"""Subjects that the text of a notice names."""

LISTED = 100
"""Subjects that a notice keeps."""


class _Due(NamedTuple):
    """The alarms of a rule that are to be notified now."""

    unacknowledged: list[PlotAlarm]  # that are not muted, those not notified yet before the others
    new: list[PlotAlarm]
    unmuted: list[PlotAlarm]  # that were notified before a mute that has ended
    more: int  # errors that are only counted, and not notified yet
    reminded: list[PlotAlarm]
    recovered: list[PlotAlarm]
    ended: list[AlarmMute]

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing."""
        return not (self.new or self.unmuted or self.more or self.reminded or self.recovered or self.ended)


def add_due_notices(now: float) -> None:
    """Add the notices of all rules that are due; now: Unix s UTC. A rule that fails stops no other one; its problem says so."""
    for known in list(AlarmRule.select().where(AlarmRule.id.in_(_rules_with_due(now))).order_by(AlarmRule.id)):
        try:
            if not _due(known, now).is_empty:
                _add_due(known.id, now)
        except Exception as error:
            if outage_of(error):
                raise  # concerns all rules
            log.exception("The notices of the alarm rule %s (%s) cannot be added", known.id, known.name)
            record_problem(known, f"Nobody can be notified of its alarms: {one_line(str(error)) or type(error).__name__}")


def _rules_with_due(now: float) -> list[int]:
    """The rules that may have something due. Each step calls this, so it reads no notified alarm without reminders."""
    rule, alarm = AlarmRule, PlotAlarm
    unmuted = [~is_muted(now)] if AlarmMute.select().where(AlarmMute.begins <= now, AlarmMute.ends > now).exists() else []
    is_new = alarm.state.in_(UNACKNOWLEDGED) & alarm.told.is_null()
    is_over = (alarm.state == RECOVERED) & alarm.told.is_null(False) & (alarm.recovered <= now - rule.calm_s)
    found = alarm.select(alarm.rule).join(rule).where(rule.enabled, is_new | is_over, *unmuted).distinct()
    reminded = alarm.select(alarm.rule).join(rule).where(rule.enabled, rule.remind_s > 0, rule.max_reminders > 0)
    reminded = reminded.where(alarm.state.in_(UNACKNOWLEDGED), alarm.told.is_null(False), *unmuted).group_by(alarm.rule, rule.id)
    is_due = fn.MAX(fn.COALESCE(alarm.reminded, alarm.told)) <= now - rule.remind_s
    reminded = reminded.having(is_due, fn.MIN(alarm.reminders) < rule.max_reminders)
    more = rule.select(rule.id).where(rule.enabled, rule.more_errors > rule.told_more)
    ended = AlarmMute.select(AlarmMute.rule).join(rule).where(rule.enabled, AlarmMute.ends <= now).distinct()
    return sorted({number for query in (found, reminded, more, ended) for (number,) in rows(query)})


def _add_due(number: int, now: float) -> None:
    with proxy.atomic():
        version = advance(COUNTER)  # first: acknowledgements, mutes and changes of the rule end before, or start after
        rule = AlarmRule.get_or_none(AlarmRule.id == number)
        if rule is not None:
            _add_notices(rule, _due(rule, now), now, version)


def _due(rule: AlarmRule, now: float) -> _Due:
    mutes = AlarmMute.select(AlarmMute.subject).where(AlarmMute.rule == rule.id, AlarmMute.begins <= now, AlarmMute.ends > now)
    muted = {subject for (subject,) in rows(mutes)}
    ended = list(AlarmMute.select().where(AlarmMute.rule == rule.id, AlarmMute.ends <= now))
    if None in muted:
        return _Due([], [], [], 0, [], [], ended)
    query = PlotAlarm.select().where(PlotAlarm.rule == rule.id, PlotAlarm.state.in_((*UNACKNOWLEDGED, RECOVERED)))
    needs_look = PlotAlarm.state.in_(UNACKNOWLEDGED) | PlotAlarm.told.is_null(False)
    alarms = [alarm for alarm in query.where(needs_look) if alarm.subject not in muted]
    alarms.sort(key=lambda alarm: (alarm.told is not None, not alarm.is_error, alarm.raised, alarm.id))
    is_open = [alarm for alarm in alarms if alarm.state != RECOVERED]
    new, more = [alarm for alarm in is_open if alarm.told is None], _new_more(rule, now)
    over = [alarm for alarm in alarms if alarm.state == RECOVERED and now - (alarm.recovered or 0.0) >= rule.calm_s]
    unmuted = _unmuted(is_open, ended)
    reminded = [] if new or unmuted or more else _to_remind(rule, is_open, now)
    return _Due(is_open, new, unmuted, more, reminded, over, ended)


def _unmuted(alarms: Sequence[PlotAlarm], ended: Sequence[AlarmMute]) -> list[PlotAlarm]:
    """The alarms that were notified last before the end of a mute of theirs."""
    ends: dict[str | None, float] = {}
    for mute in ended:
        ends[mute.subject] = max(mute.ends, ends.get(mute.subject, 0.0))
    known = [alarm for alarm in alarms if alarm.told is not None]
    return [each for each in known if _last_notified(each) < max(ends.get(None, 0.0), ends.get(each.subject, 0.0))]


def _last_notified(alarm: PlotAlarm) -> float:
    return max(alarm.told or 0.0, alarm.reminded or 0.0)


def _new_more(rule: AlarmRule, now: float) -> int:
    """Errors without a place that are not notified yet: notified at most once in `calm_s`, since their number may go up and down.

    Those that have a place may still be pending; then the others are, too.
    """
    is_recent = rule.told_more_at is not None and now - rule.told_more_at < rule.calm_s
    if rule.more_errors <= rule.told_more or is_recent:
        return 0
    is_pending = PlotAlarm.select().where(PlotAlarm.rule == rule.id, PlotAlarm.state == PENDING, PlotAlarm.is_error).exists()
    return 0 if is_pending else rule.more_errors - rule.told_more


def _to_remind(rule: AlarmRule, alarms: Sequence[PlotAlarm], now: float) -> list[PlotAlarm]:
    """The alarms that people are reminded of now: together, so a rule sends one reminder in each interval."""
    last = max(map(_last_notified, alarms), default=now)
    if not rule.remind_s or now - last < rule.remind_s:
        return []
    return [alarm for alarm in alarms if alarm.reminders < rule.max_reminders]


def _add_notices(rule: AlarmRule, due: _Due, now: float, version: int) -> None:
    common = {"version": version}
    title = alarms_title(len(due.unacknowledged) + rule.more)
    AlarmMute.delete().where(AlarmMute.id.in_([mute.id for mute in due.ended])).execute()
    if due.new or due.unmuted or due.more:
        _notice(rule, RAISED, title, due.unacknowledged, due.new, now)
        _update([*due.new, *due.unmuted], common | {"told": now})
        if rule.more_errors:
            AlarmRule.update(told_more=rule.more_errors, told_more_at=now).where(AlarmRule.id == rule.id).execute()
    if due.reminded:
        _notice(rule, REMINDER, f"Reminder: {_lowered(title)}", due.unacknowledged, (), now)
        _update(due.reminded, common | {"state": REMINDED, "reminded": now, "reminders": PlotAlarm.reminders + 1})
    if due.recovered:
        _notice(rule, RECOVERY, _recovered_title(rule, len(due.recovered)), due.recovered, (), now)
        _update(due.recovered, common | {"told": None})


def alarms_title(count: int) -> str:
    """How many alarms there are, in the words of the alarm system of the legacy DQM GUI."""
    return "There is one DQM alarm." if count == 1 else f"There are {count:,} DQM alarms."


def _lowered(text: str) -> str:
    return text[:1].lower() + text[1:]


def _recovered_title(rule: AlarmRule, count: int) -> str:
    left = PlotAlarm.select().where(PlotAlarm.rule == rule.id, PlotAlarm.state.in_(OPEN)).count()
    done = "One DQM alarm has recovered" if count == 1 else f"{count:,} DQM alarms have recovered"
    return f"{done}, {counted(left, 'alarm')} left." if left else f"{done}."


def _notice(rule: AlarmRule, kind: str, title: str, alarms: Sequence[PlotAlarm], new: Iterable[PlotAlarm], now: float) -> None:
    are_new = {alarm.id for alarm in new}
    count = len(alarms) + (0 if kind == RECOVERY else rule.more)
    named = [f"{alarm.subject or rule.dataset}: {alarm.detail}" + (" (new)" if alarm.id in are_new else "") for alarm in alarms[:NAMED]]
    more = [f"and {count - len(named):,} more"] if count > len(named) else []
    newest = max(alarms, key=lambda alarm: (alarm.run_number, alarm.lumi), default=None)
    subjects = [{"subject": each.subject, "detail": each.detail, "is_new": each.id in are_new} for each in alarms[:LISTED]]
    AlarmNotice.create(
        kind=kind,
        rule=rule.id,
        rule_name=rule.name,
        channels=rule.channels,
        run=max((alarm.run for alarm in alarms), default=0),
        run_number=newest.run_number if newest else 0,
        lumi=newest.lumi if newest else 0,
        dataset=rule.dataset,
        at=now,
        title=title,
        text=f"{rule.name}: {'; '.join(named + more)}",
        subjects=json.dumps(subjects),
        count=count,
    )


def _update(alarms: Sequence[PlotAlarm], values: dict[str, Any]) -> None:
    PlotAlarm.update(values).where(PlotAlarm.id.in_([alarm.id for alarm in alarms])).execute()
