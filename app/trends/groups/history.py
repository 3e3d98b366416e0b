"""The history of changes to display groups, with time and user."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from app.core.database import rows
from app.trends.groups.models import TrendGroup, TrendGroupChange

LABELS = {
    "name": "name",
    "plot_title": "title",
    "y_title": "y title",
    "correlation": "correlation",
    "series": "series",
    "subsystem": "subsystem",
}


class GroupChange(NamedTuple):
    """A change for users.

    Attributes:
        id: Of the change.
        name: Of the group, after the change.
        differences: What was changed, as texts such as `title: A → B`.
        version: Of the group now, which a restoration replaces.
        is_current: Whether the group is as after this change, or was deleted by it and is still.
    """

    id: int
    at: float
    user: str
    action: str
    name: str
    differences: list[str]
    version: int
    is_current: bool


def history_of(subsystem: str, before: int, limit: int) -> list[GroupChange]:
    """The latest changes of the groups of a subsystem with an id below `before`, the latest first."""
    change = TrendGroupChange
    query = (
        change.select(change.id, change.at, change.user, change.action, change.before, change.after, change.version, TrendGroup.version)
        .join(TrendGroup, on=(TrendGroup.id == change.group))
        .where(TrendGroup.subsystem == subsystem, change.id < before)
        .order_by(change.id.desc())
        .limit(limit)
    )
    return [_change(*row) for row in rows(query)]


def _change(number: int, at: float, user: str, action: str, before: str, after: str, version: int, now: int) -> GroupChange:
    name = json.loads(after or before)["name"]
    changed = differences(json.loads(before), json.loads(after)) if before and after else []
    return GroupChange(number, at, user, action, name, changed, now, version == now and action != "delete")


def differences(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """What differs between two groups in the original's form."""
    texts = [
        f"{label}: {_text(old[name])} → {_text(new[name])}" for name, label in LABELS.items() if name != "series" and old[name] != new[name]
    ]
    added = [name for name in new["series"] if name not in old["series"]]
    removed = [name for name in old["series"] if name not in new["series"]]
    texts += [f"with {', '.join(added)}"] if added else []
    texts += [f"without {', '.join(removed)}"] if removed else []
    return texts + (["order of the series"] if old["series"] != new["series"] and not added and not removed else [])


def _text(value: object) -> str:
    return {True: "on", False: "off"}.get(value, "") if isinstance(value, bool) else f"“{value}”"
