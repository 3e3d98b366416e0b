"""Errors of golden JSON files. Each message is a sentence for users."""

from __future__ import annotations

from app.trends.errors import InvalidFields, InvalidQuery


class InvalidGolden(InvalidFields):
    """A file is no golden JSON."""


class UnknownGolden(InvalidQuery):
    """No golden JSON has this hash, or several begin with it."""
