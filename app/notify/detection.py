"""Finding what happened: each event becomes one notice, with a delivery for each channel that is to tell it.

What is older than LATE_S when it is noticed, as after a long pause or at the first start, is in the list and told to
nobody; so is what was told of the same client or host in the last REPEAT_S, and what happens in a maintenance window,
but for what lasts: a host that is still silent and a job that is still stuck when the window is over are told then.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice

from app.core.counters import advance
from app.core.database import proxy, rows
from app.core.settings import Settings
from app.notify.channels import Channel, channels
from app.notify.models import (
    COUNTER,
    DROPPED,
    FAILED,
    HELD,
    LATE,
    MAINTENANCE,
    OPEN,
    REPEATED,
    TOLD,
    WAITING,
    Delivery,
    Maintenance,
    Notice,
)
from app.notify.quiet_hours import quiet_until
from app.queue import TaskRun
from app.square.events import Event, events
from app.square.models import Host, HostStatus, Job

LATE_S = 600.0
REPEAT_S = 600.0
LIST_S = 86400.0
"""How far back the first look of each minute goes, for the list."""
LOOK_S = 3600.0
"""The others: an event may be known a while after it happened."""
LASTING = ("stuck", "silent-host")
"""Kinds of what goes on until somebody does something."""
AHEAD_S = 3600.0
"""So much may P5's clock be ahead of this one."""
BATCH = 100
"""Notices that are entered at once."""


@contextmanager
def finding(settings: Settings, systems: Sequence[str], _: TaskRun) -> Iterator[Callable[[], None]]:
    """Gives a step that enters what happened since the last one."""
    finder = Finder(settings)
    finder.forget_channels()
    back_s = LIST_S

    def step() -> None:
        nonlocal back_s
        for system in systems:
            finder.look(system, back_s)
        back_s = LOOK_S

    yield step


class Finder:
    """Looks for events that are no notices yet."""

    def __init__(self, settings: Settings) -> None:
        self.channels = channels(settings)
        self.seen: set[str] = set()

    def forget_channels(self) -> None:
        """Close what a channel was to tell that is not in the settings any more."""
        gone = Delivery.state.in_(OPEN), Delivery.channel.not_in([channel.name for channel in self.channels])
        change = {"state": FAILED, "why": "the settings do not name this channel any more", "changed": time.time()}
        if Delivery.select().where(*gone).exists():
            with proxy.atomic():
                advance(COUNTER)  # first, as everywhere: PostgreSQL locks rows in the order in which they are changed
                Delivery.update(change).where(*gone).execute()

    def look(self, system: str, back_s: float) -> None:
        """Enter what happened in the last `back_s` seconds, the oldest first."""
        now = time.time()
        self._tell_what_outlasted(system, now)
        found = reversed([event for event in events(system, now - back_s, now + AHEAD_S) if event.id not in self.seen])
        while batch := list(islice(found, BATCH)):
            if new := _unknown(batch):
                with proxy.atomic():
                    advance(COUNTER)  # first: of two who look at once one waits here, and then finds nothing unknown
                    for event in _unknown(new):
                        self._enter(event, now)
            self.seen.update(event.id for event in batch)

    def _enter(self, event: Event, now: float) -> None:
        subject, host = _subject(event)
        fate, repeats = _fate(event, subject, host, now)
        notice = Notice.create(
            event=event.id, system=event.system, kind=event.kind, run=event.run, key=event.key, subject=subject, at=event.at, found=now,
            title=event.title, text=event.text, fate=fate, repeats=repeats,
        )  # fmt: skip
        if fate == TOLD:
            self._deliver(notice, now)

    def _tell_what_outlasted(self, system: str, now: float) -> None:
        kept = Notice.select().where(Notice.system == system, Notice.kind.in_(LASTING), Notice.fate == MAINTENANCE)
        for notice in list(kept.where(Notice.found > now - LIST_S)):
            event = _still(notice)
            if event is None or _announced(system, _subject(event)[1], now):
                continue
            with proxy.atomic():
                advance(COUNTER)
                ours = Notice.id == notice.id, Notice.fate == MAINTENANCE
                if Notice.update(fate=TOLD, found=now).where(*ours).execute():  # else another consumer told it
                    self._deliver(notice, now)

    def _deliver(self, notice: Notice, now: float) -> None:
        for channel in self.channels:
            if notice.kind in channel.kinds:
                deliver(notice, channel, now, quiet_until(channel.quiet, channel.kind, now))


def deliver(notice: Notice, channel: Channel, now: float, quiet: float | None = None) -> None:
    """Have a channel tell a notice; quiet: the end of its quiet hours, if it is in such."""
    begin = now if quiet is None else quiet
    state = WAITING if quiet is None else HELD if channel.holds else DROPPED
    why = "quiet hours" if state == DROPPED else ""
    Delivery.create(notice=notice, channel=channel.name, state=state, since=begin, not_before=begin, changed=now, why=why)


def _unknown(found: list[Event]) -> list[Event]:
    query = Notice.select(Notice.event).where(Notice.event.in_([event.id for event in found]))
    known = {event for (event,) in rows(query)}
    return [event for event in found if event.id not in known]


def _subject(event: Event) -> tuple[str, str]:
    """What of an event comes again and again, and the host on which it happened."""
    if event.kind == "silent-host":
        return event.key, event.key
    job = Job.get_or_none(Job.system == event.system, Job.key == event.key) if event.key else None
    return (job.tag, job.host) if job else (str(event.run), "")


def _announced(system: str, host: str, at: float) -> bool:
    """Whether a moment is in a maintenance window of a host."""
    windows = Maintenance.select().where(Maintenance.system == system, Maintenance.begins <= at, Maintenance.ends > at)
    return any(not window.hosts or host in window.hosts.split() for window in windows)


def _still(notice: Notice) -> Event | None:
    """The event of a notice, while what it says is still so."""
    near = events(notice.system, notice.at - 1, notice.at + 1, kinds=(notice.kind,))
    event = next((event for event in near if event.id == notice.event), None)
    if event is None or notice.kind == "stuck":  # a job that reports again is stuck no more, and has no event
        return event
    said = (
        HostStatus.select().where(HostStatus.system == notice.system, HostStatus.name == notice.key).order_by(HostStatus.id.desc()).first()
    )
    failing = Host.select().where(Host.system == notice.system, Host.name == notice.key, Host.failures > 0).exists()
    return event if failing or (said and not said.up) else None


def _fate(event: Event, subject: str, host: str, now: float) -> tuple[str, int]:
    """What becomes of an event, and how many of the same were not told before it."""
    if event.at < now - LATE_S:
        return LATE, 0
    if _announced(event.system, host, event.at):
        return MAINTENANCE, 0
    same = Notice.select().where(Notice.system == event.system, Notice.kind == event.kind, Notice.subject == subject)
    last = same.where(Notice.fate == TOLD).order_by(Notice.id.desc()).first()
    if last and last.found > now - REPEAT_S:
        return REPEATED, 0
    return TOLD, same.where(Notice.fate == REPEATED, Notice.id > (last.id if last else 0)).count()
