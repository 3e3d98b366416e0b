"""Errors of layouts and workspaces; app.gui.problems maps them to HTTP."""

from __future__ import annotations

from app.gui.errors import GuiError


class InvalidArrangement(GuiError):
    """A layout or workspace that cannot be stored; `fields` has each wrong field with its problem."""


class UnknownArrangement(GuiError):
    """There is no such layout or workspace, or no such version of it."""


class PathTaken(GuiError):
    """Another arrangement is active at this path; `other` is its number."""

    def __init__(self, message: str, other: int) -> None:
        super().__init__(message)
        self.other = other


class NotEditable(GuiError):
    """The arrangement comes from a watched folder, and is changed there."""


class PrivateArrangement(GuiError):
    """The arrangement is private to another user."""
