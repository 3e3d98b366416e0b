"""Errors of rules. Each message is a sentence for users."""

from __future__ import annotations

from app.trends.errors import TrendError


class RuleError(TrendError):
    """Base of the errors of rules."""


class UnknownRule(RuleError):
    """There is no such rule any more."""


class RuleConflict(RuleError):
    """The rule was changed since it was read."""


class InvalidRule(RuleError):
    """A rule cannot be stored like this.

    Attributes:
        fields: Field and problem of each wrong part.
    """

    def __init__(self, fields: list[tuple[str, str]]) -> None:
        super().__init__("; ".join(f"{field}: {problem}" for field, problem in fields))
        self.fields = fields
