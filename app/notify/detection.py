"""Detection: stores each event once, and queues a delivery for each channel that is subscribed to its kind.

These events are stored with an outcome, but not notified:

* late: an event that is older than LATE_S when it is detected, as after a long pause or at the first start, unless its kind is never
  late and it still lasts;
* duplicate: an event of the same kind and subject as one notified in the last REPEAT_S;
* maintenance: an event in a maintenance window. One of a persistent kind that still lasts at its end is notified then.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import NamedTuple

from peewee import Expression

from app.core.counters import advance
from app.core.database import proxy, rows
from app.core.event_sources import event_sources
from app.core.events import Event, EventSource, Subject
from app.core.outages import outage_of
from app.core.settings import Settings
from app.notify.added_channels import all_channels
from app.notify.channels.base import Channel
from app.notify.messages import event_of
from app.notify.models import (
    COUNTER,
    DEFERRED,
    DUPLICATE,
    FAILED,
    LATE,
    MAINTENANCE,
    NOTIFIED,
    OPEN,
    PENDING,
    SUPPRESSED,
    Delivery,
    MaintenanceWindow,
    Notification,
)
from app.notify.settings import NotifySettings
from app.notify.subscriptions import is_personal
from app.queue.periodic import TaskRun

LATE_S = 600.0
REPEAT_S = 600.0
DAY_S = 86400.0

OUTLASTED_S = 86400.0
"""Longest time from an event in a maintenance window to its notification, s."""

LOOK_S = 3600.0
"""Age of the oldest events that a step searches, s, but the first one of a run window (`EventSource.first_look_s`).

An event may become known a while after it happened.
"""

AHEAD_S = 3600.0
"""How far the clock of the experiment may be ahead of this one, s."""

BATCH = 100
"""Events stored in one transaction."""


class WatchedSystem(NamedTuple):
    """A system whose events are notified."""

    source: EventSource
    name: str


def watched_systems(settings: Settings) -> list[WatchedSystem]:
    """The systems of the setting `notify_systems` that are active."""
    chosen = settings.of(NotifySettings).notify_systems
    return [WatchedSystem(source, name) for source in event_sources() for name in source.active_systems(settings) if name in chosen]


@contextmanager
def detection_task(settings: Settings, systems: Sequence[WatchedSystem], _: TaskRun) -> Iterator[Callable[[], None]]:
    """Yields a step that stores the events since the last one.

    A system whose events cannot be read stops no other one; the step fails when all others are done, so that /status names it.
    """
    collector = EventCollector(settings)
    collector.close_removed_channels()
    searched: set[WatchedSystem] = set()

    def step() -> None:
        failures: list[tuple[str, Exception]] = []
        for system in systems:
            try:
                collector.collect(system, LOOK_S if system in searched else _first_look_s(system.source, settings))
                searched.add(system)
            except Exception as error:
                if outage_of(error):
                    raise  # concerns all systems
                failures.append((system.name, error))
        if failures:
            raise UnreadableEvents(failures) from failures[0][1]

    yield step


class UnreadableEvents(Exception):
    """The events of some systems could not be read or stored."""

    def __init__(self, failures: Sequence[tuple[str, Exception]]) -> None:
        super().__init__("; ".join(f"the events of {system}: {type(error).__name__}: {error}" for system, error in failures))


def _first_look_s(source: EventSource, settings: Settings) -> float:
    """Age of the oldest events of a first step: not of those whose notifications may have been removed, which would be sent again."""
    return min(source.first_look_s, settings.of(NotifySettings).notify_keep_days * DAY_S)


class EventCollector:
    """Looks for events that are not stored yet."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.channels: list[Channel] = []  # read in each transaction that queues deliveries: operators add and delete some
        self.seen: set[str] = set()  # ids of events that are stored

    def close_removed_channels(self) -> None:
        """Close the open deliveries of channels that are no longer configured."""
        change = {"state": FAILED, "detail": "the channel is no longer configured", "changed": time.time()}
        if Delivery.select().where(*self._of_removed_channels()).exists():
            with proxy.atomic():
                advance(COUNTER)  # first, as everywhere: PostgreSQL locks rows in the order in which they are changed
                Delivery.update(change).where(*self._of_removed_channels()).execute()

    def _of_removed_channels(self) -> tuple[Expression, ...]:
        return Delivery.state.in_(OPEN), Delivery.channel.not_in([channel.name for channel in all_channels(self.settings)])

    def collect(self, system: WatchedSystem, back_s: float) -> None:
        """Store the events of the last `back_s` seconds, the oldest first."""
        now = time.time()
        self._notify_after_maintenance(system, now)
        found = system.source.find(system.name, now - back_s, now + AHEAD_S)
        new_events = reversed([event for event in found if event.id not in self.seen])
        while batch := list(islice(new_events, BATCH)):
            if unknown := _unknown(batch):
                with proxy.atomic():
                    advance(COUNTER)  # first: a second process waits here, and then finds nothing unknown
                    self.channels = all_channels(self.settings)
                    for event in _unknown(unknown):
                        self._store(event, system.source, now)
            self.seen.update(event.id for event in batch)

    def _store(self, event: Event, source: EventSource, now: float) -> None:
        subject = source.subject(event)
        outcome, repeats = _outcome(event, source, subject, now)
        row = Notification.create(
            event=event.id,
            system=event.system,
            kind=event.kind,
            run=event.run,
            key=event.key,
            subject=subject.name,
            at=event.at,
            detected=now,
            title=event.title,
            text=event.text,
            outcome=outcome,
            repeats=repeats,
        )
        if outcome == NOTIFIED:
            self._enqueue_all(row, now, source.channels(event))

    def _notify_after_maintenance(self, system: WatchedSystem, now: float) -> None:
        """Notify persistent events that outlasted their maintenance window."""
        persistent = [kind.name for kind in system.source.kinds if kind.is_persistent]
        suppressed = Notification.select().where(
            Notification.system == system.name,
            Notification.kind.in_(persistent),
            Notification.outcome == MAINTENANCE,
            Notification.detected > now - OUTLASTED_S,
        )
        for row in list(suppressed):
            event = event_of(row)
            if in_maintenance(system.name, system.source.subject(event).host, now) or not system.source.is_open(event):
                continue
            with proxy.atomic():
                advance(COUNTER)
                self.channels = all_channels(self.settings)
                ours = Notification.id == row.id, Notification.outcome == MAINTENANCE
                if Notification.update(outcome=NOTIFIED, detected=now).where(*ours).execute():  # else another process was first
                    self._enqueue_all(row, now, system.source.channels(event))

    def _enqueue_all(self, row: Notification, now: float, only: Collection[str] | None) -> None:
        """Queue a delivery for each channel that is subscribed. only: kinds of channels, None for all."""
        for channel in self.channels:
            if only is not None and channel.kind not in only:
                continue
            if channel.reaches_users and is_personal(row.kind):
                due = _next_mail(now, self.settings.of(NotifySettings).notify_user_pause_s)
                enqueue(row, channel, due, channel.quiet_until(due))
            elif row.kind in channel.kinds:
                enqueue(row, channel, now, channel.quiet_until(now))


