"""The event sources of the areas in force, and the checks of settings that name their kinds and systems."""

from __future__ import annotations

from collections.abc import Collection

from app.core.area import current_areas
from app.core.events import EventKind, EventSource
from app.core.settings.checks import some_of

ALL, PROBLEMS = "all", "problems"
"""Names for groups of kinds in settings of kinds of events."""


def event_sources() -> list[EventSource]:
    """The sources of the current areas."""
    return [area.events for area in current_areas() if area.events]


def source_of(kind: str) -> EventSource | None:
    """The source that has this kind of event."""
    return next((source for source in event_sources() if any(each.name == kind for each in source.kinds)), None)


def event_kinds() -> list[EventKind]:
    """The kinds of all sources."""
    return [kind for source in event_sources() for kind in source.kinds]


def personal_kinds() -> list[EventKind]:
    """The kinds that belong to single users."""
    return [kind for kind in event_kinds() if kind.personal]


def event_systems() -> list[str]:
    """The systems of all sources, each once; those of the main source first."""
    found = sorted(event_sources(), key=lambda source: not source.is_main)
    return list(dict.fromkeys(system for source in found for system in source.systems))


def expand_kinds(names: Collection[str]) -> tuple[str, ...]:
    """The kinds selected by a setting, in the order of the sources; ALL and PROBLEMS do not include personal kinds."""
    shared = {kind.name for kind in event_kinds() if not kind.personal and (ALL in names or (PROBLEMS in names and kind.is_problem))}
    return tuple(kind.name for kind in event_kinds() if kind.name in shared or kind.name in names)


def check_kinds(value: Collection[str]) -> str:
    """Check of a setting with kinds of events."""
    return some_of(ALL, PROBLEMS, *(kind.name for kind in event_kinds()))(value)


def check_systems(value: Collection[str]) -> str:
    """Check of a setting with systems."""
    return some_of(*event_systems())(value)
