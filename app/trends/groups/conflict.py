"""The error of two people who edit one group."""

from __future__ import annotations

from app.trends.errors import TrendError
from app.trends.groups.group import DisplayGroup


class GroupConflict(TrendError):
    """The group was changed since it was read.

    Attributes:
        version: Of the group now.
        current: The group now; None if it is deleted.
        user: Who made the latest change.
    """

    def __init__(self, version: int, current: DisplayGroup | None, user: str) -> None:
        what = "changed" if current else "deleted"
        super().__init__(f"{user} has {what} this group since you opened it; it is at version {version} now")
        self.version = version
        self.current = current
        self.user = user
