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
    """

    def __init__(self, number: int, content: Content, user: str) -> None:
        super().__init__(f"{user} has changed {content.path} since you opened it; its newest version is {number}")
        self.number = number
        self.content = content
        self.user = user
