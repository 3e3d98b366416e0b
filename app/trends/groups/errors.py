"""Errors of display groups. Each message is a sentence for users."""

from __future__ import annotations

from app.trends.errors import TrendError


class GroupError(TrendError):
    """Base of the errors of display groups."""


class UnknownGroup(GroupError):
    """There is no such group, or no such change of one."""


class InvalidGroup(GroupError):
    """A group cannot be stored like this.

    Attributes:
        fields: Field and problem of each wrong part.
    """

    def __init__(self, fields: list[tuple[str, str]]) -> None:
        super().__init__("; ".join(f"{field}: {problem}" for field, problem in fields), fields)


class UnreadableGroups(GroupError):
    """A file of groups cannot be used; nothing of it is stored.

    Attributes:
        problems: One line for each wrong part, with its place.
    """

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems[:5]))
        self.problems = problems