def _next_mail(now: float, pause_s: float) -> float:
    """When the next mail to single users is due: all at the same moments, so that many notifications are one mail."""
    return math.ceil(now / pause_s) * pause_s if pause_s else now


def enqueue(row: Notification, channel: Channel, due: float, quiet_end: float | None = None) -> None:
    """Queue a delivery.

    Args:
        row: What is sent.
        channel: By which it is sent.
        due: When the first attempt is due.
        quiet_end: End of the channel's quiet hours, None if it is not in quiet hours or to ignore them.
    """
    now, begin = time.time(), due if quiet_end is None else quiet_end
    state = PENDING if quiet_end is None else DEFERRED if channel.defers_in_quiet_hours else SUPPRESSED
    detail = "quiet hours" if state == SUPPRESSED else ""
    Delivery.create(notification=row, channel=channel.name, state=state, since=begin, not_before=begin, changed=now, detail=detail)


def in_maintenance(system: str, host: str, at: float) -> bool:
    """Whether a moment is in a maintenance window of a system or host ("" for none)."""
    windows = MaintenanceWindow.select().where(
        MaintenanceWindow.system == system, MaintenanceWindow.begins <= at, MaintenanceWindow.ends > at
    )
    return any(not window.hosts or host in window.hosts.split() for window in windows)


def _unknown(found: list[Event]) -> list[Event]:
    query = Notification.select(Notification.event).where(Notification.event.in_([event.id for event in found]))
    known = {event for (event,) in rows(query)}
    return [event for event in found if event.id not in known]


def _outcome(event: Event, source: EventSource, subject: Subject, now: float) -> tuple[str, int]:
    """The outcome of an event, and how many duplicates were suppressed before it."""
    if event.at < now - LATE_S and not (_is_never_late(event, source) and source.is_open(event)):
        return LATE, 0
    if in_maintenance(event.system, subject.host, event.at):
        return MAINTENANCE, 0
    same = Notification.select().where(
        Notification.system == event.system, Notification.kind == event.kind, Notification.subject == subject.name
    )
    last = same.where(Notification.outcome == NOTIFIED).order_by(Notification.id.desc()).first()
    if last and last.detected > now - REPEAT_S:
        return DUPLICATE, 0
    return NOTIFIED, same.where(Notification.outcome == DUPLICATE, Notification.id > (last.id if last else 0)).count()


def _is_never_late(event: Event, source: EventSource) -> bool:
    return any(kind.is_never_late for kind in source.kinds if kind.name == event.kind)
