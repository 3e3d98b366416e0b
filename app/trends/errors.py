"""Errors of trends."""

from __future__ import annotations


class TrendError(Exception):
    """Base class of errors of trends; the message is a sentence for people."""


class ConfigError(TrendError):
    """A configuration cannot be used."""
