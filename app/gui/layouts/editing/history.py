"""The history of a layout or workspace: its versions, and the times of their activations."""

from __future__ import annotations

from typing import NamedTuple

from app.core.database import rows
from app.gui.layouts.contents import Content, content_of
from app.gui.layouts.editing.differences import differences
from app.gui.layouts.editing.versions import REMOVE, find, version_at
from app.gui.layouts.models import Arrangement, ArrangementActivation, ArrangementVersion

MOST_VERSIONS = 100
"""Maximum number of versions in a part of the history."""


class HistoryEntry(NamedTuple):
    """A new version, or the activation of a version.

    Attributes:
        number: Number of the version.
        at: Unix s UTC.
        action: Action of the new version, as in ArrangementVersion, or "activate".
        differences: Differences of the new version from the one before it.
        activated: Whether the new version became active at once.
        is_active: Whether the new version is active now.
    """

    number: int
    at: float
    user: str
    action: str
    reason: str
    differences: list[str]
    activated: bool
    is_active: bool


def history_of(arrangement: int, before: int = 0) -> list[HistoryEntry]:
    """The history of the latest MOST_VERSIONS versions of an arrangement, the latest first. Raises UnknownArrangement.

    Args:
        before: Only versions with lower numbers; 0: all.
    """
    row = find(arrangement)
    earlier, versions = _versions(row, before)
    activations = _activations(row, [version.number for version in versions])
    found = []
    for version in versions:
        content = content_of(row.kind, version.document)
        at_once = activations.pop((version.number, version.at), None) is not None
        changed = differences(earlier, content) if earlier else []
        author = version.at, version.user, version.action, version.reason
        found.append(HistoryEntry(version.number, *author, changed, at_once, version.number == row.active))
        earlier = content
    found += [HistoryEntry(number, at, user, "activate", reason, [], False, False) for (number, at), (user, reason) in activations.items()]
    return sorted(found, key=lambda entry: entry.at, reverse=True)


def _versions(row: Arrangement, before: int) -> tuple[Content | None, list[ArrangementVersion]]:
    """The content of the version before a part of the history (None if there is none), and the versions of the part in order."""
    version = ArrangementVersion
    last = before - 1 if before else row.newest
    first = max(1, last - MOST_VERSIONS + 1)
    where = version.arrangement == row.id, version.number.between(first - 1, last)
    found = list(version.select().where(*where).order_by(version.number))
    if found and found[0].number < first:
        return content_of(row.kind, found[0].document), found[1:]
    return None, found


def _activations(row: Arrangement, numbers: list[int]) -> dict[tuple[int, float], tuple[str, str]]:
    """User and reason of each activation by number of the version and time; removals are versions."""
    table = ArrangementActivation
    query = table.select(table.number, table.at, table.user, table.reason).where(table.arrangement == row.id, table.number.in_(numbers))
    return {(number, at): (user, reason) for number, at, user, reason in rows(query)}


def is_removed(row: Arrangement) -> bool:
    """Whether the newest version of an arrangement removed it. Drafts, and workspaces replaced by others, have no active version either."""
    return version_at(row, row.newest).action == REMOVE
