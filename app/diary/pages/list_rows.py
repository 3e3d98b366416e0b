"""The rows of a list of jobs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from app.diary.models import DiaryJob
from app.diary.pages.job_parts import exit_of
from app.diary.pages.list_view import ListView
from app.diary.pages.presenters import REVIEW_BADGES, VERDICT_BADGES, badge_of, name_of
from app.diary.review.review import Review
from app.diary.review.reviews import reviews_of
from app.web.badges import Badge

SHOWN_LABELS = 3
NOTE_LETTERS = 120
NAMING_LABELS = ("run", "host")
"""Labels that distinguish jobs of the same name, such as DQM clients."""


class DiaryRow(NamedTuple):
    """A job in a list."""

    job: DiaryJob
    name: str
    address: str
    state: Badge
    review: Badge
    verdict: Badge | None
    note: str  # the summary, or how the notes begin
    tags: tuple[str, ...]
    labels: list[tuple[str, str]]  # the first ones by name
    more_labels: int
    exit: str

    @property
    def named_by(self) -> list[tuple[str, str]]:
        """What distinguishes a failed job from others of its name: run, host and exit code."""
        labels = self.job.value_of("labels")
        found = [(name, str(labels.get(name, ""))) for name in NAMING_LABELS] + [("exit", self.exit)]
        return [(name, value) for name, value in found if value]


def rows_of(jobs: Sequence[DiaryJob], lists: ListView) -> list[DiaryRow]:
    """Jobs with their reviews."""
    reviews = reviews_of([job.id for job in jobs])
    return [_row(job, reviews[job.id], lists) for job in jobs]


def _row(job: DiaryJob, review: Review, lists: ListView) -> DiaryRow:
    labels = [(name, str(value)) for name, value in sorted(job.value_of("labels").items(), key=lambda item: (item[0] != "run", item[0]))]
    return DiaryRow(
        job=job,
        name=name_of(job),
        address=lists.job(job),
        state=badge_of(job.state),
        review=REVIEW_BADGES.get(review.review, Badge("unsure", "unsure", review.review)),
        verdict=VERDICT_BADGES.get(review.verdict),
        note=short(review.summary or review.notes),
        tags=review.tags,
        labels=labels[:SHOWN_LABELS],
        more_labels=max(len(labels) - SHOWN_LABELS, 0),
        exit=exit_of(job),
    )


def short(text: str) -> str:
    """The beginning of a text, on one line."""
    line = " ".join(text[: 4 * NOTE_LETTERS].split())
    return line if len(line) <= NOTE_LETTERS else f"{line[: NOTE_LETTERS - 1].rstrip()}…"
