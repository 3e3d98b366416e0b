"""Events of processes of the transfer that became silent: those that did so at about the same time are one event."""

from __future__ import annotations

import hashlib
import time
from itertools import groupby
from typing import TYPE_CHECKING

from app.core.events import Event
from app.transfers.kinds import MODE_WORDS

if TYPE_CHECKING:
    from app.transfers.silence import SilentProcess

SYSTEM = "transfers"
SILENT = "transfer-silent"
TOGETHER_S = 30.0
"""Processes that become silent within the same 30 s, such as those behind one switch, are one event, at the end of that time."""
NAMED = 10


def silent_events(since: float, until: float) -> list[Event]:
    """The events in a time, of processes that are silent now."""
    now = time.time()
    groups = groupby(_silent_processes(now), key=lambda each: int(each.at // TOGETHER_S))
    events = [_event(number, list(group)) for number, group in groups]
    return [event for event in events if since <= event.at <= min(until, now)]


def is_silence_open(event: Event) -> bool:
    """Whether one of the processes of an event is still silent."""
    number = event.key.split(" ")[0]
    return any(str(int(each.at // TOGETHER_S)) == number for each in _silent_processes(time.time()))


def host_of(event: Event) -> str:
    """The host of an event of one process; "" of several."""
    return event.key.split(" ")[2] if event.key.count(" ") == 2 else ""


def subject_of(event: Event) -> str:
    """What the event is about."""
    return event.key.partition(" ")[2]


def event_id(kind: str, key: str) -> str:
    """The id of an event. key: differs between the events of a kind."""
    return f"{kind}-{hashlib.sha256(key.encode(errors='replace')).hexdigest()[:20]}"


def _silent_processes(now: float) -> list[SilentProcess]:
    from app.transfers.silence import silent_limit_s, silent_processes

    return silent_processes(silent_limit_s(), now)


def _event(number: int, group: list[SilentProcess]) -> Event:
    first = group[0]
    names = [f"{MODE_WORDS[each.mode]} {each.host}" for each in group[:NAMED]]
    title, key = f"The transfer ({MODE_WORDS[first.mode]}) on {first.host} is silent", f"{number} {first.mode} {first.host}"
    if len(group) > 1:
        processes = f"{len(group):,} processes"
        title, key = f"{processes} of the transfer are silent", f"{number} {processes} of the transfer"
    text = "no report" if len(group) == 1 else ", ".join(names) + (" ..." if len(group) > NAMED else "")
    return Event(event_id(SILENT, str(number)), SYSTEM, SILENT, None, key, (number + 1) * TOGETHER_S, title, text)
