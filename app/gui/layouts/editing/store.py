"""Layouts and workspaces in the database: read, saved as new versions, activated, rolled back and removed.

A saved version is shown once it is activated; versions of private layouts are shown at once. `save` gets the number of the version
that the edit started from, and raises ArrangementConflict if there is a newer one. Each function that changes something checks the
rights of the sender of the request and adds a row to the audit log.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from peewee import fn

from app.core.counters import advance
from app.core.database import proxy, rows
from app.gui.layouts.contents import Content, content_of, kind_of, text_of
from app.gui.layouts.editing.private_limits import check_one_more, check_private
from app.gui.layouts.editing.rights import check_may_change
from app.gui.layouts.editing.versions import (
    REMOVE,
    ChangeAuthor,
    add_version,
    check_free,
    check_not_passed,
    content_at,
    find,
    hide,
    places_of,
    show,
    version_at,
)
from app.gui.layouts.errors import NotEditable, UnknownArrangement
from app.gui.layouts.models import COUNTER, LAYOUT, WORKSPACE, Arrangement, ArrangementPlace, ArrangementVersion
from app.gui.layouts.workspace import Workspace
from app.security.audit_log import audit

__all__ = [
    "activate",
    "active_contents",
    "active_layout",
    "active_workspaces",
    "check_editable",
    "content_at",
    "find",
    "remove",
    "roll_back",
    "save",
]


class Saved(NamedTuple):
    """What `save` stored.

    Attributes:
        number: Of the version.
        is_new: False if the newest version was the same already.
    """

    arrangement: int
    number: int
    is_new: bool


class StoredArrangement(NamedTuple):
    """An active layout or workspace; `number` is that of its version."""

    arrangement: int
    number: int
    content: Content


def active_layout(scope: str, path: str) -> StoredArrangement | None:
    """The layout that is shown at a path; the scope of private ones is `user:<name>`."""
    place = ArrangementPlace
    found = _active(LAYOUT, place.kind == LAYOUT, place.scope == scope, place.path == path)
    return found[0] if found else None


def active_workspaces(scope: str) -> list[StoredArrangement]:
    """The workspaces of a scope, by rank."""
    found = _active(WORKSPACE, ArrangementPlace.kind == WORKSPACE, ArrangementPlace.scope == scope)
    return sorted(found, key=lambda each: each.content.rank if isinstance(each.content, Workspace) else 0)


def active_contents(numbers: Iterable[int]) -> dict[int, Content]:
    """The active versions of arrangements by their numbers, without those that have none."""
    version = ArrangementVersion
    query = (
        version.select(Arrangement.id, Arrangement.kind, version.document)
        .join(Arrangement, on=(Arrangement.id == version.arrangement) & (Arrangement.active == version.number))
        .where(Arrangement.id.in_(list(numbers)))
    )
    return {number: content_of(kind, text) for number, kind, text in rows(query)}


def _active(kind: str, *where: object) -> list[StoredArrangement]:
    version = ArrangementVersion
    query = (
        ArrangementPlace.select(Arrangement.id, version.number, version.document)
        .join(Arrangement, on=(Arrangement.id == ArrangementPlace.arrangement))
        .join(version, on=(version.arrangement == Arrangement.id) & (version.number == Arrangement.active))
        .where(*where)
        .order_by(Arrangement.position, Arrangement.id)
    )
    return [StoredArrangement(number, version, content_of(kind, text)) for number, version, text in rows(query)]


def save(
    content: Content, *, arrangement: int | None = None, based_on: int = 0, reason: str = "", owner: str = "", is_active: bool = False
) -> Saved:
    """Save a new version; a content that equals the newest version is not saved again.

    Args:
        arrangement: Number of the arrangement; None for a new one.
        based_on: Number of the newest version when the edit began; 0 for a new arrangement.
        owner: Owner of a new private arrangement; "" for a new one that all see.
        is_active: Whether to show the version at once, in the same transaction: either it is stored and shown, or nothing changes.

    Raises ArrangementConflict if there is a newer version, PathTaken, UnknownArrangement, NotEditable, InvalidArrangement for a private layout beyond
    its limits, or an error of `check_may_change`.
    """
    if arrangement is None:
        return _add(content, reason, owner, is_active=is_active or bool(owner))
    row = find(arrangement)
    check_may_change(row.owner, row.path, content.path)
    check_editable(row)
    if row.kind != kind_of(content):
        raise UnknownArrangement(f"{row.path} is no {kind_of(content)}")
    if row.owner:
        check_private(content)
    is_active = is_active or bool(row.owner)
    newest = version_at(row, row.newest)
    if newest.document == text_of(content) and newest.action != REMOVE:
        if is_active and row.active != row.newest:
            activate(row.id, row.newest, reason)
        return Saved(row.id, row.newest, False)
    with proxy.atomic():
        version = advance(COUNTER) if is_active else 0
        change = ChangeAuthor.now(reason)
        number = add_version(row, based_on, content, "edit", change)
        check_free(row.kind, places_of(content, row.owner), row.id)
        audit(f"save {_noun(row)}", content.path, reason, _version_text(row, number, content))
        if is_active:
            _show(row, number, content, version, change)
    return Saved(row.id, number, True)


def _add(content: Content, reason: str, owner: str, *, is_active: bool) -> Saved:
    check_may_change(owner, content.path)
    if owner:
        check_private(content)
    kind = kind_of(content)
    with proxy.atomic():
        version = advance(COUNTER) if is_active else 0
        position = (Arrangement.select(fn.MAX(Arrangement.position)).scalar() or 0) + 1
        row = Arrangement.create(kind=kind, owner=owner, path=content.path, position=position, newest=0)
        check_free(kind, places_of(content, owner), row.id)
        change = ChangeAuthor.now(reason)
        number = add_version(row, 0, content, "add", change)
        audit(f"add {_noun(row)}", content.path, reason)
        if is_active:
            _show(row, number, content, version, change)
    return Saved(row.id, number, True)


def activate(arrangement: int, number: int, reason: str = "") -> None:
    """Show a version instead of an earlier one.

    Raises ArrangementConflict if a later version was active or the arrangement was removed after this one, PathTaken, UnknownArrangement, NotEditable, or an error of `check_may_change`.
    """
    content = _editable_content(arrangement, number)
    with proxy.atomic():
        version = advance(COUNTER)
        row = find(arrangement)
        check_not_passed(row, number)
        if row.active != number:
            _show(row, number, content, version, ChangeAuthor.now(reason))


def _editable_content(arrangement: int, number: int) -> Content:
    """The content of a version that the caller may show. Raises UnknownArrangement, NotEditable, or an error of `check_may_change`."""
    row = find(arrangement)
    content = content_at(row, number)
    check_may_change(row.owner, row.path, content.path)
    check_editable(row)
    return content


def _show(row: Arrangement, number: int, content: Content, version: int, change: ChangeAuthor) -> None:
    """Make a version active; `version` as for `show`."""
    if row.owner and not row.active:
        check_one_more(row.owner)
    show(row, number, content, version, change)
    audit(f"activate {_noun(row)}", content.path, change.reason, _version_text(row, number, content))


def roll_back(arrangement: int, number: int, based_on: int, reason: str = "") -> int:
    """Show the content of an earlier version as a new version; returns its number. This restores a removed arrangement.

    Raises ArrangementConflict if there is a newer version than `based_on`, PathTaken, UnknownArrangement, NotEditable, or an error of `check_may_change`.
    """
    content = _editable_content(arrangement, number)
    with proxy.atomic():
        version = advance(COUNTER)
        row = find(arrangement)
        if row.owner and not row.active:
            check_one_more(row.owner)
        change = ChangeAuthor.now(reason)
        added = add_version(row, based_on, content, "roll back", change)
        show(row, added, content, version, change)
        audit(f"roll back {_noun(row)}", content.path, reason, f"to version {number}, as {_version_text(row, added, content)}")
    return added


def remove(arrangement: int, based_on: int, reason: str = "") -> None:
    """Stop showing an arrangement. The removal is a new version, so it can be rolled back. The link to a private one becomes invalid.

    Removing it again changes nothing. Raises ArrangementConflict if there is a newer version than `based_on`, UnknownArrangement,
    NotEditable, or an error of `check_may_change`.
    """
    row = find(arrangement)
    check_may_change(row.owner, row.path)
    check_editable(row)
    with proxy.atomic():
        version = advance(COUNTER)
        row = find(arrangement)
        if row.newest == based_on and version_at(row, based_on).action == REMOVE:
            return
        hide(row, based_on, version, ChangeAuthor.now(reason))
        audit(f"remove {_noun(row)}", row.path, reason, "its link is removed" if row.link else "")


def _noun(row: Arrangement) -> str:
    """The name of the kind of an arrangement in the audit log."""
    return f"private {row.kind}" if row.owner else row.kind


def _version_text(row: Arrangement, number: int, content: Content) -> str:
    """A version in the audit log, with the old path if the path changes; `row`: before the change."""
    return f"version {number}" if content.path == row.path else f"version {number}, from {row.path}"


def check_editable(row: Arrangement) -> None:
    """Raise NotEditable for an arrangement of a watched folder."""
    if row.source:
        raise NotEditable(f"{row.path} comes from the file {row.source} of a watched folder: change it there")
