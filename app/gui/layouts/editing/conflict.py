"""The error of two people who edit one layout or workspace."""

from __future__ import annotations

from app.gui.errors import GuiError
from app.gui.layouts.contents import Content


class ArrangementConflict(GuiError):
    """The arrangement was changed since it was read.

    Attributes:
        number: Of its newest version.
        content: Of that version.
        user: Who made it.
        is_removed: Whether it removed the arrangement.
    """

    def __init__(self, number: int, content: Content, user: str, *, is_removed: bool) -> None:
        what = "removed" if is_removed else "changed"
        super().__init__(f"{user} has {what} {content.path} since you opened it; its newest version is {number}")
        self.number = number
        self.content = content
        self.user = user
        self.is_removed = is_removed
