"""Errors of logs of jobs. Each message is a sentence for users."""

from __future__ import annotations

from app.diary.errors import DiaryError


class UnknownLog(DiaryError):
    """The job has no such log."""


class LogRefused(DiaryError):
    """The hub does not show this log."""


class LogUnreadable(DiaryError):
    """The log cannot be read now."""
