"""What pages show of alarms: those that are open or have recovered, mutes, notices, and their number for the header of polls."""

from __future__ import annotations

import json
import time
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from peewee import SQL, Case, Query, fn

from app.alarms.errors import UnknownAlarm
from app.alarms.models import COUNTER, OPEN, RECOVERED, UNACKNOWLEDGED, AlarmMute, AlarmNotice, AlarmRule, PlotAlarm, hash_of
from app.alarms.store import MAX_ID, all_rules
from app.core.counters import VersionCounter
from app.core.database import prepared, rows


@dataclass(frozen=True)
class AlarmCount:
    """Alarms that nobody has acknowledged or muted."""

    count: int
    errors: int  # of these, without warnings
    version: int  # of COUNTER
    newest: float = 0.0  # when one of them was last notified, Unix s UTC; 0 without any


class ShownMute(NamedTuple):
    """A time in which nobody is notified."""

    number: int
    rule: int
    rule_name: str
    subject: str | None  # None: all subjects of the rule
    begins: float
    ends: float
    reason: str
    user: str


class ShownAlarm(NamedTuple):
    """An alarm with its rule. Times are Unix s UTC."""

    number: int
    rule: int
    rule_name: str
    subsystem: str
    place_kind: str
    place: str
    dataset: str
    run: int  # 0: the ongoing run
    run_number: int  # the same, by the MEs of an ongoing run; 0: unknown
    lumi: int  # newest lumisection of the data when it was raised; 0: unknown
    subject: str  # path of an ME or folder; "" for the sample
    state: str
    detail: str
    is_error: bool
    begun: float
    raised: float
    returns: int
    reminders: int
    acknowledged: float | None
    acknowledged_by: str
    note: str
    recovered: float | None
    mute: ShownMute | None = None  # the one that ends last

    @property
    def is_unacknowledged(self) -> bool:
        """Whether somebody has to look at it: it is neither acknowledged nor muted."""
        return self.state in UNACKNOWLEDGED and self.mute is None


def open_alarms() -> list[ShownAlarm]:
    """The alarms that have not recovered: those to look at first, errors before warnings, then the oldest first."""
    found = _with_mutes(_alarms(PlotAlarm.state.in_(OPEN)), open_mutes())
    return sorted(found, key=lambda each: (not each.is_unacknowledged, not each.is_error, each.raised, each.number))


def open_counts() -> dict[int, int]:
    """How many alarms of each rule have not recovered, by its number; none for rules without."""
    query = PlotAlarm.select(PlotAlarm.rule, fn.COUNT(PlotAlarm.id)).where(PlotAlarm.state.in_(OPEN)).group_by(PlotAlarm.rule)
    return dict(rows(query))


def recovered_alarms(limit: int = 200, rule: int | None = None, subsystem: str = "", since: float = 0.0) -> list[ShownAlarm]:
    """The alarms that recovered last, the newest first.

    Args:
        limit: The most of them.
        rule: Only those of this rule.
        subsystem: Only those of rules of this subsystem, in upper or lower case; "" for all.
        since: Only those that recovered after this, Unix s UTC.
    """
    where = [PlotAlarm.state == RECOVERED, PlotAlarm.recovered > since]
    where += [] if rule is None else [PlotAlarm.rule == rule]
    if subsystem:
        where.append(PlotAlarm.rule.in_([each.id for each in all_rules() if each.subsystem.casefold() == subsystem.casefold()]))
    return _alarms(*where, order=PlotAlarm.recovered.desc(), limit=limit)


def alarms_of_plot(dataset: str, run: int, path: str) -> list[ShownAlarm]:
    """The open alarms of an ME in a run, by the index of rules and subjects: pages of plots ask for them, however many there are."""
    rules = [number for (number,) in rows(AlarmRule.select(AlarmRule.id).where(AlarmRule.dataset == dataset))]
    if not rules:
        return []
    of_plot = PlotAlarm.rule.in_(rules), PlotAlarm.subject_hash == hash_of(path)
    found = _alarms(*of_plot, PlotAlarm.state.in_(OPEN), PlotAlarm.run == run)
    is_about = AlarmMute.subject.is_null() | (AlarmMute.subject == path)
    return _with_mutes(found, open_mutes(AlarmMute.rule.in_(rules), is_about)) if found else []


def subjects_of(rule: int, numbers: Collection[int]) -> list[str]:
    """The subjects of alarms of a rule, also of those that have recovered meanwhile; others are left out."""
    query = PlotAlarm.select(PlotAlarm.id, PlotAlarm.subject).where(PlotAlarm.rule == rule)
    wanted = set(numbers)
    return sorted(subject for number, subject in rows(query) if number in wanted)


def _alarms(*where: Any, order: Any = PlotAlarm.id, limit: int | None = None) -> list[ShownAlarm]:
    alarm, rule = PlotAlarm, AlarmRule
    of_rule = (rule.id, rule.name, rule.subsystem, rule.place_kind, rule.place, rule.dataset)
    columns = (
        *(
            alarm.run,
            alarm.run_number,
            alarm.lumi,
            alarm.subject,
            alarm.state,
            alarm.detail,
            alarm.is_error,
            alarm.begun,
            alarm.raised,
            alarm.returns,
        ),
        *(alarm.reminders, alarm.acknowledged, alarm.acknowledged_by, alarm.note, alarm.recovered),
    )
    query = alarm.select(alarm.id, *of_rule, *columns).join(rule).where(*where)
    found = (ShownAlarm(*row) for row in rows(query.order_by(order).limit(limit)))
    return [each._replace(is_error=bool(each.is_error)) for each in found]  # SQLite has numbers


