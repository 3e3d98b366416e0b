"""Errors of reviews. Each message is a sentence for users."""

from __future__ import annotations

from app.core.text import counted
from app.diary.errors import DiaryError
from app.diary.review.review import Review, ReviewChange


class BadReview(DiaryError):
    """A review, tag or saved search cannot be stored like this.

    Attributes:
        fields: Field and problem of each wrong part.
    """

    def __init__(self, fields: list[tuple[str, str]]) -> None:
        super().__init__("; ".join(f"{field}: {problem}" for field, problem in fields))
        self.fields = fields


class ReviewConflict(DiaryError):
    """The review was changed since it was read, and nothing was stored.

    Attributes:
        current: The review now.
        change: What was to be stored.
    """

    def __init__(self, current: Review, change: ReviewChange) -> None:
        super().__init__(f"{current.by} has changed this review since you opened it; it is at version {current.version} now")
        self.current = current
        self.change = change


class UndoRefused(DiaryError):
    """A change cannot be undone; the message has the reason."""


class UnknownSearch(DiaryError):
    """There is no such saved search."""


class ReviewForbidden(DiaryError):
    """The user may not review this job; the message names who may."""


class SelectionChanged(DiaryError):
    """There are other jobs than the user has confirmed.

    Attributes:
        count: How many there are now.
    """

    def __init__(self, count: int, expected: int) -> None:
        changed = f"{counted(count, 'job')} are in this list now, not {expected:,} as before"
        if count == expected:
            changed = f"Other jobs are in this list now, {count:,} as before"
        super().__init__(f"{changed}; look at it and confirm again")
        self.count = count
