"""Published data without a run: machines, list of runs, events; and the glossary."""

from __future__ import annotations

import time

from app.publish.rendering import HTML, RenderContext, RenderResult
from app.square import runs
from app.square.events import events as recent_events
from app.square.published.fields import public_event, public_machine
from app.square.published.fragments import fragment

EVENTS = 200
"""Maximum number of published events."""

EVENTS_S = 30 * 86400.0
"""Maximum age of published events."""


def cluster(context: RenderContext) -> RenderResult:
    """The machines of a system."""
    machines = [public_machine(machine, context.sanitizer) for machine in runs.machines(context.key.system)]
    values = [[machine.host, machine.reported_up, machine.message or None, machine.at] for machine in machines]
    return RenderResult([context.json("cluster", "data", values)])


def index(context: RenderContext) -> RenderResult:
    """The numbers of all published runs, ascending, and that of the newest."""
    published = context.planned.runs("run", context.key.system)
    newest = published[0] if published else None
    return RenderResult([context.json("index", "runs", sorted(published)), context.json("index", "newest", newest)])


def events(context: RenderContext) -> RenderResult:
    """The latest events, newest first."""
    now = time.time()
    unlisted = runs.unlisted_numbers(context.key.system)
    found = [event for event in recent_events(context.key.system, now - EVENTS_S, now, EVENTS) if event.run not in unlisted]
    return RenderResult([context.json("events", "data", [public_event(event, context.sanitizer)._asdict() for event in found])])


def glossary(context: RenderContext) -> RenderResult:
    """The help page of a mirror."""
    return RenderResult([context.item("help", "page", HTML, fragment("help"))])
