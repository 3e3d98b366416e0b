"""Activity of the control room: commands, queries and events in one list, newest first."""

from __future__ import annotations

import math
import time
from typing import NamedTuple

from app.control.badges import COMMAND_BADGES, EVENT_BADGES
from app.control.commands import COMMANDS
from app.control.models import SubmittedCommand
from app.core.events import Event
from app.square.events import events
from app.square.systems import SYSTEMS
from app.web.badges import Badge
from app.web.clock import LAST_TIME

PAGE_ENTRIES = 50
"""Entries on one page."""

EVENTS_S = 7 * 86400
"""Events so long before the newest entry of a page are not listed on it; commands are."""

FILTERS = {
    "": ("All", ("command", "query", "crash", "stuck", "run-start", "run-end", "silent-host")),
    "commands": ("Commands", ("command",)),
    "queries": ("Queries", ("query",)),
    "crashes": ("Crashes", ("crash", "stuck")),
    "runs": ("Runs", ("run-start", "run-end")),
    "hosts": ("Hosts", ("silent-host",)),
}
"""The values of `show=` with their labels and the kinds of entries that they select."""


class ActivityEntry(NamedTuple):
    """One entry of the list."""

    at: float  # Unix s UTC
    system: str  # "" for none
    kind: str  # command, query, or a kind of event
    badge: Badge
    title: str
    text: str
    user: str  # who submitted a command; "" for an event
    path: str  # page with details; "" for none
    key: str = ""  # key of the job, for `path`


class ActivityFilter(NamedTuple):
    """The entries to list."""

    show: str  # a key of FILTERS
    of: str  # a system; "" for all
    before: float  # entries before this time, Unix s UTC

    @property
    def query(self) -> dict[str, object]:
        """The filter as arguments of an address."""
        return {"show": self.show, "of": self.of, "before": repr(self.before) if self.before < LAST_TIME else ""}

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of entries to list."""
        return FILTERS[self.show][1]


def recent_activity(chosen: ActivityFilter) -> list[ActivityEntry]:
    """The newest entries, at most one more than PAGE_ENTRIES, newest first."""
    found = [*_commands(chosen), *_events(chosen)]
    return sorted(found, key=lambda entry: -entry.at)[: PAGE_ENTRIES + 1]


def _events(chosen: ActivityFilter) -> list[ActivityEntry]:
    kinds = [kind for kind in chosen.kinds if kind in EVENT_BADGES]
    if not kinds:
        return []
    until = math.nextafter(chosen.before, 0.0)
    since = min(until, time.time()) - EVENTS_S
    systems = [system for system in SYSTEMS if chosen.of in ("", system)]
    return [_event_entry(event) for system in systems for event in events(system, since, until, PAGE_ENTRIES + 1, kinds)]


def _event_entry(event: Event) -> ActivityEntry:
    path, key = "", ""
    if event.kind in ("crash", "stuck"):
        path, key = "/square/job", event.key
    elif event.run is not None:
        path = f"/square/runs/{event.run}"
    return ActivityEntry(event.at, event.system, event.kind, EVENT_BADGES[event.kind], event.title, event.text, "", path, key)


def _commands(chosen: ActivityFilter) -> list[ActivityEntry]:
    names = [name for name, spec in COMMANDS.items() if ("command" if spec.changes else "query") in chosen.kinds]
    query = SubmittedCommand.select().where(SubmittedCommand.name.in_(names), SubmittedCommand.created < chosen.before)
    if chosen.of:
        query = query.where(SubmittedCommand.system.in_((chosen.of, "")))
    return [_command_entry(row) for row in query.order_by(SubmittedCommand.created.desc()).limit(PAGE_ENTRIES + 1)]


def _command_entry(row: SubmittedCommand) -> ActivityEntry:
    spec = COMMANDS[row.name]
    text = " · ".join(part for part in (row.target, row.reason, row.error) if part)
    kind, look = "command" if spec.changes else "query", COMMAND_BADGES[row.state]
    return ActivityEntry(row.created, row.system, kind, look, spec.title, text, row.user, f"/control/commands/{row.id}")
