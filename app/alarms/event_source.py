"""Notices of alarms as events that notifications are sent about."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import TYPE_CHECKING

from app.alarms.kinds import RAISED, RECOVERY, REMINDER
from app.core.events import Event, EventKind, EventSource, Subject

if TYPE_CHECKING:
    from app.alarms.models import AlarmNotice
    from app.core.settings import Settings

SYSTEM = "plots"
MOST_EVENTS = 1000


class AlarmEvents(EventSource):
    """Alarms on plots, reminders of them, and their ends."""

    name = "alarms"
    systems = (SYSTEM,)
    first_look_s = 7 * 86400.0  # an alarm that lasts is notified also after a long outage of the hub
    kinds = (
        EventKind(RAISED, is_problem=True, is_persistent=True, is_never_late=True),
        EventKind(REMINDER, is_problem=True),
        EventKind(RECOVERY),
    )

    def active_systems(self, settings: Settings) -> Sequence[str]:
        """The plots: rules may be added at any time."""
        return self.systems

    def find(self, system: str, since: float, until: float, kinds: Collection[str] | None = None) -> list[Event]:
        """The notices of this time."""
        from app.alarms.models import AlarmNotice

        query = AlarmNotice.select().where(AlarmNotice.at.between(since, until))
        if kinds is not None:
            query = query.where(AlarmNotice.kind.in_(list(kinds)))
        return [_event(notice) for notice in query.order_by(AlarmNotice.at.desc(), AlarmNotice.id.desc()).limit(MOST_EVENTS)]

    def subject(self, event: Event) -> Subject:
        """The notice itself: rules add no notice twice."""
        return Subject(f"notice {event.key}")

    def is_open(self, event: Event) -> bool:
        """Whether an alarm of the rule that was raised by then still lasts."""
        from app.alarms.models import OPEN, PlotAlarm

        notice = _notice(event)
        if notice is None:
            return False
        lasts = PlotAlarm.rule == notice.rule, PlotAlarm.state.in_(OPEN), PlotAlarm.raised <= notice.at
        return bool(PlotAlarm.select().where(*lasts).exists())

    def channels(self, event: Event) -> Collection[str] | None:
        """The kinds of channels that the rule names; None if it names none."""
        notice = _notice(event)
        return notice.channels.split() or None if notice else None

    def path(self, event: Event) -> str:
        """The page of the notice."""
        return f"/alarms/notices/{event.key}"

    def is_kept(self, event: Event) -> bool:
        """Whether the notice is still stored."""
        return _notice(event) is not None

    def hosts(self, settings: Settings) -> Iterable[str]:
        """None: plots are on no host."""
        return ()


def _event(notice: AlarmNotice) -> Event:
    import hashlib

    mark = hashlib.sha256(f"{notice.id} {notice.rule} {notice.at!r}".encode()).hexdigest()[:20]
    key = str(notice.id)
    return Event(
        f"{notice.kind}-{mark}", SYSTEM, notice.kind, notice.run_number or notice.run or None, key, notice.at, notice.title, notice.text
    )


def _notice(event: Event) -> AlarmNotice | None:
    from app.alarms.models import AlarmNotice

    found: AlarmNotice | None = AlarmNotice.get_or_none(AlarmNotice.id == int(event.key)) if event.key.isdecimal() else None
    return found
