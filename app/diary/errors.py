"""Errors of the job diary. Each message is a sentence for users."""

from __future__ import annotations


class DiaryError(Exception):
    """Base of the errors of the area."""


class UnknownDiaryJob(DiaryError):
    """There is no such job."""


class UnknownSource(DiaryError):
    """There is no such source of jobs."""


class BadObservation(DiaryError):
    """An observation cannot be stored; the message is the reason."""


class BadSourceConfig(DiaryError):
    """The configuration of a source cannot be used; the message names its file and the reason."""


class BadState(DiaryError):
    """A job cannot be given this state."""


class BadSearch(DiaryError):
    """A search cannot be read; the message names the word, and what would be right."""


class CommandFailed(DiaryError):
    """A command of a batch system did not give what it should.

    Attributes:
        code: Exit code; None: it did not end by itself.
        errors: The end of its standard error.
    """

    def __init__(self, name: str, reason: str, code: int | None = None, errors: str = "") -> None:
        super().__init__(f"{name}: {reason}")
        self.code = code
        self.errors = errors
