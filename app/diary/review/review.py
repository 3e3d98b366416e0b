"""The review of a job, and a change of one."""

from __future__ import annotations

from dataclasses import dataclass

FIELDS = ("review", "verdict", "summary", "notes", "tags")
"""The fields of a review; also their names in the history."""


@dataclass(frozen=True)
class Review:
    """What people say of a job.

    Attributes:
        job: Number of the job.
        review: One of REVIEWS.
        verdict: One of VERDICTS.
        summary: One line.
        notes: Markdown; see `app.diary.review.markdown`.
        tags: Sorted.
        version: 0 until somebody changes it.
        by, at: Who changed it last, and when, Unix s UTC; "" and None: nobody.
    """

    job: int
    review: str = "open"
    verdict: str = "none"
    summary: str = ""
    notes: str = ""
    tags: tuple[str, ...] = ()
    version: int = 0
    by: str = ""
    at: float | None = None


@dataclass(frozen=True)
class ReviewChange:
    """Fields of a review that are set; None leaves a field as it is.

    Attributes:
        tags: All tags from now on.
        add_tags, remove_tags: Tags that are added or removed, whatever others there are.
    """

    review: str | None = None
    verdict: str | None = None
    summary: str | None = None
    notes: str | None = None
    tags: tuple[str, ...] | None = None
    add_tags: tuple[str, ...] = ()
    remove_tags: tuple[str, ...] = ()
