"""What the list of alarms shows: open alarms by rule, the worst first, and those that have recovered lately."""

from __future__ import annotations

import time
from typing import NamedTuple

from app.alarms.models import ACKNOWLEDGED, RECOVERED
from app.alarms.pages.plot_links import place_link, place_text, subject_link
from app.alarms.pages.view_state import MUTED, UNACKNOWLEDGED, AlarmsView
from app.alarms.reading import ShownAlarm, ShownMute, open_alarms, open_mutes, recovered_alarms
from app.alarms.store import all_rules
from app.web.badges import Badge

GROUP_ROWS = 20
"""Alarms of a rule in the list of all rules."""

RECOVERED_ROWS = 50
RECOVERED_S = 86400.0
"""Alarms that recovered longer ago are not in the list."""

BADGES = {
    ACKNOWLEDGED: Badge("idle", "ok", "acknowledged"),
    RECOVERED: Badge("ok", "ok", "recovered"),
}
"""Badges of the states of alarms; those of open ones distinguish errors and warnings."""


class AlarmRow(NamedTuple):
    """An alarm in a list."""

    alarm: ShownAlarm
    badge: Badge
    address: str  # of its plot


class AlarmGroup(NamedTuple):
    """The open alarms of a rule."""

    first: ShownAlarm  # the worst
    address: str  # of the place that the rule watches
    place: str  # in words
    rows: list[AlarmRow]  # the first ones
    total: int  # of all that the page is about
    unacknowledged: int  # of these
    more: int  # plots that break the rule, too, without an alarm of their own
    mutes: list[ShownMute]  # of the whole rule


class AlarmList(NamedTuple):
    """The contents of the list."""

    groups: list[AlarmGroup]
    recovered: list[AlarmRow]  # those that recovered last
    are_more: bool  # that recovered before them


def alarm_list(view: AlarmsView) -> AlarmList:
    """The alarms of a view."""
    by_rule: dict[int, list[ShownAlarm]] = {}
    for alarm in open_alarms():  # the worst first, and so are their rules
        if _is_in(view, alarm) and _has_state(alarm, view.state):
            by_rule.setdefault(alarm.rule, []).append(alarm)
    more = {rule.id: rule.more for rule in all_rules()}
    mutes = [mute for mute in open_mutes() if mute.subject is None]
    groups = [_group(view, found, more.get(rule, 0), [one for one in mutes if one.rule == rule]) for rule, found in by_rule.items()]
    since = time.time() - RECOVERED_S
    recovered = recovered_alarms(RECOVERED_ROWS + 1, view.rule or None, view.subsystem, since)
    return AlarmList(groups, [row_of(alarm) for alarm in recovered[:RECOVERED_ROWS]], len(recovered) > RECOVERED_ROWS)


def badge_of(alarm: ShownAlarm) -> Badge:
    """The badge of an alarm."""
    kind = "error" if alarm.is_error else "warning"
    return BADGES.get(alarm.state) or Badge(kind, kind, alarm.state)


def row_of(alarm: ShownAlarm) -> AlarmRow:
    """An alarm as a row."""
    return AlarmRow(alarm, badge_of(alarm), subject_link(alarm, alarm.run, alarm.subject))


def _is_in(view: AlarmsView, alarm: ShownAlarm) -> bool:
    """Whether a view is about an alarm, whatever its state."""
    return view.subsystem.casefold() in ("", alarm.subsystem.casefold()) and view.rule in (0, alarm.rule)


def _has_state(alarm: ShownAlarm, state: str) -> bool:
    if state == MUTED:
        return alarm.mute is not None
    if state == UNACKNOWLEDGED:
        return alarm.is_unacknowledged
    return not state or alarm.state == ACKNOWLEDGED


def _group(view: AlarmsView, alarms: list[ShownAlarm], more: int, mutes: list[ShownMute]) -> AlarmGroup:
    first, shown = alarms[0], alarms if view.rule else alarms[:GROUP_ROWS]
    return AlarmGroup(
        first,
        place_link(first, first.run),
        place_text(first),
        [row_of(alarm) for alarm in shown],
        len(alarms),
        sum(alarm.is_unacknowledged for alarm in alarms),
        more,
        mutes,
    )
