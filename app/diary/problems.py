"""The errors of the job diary as answers of HTTP."""

from __future__ import annotations

from app.diary.errors import DiaryError, UnknownDiaryJob
from app.diary.logs.errors import LogRefused, LogUnreadable, UnknownLog
from app.diary.review.errors import BadReview, ReviewConflict, ReviewForbidden, SelectionChanged, UndoRefused, UnknownSearch
from app.web import Problem

STATUSES: dict[type[DiaryError], int] = {
    UnknownDiaryJob: 404,
    ReviewForbidden: 403,
    ReviewConflict: 409,
    SelectionChanged: 409,
    UndoRefused: 409,
    UnknownSearch: 404,
    UnknownLog: 404,
    LogRefused: 403,
    LogUnreadable: 404,
}
"""Status of each error; others are 400."""


def problem_of(error: DiaryError) -> Problem:
    """The answer to a request that raised this error."""
    fields = error.fields if isinstance(error, BadReview) else []
    return Problem(STATUSES.get(type(error), 400), str(error), fields)
