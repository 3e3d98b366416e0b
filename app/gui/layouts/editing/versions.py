"""Adds, reads and activates versions of arrangements, within the transaction of the caller."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any, NamedTuple

from app.core.database import one_writer, rows
from app.gui.layouts.contents import Content, content_of, plots_of, text_of
from app.gui.layouts.editing.conflict import ArrangementConflict
from app.gui.layouts.errors import InvalidArrangement, PathTaken, UnknownArrangement
from app.gui.layouts.models import Arrangement, ArrangementActivation, ArrangementPlace, ArrangementVersion
from app.security.audit_log import acting_user

MAX_REASON = 500
"""Maximum number of characters of a reason."""


class ChangeAuthor(NamedTuple):
    """Author, reason and time of a change; each change has one time, in Unix s UTC."""

    user: str
    reason: str
    at: float

    @classmethod
    def now(cls, reason: str, user: str = "") -> ChangeAuthor:
        """A change by a user; "" is the sender of the request. Raises InvalidArrangement for a reason that is too long."""
        if len(reason) > MAX_REASON:
            problem = f"Expected at most {MAX_REASON} characters, not {len(reason):,}"
            raise InvalidArrangement("The reason cannot be used", [("reason", problem)])
        return cls(user or acting_user(), reason, time.time())

    @property
    def values(self) -> dict[str, Any]:
        """As columns."""
        return self._asdict()


_NUMBERS = 0x4C4159  # any number that only this lock uses

REMOVE = "remove"
"""Action of a version that removed the arrangement."""


def find(number: int) -> Arrangement:
    """The arrangement of this number. Raises UnknownArrangement."""
    row: Arrangement | None = Arrangement.get_or_none(Arrangement.id == number)
    if row is None:
        raise UnknownArrangement("There is no such layout or workspace; the link may be from another instance of DQM Hub")
    return row


def content_at(row: Arrangement, number: int) -> Content:
    """The content of a version of an arrangement. Raises UnknownArrangement."""
    return content_of(row.kind, version_at(row, number).document)


def version_at(row: Arrangement, number: int) -> ArrangementVersion:
    """The row of a version. Raises UnknownArrangement."""
    version = ArrangementVersion
    found: ArrangementVersion | None = version.get_or_none(version.arrangement == row.id, version.number == number)
    if found is None:
        raise UnknownArrangement(f"{row.path} has no version {number}; it has versions 1 to {row.newest}")
    return found


def draft_of(row: Arrangement) -> ArrangementVersion | None:
    """The newest version if it is not active, and did not remove the arrangement."""
    newest = version_at(row, row.newest)
    return None if row.newest == row.active or newest.action == REMOVE else newest


def add_version(row: Arrangement, based_on: int, content: Content, action: str, change: ChangeAuthor) -> int:
    """Add a version after `based_on`, the newest one that the author knows; returns its number. Raises ArrangementConflict."""
    one_version_at_a_time()
    at_newest = Arrangement.update(newest=based_on + 1).where(Arrangement.id == row.id, Arrangement.newest == based_on)
    if not at_newest.execute():
        raise conflict(row.id)
    ArrangementVersion.create(arrangement=row.id, number=based_on + 1, action=action, document=text_of(content), **change.values)
    Arrangement.update(path=content.path).where(Arrangement.id == row.id, Arrangement.active == 0).execute()
    return based_on + 1


def one_version_at_a_time() -> None:
    """Make other transactions that add versions wait for the end of this one."""
    one_writer(_NUMBERS)


def conflict(arrangement: int) -> ArrangementConflict:
    """The error for an edit that started from an older version of an arrangement."""
    row = find(arrangement)
    return conflict_with(row, row.newest)


def conflict_with(row: Arrangement, number: int) -> ArrangementConflict:
    """The same error for the version that was the newest one when it was found. Raises UnknownArrangement."""
    found = version_at(row, number)
    return ArrangementConflict(number, content_of(row.kind, found.document), found.user, is_removed=found.action == REMOVE)


def is_passed(row: Arrangement, number: int) -> bool:
    """Whether a later version was active, or this one or a later one removed the arrangement. Then it can be rolled back to, not activated."""
    version, activation = ArrangementVersion, ArrangementActivation
    later = activation.select().where(activation.arrangement == row.id, activation.number > number)
    removed = version.select().where(version.arrangement == row.id, version.number >= number, version.action == REMOVE)
    return bool(later.exists() or removed.exists())


def check_not_passed(row: Arrangement, number: int) -> None:
    """Raise ArrangementConflict for a version that can only be rolled back to."""
    if is_passed(row, number):
        raise conflict(row.id)


def show(row: Arrangement, number: int, content: Content, version: int, change: ChangeAuthor) -> None:
    """Make a version active. Raises PathTaken.

    Args:
        version: Value of COUNTER, from `advance` as the first statement of the transaction.
    """
    places = places_of(content, row.owner)
    check_free(row.kind, places, row.id)
    ArrangementPlace.delete().where(ArrangementPlace.arrangement == row.id).execute()
    for scope, path in places:
        ArrangementPlace.create(arrangement=row.id, kind=row.kind, scope=scope, path=path)
    values = {"active": number, "path": content.path, "plots": plots_of(content), "changed": version}
    Arrangement.update(**values).where(Arrangement.id == row.id).execute()
    _record(row, number, change)


def hide(row: Arrangement, based_on: int, version: int, change: ChangeAuthor) -> None:
    """Deactivate an arrangement and remove its link, as a new version; arguments as for `add_version` and `show`. Raises ArrangementConflict."""
    add_version(row, based_on, content_at(row, row.newest), REMOVE, change)
    ArrangementPlace.delete().where(ArrangementPlace.arrangement == row.id).execute()
    Arrangement.update(active=0, plots="", changed=version, link=None).where(Arrangement.id == row.id).execute()
    _record(row, 0, change)


def _record(row: Arrangement, number: int, change: ChangeAuthor) -> None:
    ArrangementActivation.create(arrangement=row.id, number=number, **change.values)


def places_of(content: Content, owner: str) -> list[tuple[str, str]]:
    """Scope and path of each place of an active arrangement."""
    scopes = (f"user:{owner}",) if owner else content.scopes
    return [(scope, content.path) for scope in scopes]


def check_free(kind: str, places: Iterable[tuple[str, str]], arrangement: int | None) -> None:
    """Raise PathTaken if another arrangement of a kind is active at one of these places."""
    place = ArrangementPlace
    for scope, path in places:
        query = place.select(place.arrangement).where(place.kind == kind, place.scope == scope, place.path == path)
        other = next((number for (number,) in rows(query) if number != arrangement), None)
        if other is not None:
            raise path_taken(kind, scope, path, other)


def path_taken(kind: str, scope: str, path: str, other: int) -> PathTaken:
    """The error for a place where another arrangement is."""
    where = "of yours" if scope.startswith("user:") else f"for {scope} samples"
    return PathTaken(f"Another {kind} {where} is at {path} already (number {other}): choose another path, or change that one", other)
