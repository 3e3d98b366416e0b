"""The errors of the job diary as answers of HTTP."""

from __future__ import annotations

from app.diary.errors import DiaryError, UnknownDiaryJob
from app.web import Problem


def problem_of(error: DiaryError) -> Problem:
    """The answer to a request that raised this error."""
    return Problem(404 if isinstance(error, UnknownDiaryJob) else 400, str(error))
