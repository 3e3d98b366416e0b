"""Errors of trends."""

from __future__ import annotations


class TrendError(Exception):
    """Base class of errors of trends; the message is a sentence for people.

    Attributes:
        fields: Field and problem of each wrong part of what was sent.
    """

    def __init__(self, message: str, fields: list[tuple[str, str]] | None = None) -> None:
        super().__init__(message)
        self.fields = fields or []


class InvalidFields(TrendError):
    """Something that was sent has wrong parts, and nothing of it is stored; the message has all of them."""

    def __init__(self, fields: list[tuple[str, str]]) -> None:
        super().__init__("; ".join(f"{field}: {problem}" for field, problem in fields), fields)


class ConfigError(TrendError):
    """A configuration cannot be used."""


class OutdatedConfigs(TrendError):
    """Configurations were changed on pages since they were read."""


class InvalidQuery(TrendError):
    """A part of a question for trends, such as a key of a series or a choice of runs, cannot be used."""


class UnknownSelection(TrendError):
    """There is no such subsystem, primary dataset, processing or trend."""


class RequestLimit(TrendError):
    """A user has as many requested trends computed as are allowed."""


class UnknownRequest(TrendError):
    """There is no requested trend of this key."""


class UnreadableSample(TrendError):
    """The file of a sample cannot be used within the limits of reading."""


class SampleNotRead(TrendError):
    """A file was not read for a reason outside of it; another attempt can succeed."""


class SampleReadTooSlowly(SampleNotRead):
    """A file was not read in time, although little CPU time was used: its disk may be stuck."""


class SampleReplaced(UnreadableSample):
    """The file of a sample was replaced since it was listed: the new one has to be listed."""
