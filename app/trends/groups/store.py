"""Display groups in the database: read, added, edited, moved, deleted and restored.

Each change has a row in the history of the group and in the audit log. A change of a group that somebody else has changed
meanwhile is refused.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence

from peewee import IntegrityError, fn

from app.core.counters import advance
from app.core.database import proxy
from app.security.audit_log import acting_user, audit
from app.trends.groups.conflict import GroupConflict
from app.trends.groups.errors import InvalidGroup, UnknownGroup
from app.trends.groups.group import DisplayGroup, checked
from app.trends.groups.models import COUNTER, TrendGroup, TrendGroupChange

TAKEN = "another group of this subsystem has this name, or had it before it was deleted: choose another one, or restore that group"


def group_of_row(row: TrendGroup) -> DisplayGroup:
    """The group of a row."""
    return DisplayGroup(row.name, row.title, row.y_title, row.subsystem, row.correlation, tuple(json.loads(row.series)))


def groups_of(subsystem: str) -> list[DisplayGroup]:
    """The groups of a subsystem in their order, each series once."""
    found = [group_of_row(row) for row in rows_of(subsystem)]
    return [group._replace(series=tuple(dict.fromkeys(group.series))) for group in found]


def rows_of(subsystem: str = "") -> list[TrendGroup]:
    """The rows of the groups of a subsystem, or of all, in their order."""
    query = TrendGroup.select().where(~TrendGroup.deleted).order_by(TrendGroup.position, TrendGroup.id)
    return list(query.where(TrendGroup.subsystem == subsystem) if subsystem else query)


def find_group(group: int) -> TrendGroup:
    """The row of the group of this id, which may be deleted. Raises UnknownGroup."""
    row: TrendGroup | None = TrendGroup.get_or_none(TrendGroup.id == group)
    if row is None:
        raise UnknownGroup("There is no such display group; it may be of another instance")
    return row


def add_group(group: DisplayGroup, action: str = "add") -> TrendGroup:
    """Store a new group behind the others. Raises InvalidGroup."""
    checked(group)
    try:
        with proxy.atomic():
            advance(COUNTER)
            last = TrendGroup.select(fn.MAX(TrendGroup.position)).scalar() or 0
            row: TrendGroup = TrendGroup.create(**_values(group), position=last + 1, version=1)
            _record(row, action, None, group)
    except IntegrityError:
        raise InvalidGroup([("name", TAKEN)]) from None
    return row


def edit_group(row: TrendGroup, version: int, group: DisplayGroup, action: str = "edit") -> None:
    """Replace a group that was read at `version`; a group that is deleted comes back. Raises InvalidGroup or GroupConflict."""
    checked(group)
    before = _group_or_none(row)
    if group == before and version == row.version:
        return
    try:
        with proxy.atomic():
            _update(row, version, **_values(group), deleted=False)
            _record(row, action, before, group)
    except IntegrityError:
        raise InvalidGroup([("name", TAKEN)]) from None


def delete_group(row: TrendGroup, version: int) -> None:
    """Delete a group that was read at `version`; it can be restored. Raises GroupConflict."""
    before = group_of_row(row)
    with proxy.atomic():
        _update(row, version, deleted=True)
        _record(row, "delete", before, None)


def move_group(row: TrendGroup, step: int) -> None:
    """Let a group change places with the one before (step -1) or after it (step 1) in its subsystem; none at an end."""
    with proxy.atomic():
        advance(COUNTER)
        order = rows_of(row.subsystem)
        place = next((index for index, each in enumerate(order) if each.id == row.id), None)
        if place is None or not 0 <= place + step < len(order):
            return
        order[place], order[place + step] = order[place + step], order[place]
        set_order(order)
        group = group_of_row(row)
        _record(row, "move", group, group, answer="up" if step < 0 else "down")


def set_order(order: Sequence[TrendGroup]) -> None:
    """Let these rows have their positions in this order."""
    position = 0
    for row, least in zip(order, sorted(row.position for row in order), strict=True):
        position = max(position + 1, least)
        if row.position != position:
            TrendGroup.update(position=position).where(TrendGroup.id == row.id).execute()


def restore_change(change: TrendGroupChange, version: int) -> TrendGroup:
    """Give a group the state that it had after a change, or before it was deleted. Raises InvalidGroup or GroupConflict."""
    row = find_group(change.group)
    edit_group(row, version, state_of(change), "restore")
    return row


def state_of(change: TrendGroupChange) -> DisplayGroup:
    """The group after a change, or before it was deleted."""
    value = json.loads(change.after or change.before)
    title, y_title = value.pop("plot_title"), value.pop("y_title")
    return DisplayGroup(title=title, y_title=y_title, **value | {"series": tuple(value["series"])})


def find_change(change: int) -> TrendGroupChange:
    """The change of this id. Raises UnknownGroup."""
    row: TrendGroupChange | None = TrendGroupChange.get_or_none(TrendGroupChange.id == change)
    if row is None:
        raise UnknownGroup("The history of display groups has no such change")
    return row


def _group_or_none(row: TrendGroup) -> DisplayGroup | None:
    return None if row.deleted else group_of_row(row)


def _values(group: DisplayGroup) -> dict[str, object]:
    return group._asdict() | {"series": json.dumps(group.series)}


def _update(row: TrendGroup, version: int, **values: object) -> None:
    """Change a row in the database if it has this version still. Raises GroupConflict."""
    query = TrendGroup.update(**values, version=version + 1).where(TrendGroup.id == row.id, TrendGroup.version == version)
    if not query.execute():
        now = find_group(row.id)
        latest = TrendGroupChange.select().where(TrendGroupChange.group == row.id).order_by(TrendGroupChange.id.desc()).first()
        raise GroupConflict(now.version, _group_or_none(now), latest.user if latest else "Somebody")
    row.version = version + 1


def _record(row: TrendGroup, action: str, before: DisplayGroup | None, after: DisplayGroup | None, answer: str = "") -> None:
    texts = [json.dumps(group.json) if group else "" for group in (before, after)]
    TrendGroupChange.create(
        group=row.id, version=row.version, at=time.time(), user=acting_user(), action=action, before=texts[0], after=texts[1]
    )
    group = after or before
    target = f"display group {group.subsystem}/{group.name}" if group else ""
    renamed = before and after and before.name != after.name
    audit(f"{action} display group", target, answer=answer or (f"was {before.name}" if before and renamed else f"version {row.version}"))
