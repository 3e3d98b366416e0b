"""The history of a layout or workspace: its versions, and when which of them was active."""

from __future__ import annotations

from typing import NamedTuple

from app.core.database import rows
from app.gui.layouts.contents import Content, content_of
from app.gui.layouts.differences import differences
from app.gui.layouts.models import Arrangement, ArrangementActivation, ArrangementVersion
from app.gui.layouts.versions import find

AT_ONCE = ("import", "roll back")
"""Actions that can make a version active in the same moment."""


class HistoryEntry(NamedTuple):
    """A new version, or a change of what is active.

    Attributes:
        number: Of the version.
        at: Unix s UTC.
        action: Of a new version, as in ArrangementVersion, or "activate".
        differences: Of a new version to the one before it.
        activated: Whether a new version became active with it.
        is_active: Whether a new version is active now.
    """

    number: int
    at: float
    user: str
    action: str
    reason: str
    differences: list[str]
    activated: bool
    is_active: bool


def history_of(arrangement: int) -> list[HistoryEntry]:
    """All that was done with an arrangement, the latest first. Raises UnknownArrangement."""
    row = find(arrangement)
    activations = _activations(arrangement)
    found = []
    before: Content | None = None
    for number, at, user, action, reason, text in _versions(arrangement):
        content = content_of(row.kind, text)
        at_once = action in AT_ONCE and activations.pop((number, at), None) is not None
        changed = differences(before, content) if before else []
        found.append(HistoryEntry(number, at, user, action, reason, changed, at_once, number == row.active))
        before = content
    found += [HistoryEntry(number, at, user, "activate", reason, [], False, False) for (number, at), (user, reason) in activations.items()]
    return sorted(found, key=lambda entry: entry.at, reverse=True)


def _versions(arrangement: int) -> list[tuple[int, float, str, str, str, str]]:
    version = ArrangementVersion
    columns = (version.number, version.at, version.user, version.action, version.reason, version.document)
    return rows(version.select(*columns).where(version.arrangement == arrangement).order_by(version.number))


def _activations(arrangement: int) -> dict[tuple[int, float], tuple[str, str]]:
    """User and reason of each activation by number of the version and time; removals are versions."""
    table = ArrangementActivation
    query = table.select(table.number, table.at, table.user, table.reason).where(table.arrangement == arrangement, table.number > 0)
    return {(number, at): (user, reason) for number, at, user, reason in rows(query)}


def is_removed(row: Arrangement) -> bool:
    """Whether an arrangement was active once and is no more; otherwise one without an active version is a draft."""
    table = ArrangementActivation
    return not row.active and table.select().where(table.arrangement == row.id).exists()
