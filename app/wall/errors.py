"""Errors of walls. Each message is a sentence for users."""

from __future__ import annotations

from collections.abc import Sequence


class WallError(Exception):
    """Something about a wall is not possible."""


class UnknownWall(WallError):
    """There is no such wall, tab, panel or picture."""


class WallConflict(WallError):
    """Somebody else has changed the wall meanwhile."""


class InvalidWall(WallError):
    """A wall cannot be stored like this.

    Attributes:
        problems: Place and problem of each wrong part, such as ("tabs[0].seconds", "Expected a whole number from 10 to 600").
    """

    def __init__(self, problems: Sequence[tuple[str, str]]) -> None:
        super().__init__("; ".join(f"{place}: {problem}" if place else problem for place, problem in problems[:5]))
        self.problems = list(problems)
