"""Errors of golden JSON files. Each message is a sentence for users."""

from __future__ import annotations

from app.trends.errors import InvalidQuery, TrendError


class InvalidGolden(TrendError):
    """A file is no golden JSON.

    Attributes:
        fields: Place and problem of each wrong part.
    """

    def __init__(self, fields: list[tuple[str, str]]) -> None:
        super().__init__("; ".join(f"{place}: {problem}" for place, problem in fields), fields)


class UnknownGolden(InvalidQuery):
    """No golden JSON has this hash, or several begin with it."""
