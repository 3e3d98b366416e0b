"""Errors of golden JSON files. Each message is a sentence for users."""

from __future__ import annotations

from app.trends.errors import InvalidQuery, TrendError


class InvalidGolden(TrendError):
    """A file is no golden JSON.

    Attributes:
        problems: Place and problem of each wrong part.
    """

    def __init__(self, problems: list[tuple[str, str]]) -> None:
        super().__init__("; ".join(f"{place}: {problem}" for place, problem in problems))
        self.problems = problems


class UnknownGolden(InvalidQuery):
    """No golden JSON has this hash, or several begin with it."""
