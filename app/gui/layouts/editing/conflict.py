"""The error for two people who edit a layout or workspace at the same time."""

from __future__ import annotations

from app.gui.errors import GuiError
from app.gui.layouts.contents import Content


class ArrangementConflict(GuiError):
    """The arrangement was changed since it was read.

    Attributes:
        number: Number of its newest version.
        content: Content of that version.
        user: Author of that version.
        is_removed: Whether that version removed the arrangement.
    """

    def __init__(self, number: int, content: Content, user: str, *, is_removed: bool) -> None:
        what = "removed" if is_removed else "changed"
        super().__init__(f"{user} has {what} {content.path} since you opened it; its newest version is {number}")
        self.number = number
        self.content = content
        self.user = user
        self.is_removed = is_removed