def open_mutes(*where: Any) -> list[ShownMute]:
    """The mutes of now that fulfil all conditions, the one that ends first before the others."""
    now, mute = time.time(), AlarmMute
    columns = (mute.id, AlarmRule.id, AlarmRule.name, mute.subject, mute.begins, mute.ends, mute.reason, mute.user)
    query = mute.select(*columns).join(AlarmRule).where(mute.begins <= now, mute.ends > now, *where)
    return [ShownMute(*row) for row in rows(query.order_by(mute.ends, mute.id))]


@prepared
def _mute_count() -> Query:
    return AlarmMute.select(fn.COUNT(AlarmMute.id)).where(AlarmMute.begins <= 0.0, AlarmMute.ends > 0.0)


def mute_count() -> int:
    """How many mutes there are now, for polls: it changes when one ends by itself."""
    now = time.time()
    ((count,),) = _mute_count(now, now)
    return int(count)


def _with_mutes(alarms: Iterable[ShownAlarm], mutes: Iterable[ShownMute]) -> list[ShownAlarm]:
    """The alarms, each with its mute that ends last. mutes: those that end first before the others."""
    last = {(mute.rule, mute.subject): mute for mute in mutes}
    found = []
    for alarm in alarms:
        both = [mute for subject in (None, alarm.subject) if (mute := last.get((alarm.rule, subject)))]
        found.append(alarm._replace(mute=max(both, key=lambda mute: mute.ends, default=None)))
    return found


def is_muted(now: float = 0.0) -> Any:
    """The condition that an alarm of a query of PlotAlarm is muted; its two placeholders are the time of now, Unix s UTC."""
    mute = AlarmMute
    same = (mute.rule == PlotAlarm.rule) & (mute.subject.is_null() | (mute.subject == PlotAlarm.subject))
    return fn.EXISTS(mute.select(SQL("1")).where(same, mute.begins <= now, mute.ends > now))


@prepared
def _count() -> Query:
    errors = fn.SUM(Case(None, [(PlotAlarm.is_error, SQL("1"))], SQL("0")))
    version = VersionCounter.select(VersionCounter.version).where(VersionCounter.name == "")
    newest = fn.MAX(fn.COALESCE(PlotAlarm.reminded, PlotAlarm.told))  # one that was not notified has no sound
    return PlotAlarm.select(fn.COUNT(PlotAlarm.id), errors, version, newest).where(PlotAlarm.state.in_(UNACKNOWLEDGED), ~is_muted())


def unacknowledged_count() -> AlarmCount:
    """How many alarms somebody has to look at, by one prepared statement."""
    now = time.time()
    ((count, errors, version, newest),) = _count(COUNTER, *UNACKNOWLEDGED, now, now)
    return AlarmCount(count, int(errors or 0), version or 0, newest or 0.0)


class NoticeSubject(NamedTuple):
    """A subject of a notice."""

    subject: str
    detail: str
    is_new: bool


@dataclass(frozen=True)
class ShownNotice:
    """The alarms that people were notified of at one moment."""

    number: int
    kind: str
    rule: int  # it may be gone
    rule_name: str
    run: int  # 0: the run that was ongoing
    run_number: int  # the same, by the MEs of an ongoing run; 0: unknown
    lumi: int  # newest lumisection of the data; 0: unknown
    dataset: str
    at: float
    title: str
    text: str
    count: int  # of all subjects
    subjects: Sequence[NoticeSubject]  # the first ones


def notice_of(number: int) -> ShownNotice:
    """The notice with this number. Raises UnknownAlarm."""
    found = _notices(AlarmNotice.id == number) if number <= MAX_ID else []
    if not found:
        raise UnknownAlarm(f"There is no notice {number}; it may have been deleted")
    return found[0]


def notices(rule: int | None = None, limit: int = 200, before: int = 0) -> list[ShownNotice]:
    """The newest notices, of one rule or of all. before: only those with smaller numbers; 0 for the newest."""
    where = [] if rule is None else [AlarmNotice.rule == rule]
    where += [AlarmNotice.id < before] if before else []
    return _notices(*where, limit=limit)


def _notices(*where: Any, limit: int | None = None) -> list[ShownNotice]:
    notice = AlarmNotice
    columns = (notice.id, notice.kind, notice.rule, notice.rule_name, notice.run, notice.run_number, notice.lumi)
    query = (
        notice.select(*columns, notice.dataset, notice.at, notice.title, notice.text, notice.count, notice.subjects)
        .order_by(notice.id.desc())
        .limit(limit)
    )
    query = query.where(*where) if where else query
    return [_notice(row) for row in rows(query)]


def _notice(row: Sequence[Any]) -> ShownNotice:
    subjects = [NoticeSubject(**each) for each in json.loads(row[-1])]
    values = [*row[:-1], subjects]
    return ShownNotice(*values)
