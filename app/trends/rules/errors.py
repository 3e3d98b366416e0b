"""Errors of rules. Each message is a sentence for users."""

from __future__ import annotations

from app.trends.errors import InvalidFields, TrendError


class UnknownRule(TrendError):
    """There is no such rule any more."""


class RuleConflict(TrendError):
    """The rule was changed since it was read."""


class InvalidRule(InvalidFields):
    """A rule cannot be stored like this."""
