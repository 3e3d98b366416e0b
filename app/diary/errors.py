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
