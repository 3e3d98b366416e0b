"""Errors of display groups. Each message is a sentence for users."""

from __future__ import annotations

from app.trends.errors import InvalidFields, TrendError


class UnknownGroup(TrendError):
    """There is no such group, or no such change of one."""


class InvalidGroup(InvalidFields):
    """A group cannot be stored like this."""


class UnreadableGroups(TrendError):
    """A file of groups cannot be used; nothing of it is stored.

    Attributes:
        problems: One line for each wrong part, with its place.
    """

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems[:5]))
        self.problems = problems
