"""The kinds of events of DQM^2."""

from __future__ import annotations

from app.core.events import EventKind

EVENT_KINDS = (
    EventKind("run-start"),
    EventKind("run-end"),
    EventKind("crash", is_problem=True),
    EventKind("stuck", is_problem=True, is_persistent=True),
    EventKind("silent-host", is_problem=True, is_persistent=True),
)
KINDS = tuple(kind.name for kind in EVENT_KINDS)
"""Their names."""
