"""Reviews of jobs: read, changed with their history, and changes undone.

A change that was made from an older version of the review is refused, unless the review has all its values already.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from dataclasses import asdict, replace
from typing import Any

from app.core.database import proxy, rows
from app.diary.index import reindex
from app.diary.jobs import find_job
from app.diary.models import DiaryEvent, DiaryJob, DiaryReview, DiaryTag
from app.diary.observations.store import lock
from app.diary.review.errors import BadReview, ReviewConflict, UndoRefused
from app.diary.review.fields import MAX_TAGS, checked_change
from app.diary.review.review import FIELDS, Review, ReviewChange
from app.diary.review.tags import joined, split_tags
from app.security.audit_log import audit


def review_of(number: int) -> Review:
    """The review of a job; an unchanged review for an unknown job."""
    return reviews_of([number])[number]


def reviews_of(numbers: Collection[int]) -> dict[int, Review]:
    """The reviews of jobs, by the numbers of these."""
    found = {number: Review(number) for number in numbers}
    fields = [getattr(DiaryReview, name) for name in ("job", "review", "verdict", "summary", "notes", "version", "by", "at")]
    for number, review, verdict, summary, notes, version, by, at in rows(
        DiaryReview.select(*fields).where(DiaryReview.job.in_(list(found)))
    ):
        found[number] = Review(number, review, verdict, summary, notes, (), version, by, at)
    tags: dict[int, list[str]] = {}
    for number, tag in rows(DiaryTag.select(DiaryTag.job, DiaryTag.tag).where(DiaryTag.job.in_(list(found)))):
        tags.setdefault(number, []).append(tag)
    return found | {number: replace(found[number], tags=tuple(sorted(each))) for number, each in tags.items()}


def save_review(number: int, change: ReviewChange, version: int, by: str) -> Review:
    """Change the review of a job.

    Args:
        number: Of the job.
        change: What is set.
        version: Of the review that the user has seen.
        by: Login of the user.

    Raises UnknownDiaryJob, BadReview, and ReviewConflict if somebody else has changed the review meanwhile.
    """
    change = checked_change(change)
    with proxy.atomic():
        _lock_job(number)
        before = review_of(number)
        after = changed_review(before, change)
        if after == before:
            return before
        if len(after.tags) > max(MAX_TAGS, len(before.tags)):
            raise BadReview([("tags", f"Expected at most {MAX_TAGS} tags, not {len(after.tags)}")])
        if version != before.version:
            raise ReviewConflict(before, change)
        return _store_one("review job", before, after, by)


def undo(event: int, by: str) -> Review:
    """Give a field of a review the value that it had before a change.

    Raises UndoRefused, and ReviewConflict if the field has been changed since.
    """
    row: DiaryEvent | None = DiaryEvent.get_or_none(DiaryEvent.id == event) if event < 2**31 else None
    if row is None or row.field not in FIELDS:
        raise UndoRefused("The history of reviews has no such change")
    value: Any = split_tags(row.old) if row.field == "tags" else row.old
    change = ReviewChange(**{row.field: value})
    with proxy.atomic():
        _lock_job(row.job)
        before = review_of(row.job)
        if text_of(before, row.field) != row.new:
            raise ReviewConflict(before, change)
        return _store_one("undo review of job", before, changed_review(before, change), by)


def _lock_job(number: int) -> None:
    """Let other changes of a job wait for the end of the transaction, of people or of its source. Raises UnknownDiaryJob."""
    lock(find_job(number).source)
    find_job(number)  # it may have been removed before the lock


def lock_jobs(batch: Sequence[int]) -> list[int]:
    """Lock these jobs until the end of the transaction; returns the existing ones."""
    named = DiaryJob.id.in_(list(batch))
    sources = {source for (source,) in rows(DiaryJob.select(DiaryJob.source).where(named).distinct())}
    for source in sorted(sources):  # in one order, or two could wait for each other
        lock(source)
    return [number for (number,) in rows(DiaryJob.select(DiaryJob.id).where(named))]  # others may have removed some before


def _store_one(action: str, before: Review, after: Review, by: str) -> Review:
    changed = [field for field in FIELDS if getattr(before, field) != getattr(after, field)]
    audit(action, f"job {after.job}", "", ", ".join(changed), user=by)
    return store_reviews([(before, after)], by, time.time())[0]


def changed_review(review: Review, change: ReviewChange) -> Review:
    """The review with a change that was checked, in the same version."""
    values = {name: value for name, value in asdict(change).items() if name in FIELDS and value is not None}
    tags = {*values.get("tags", review.tags), *change.add_tags}.difference(change.remove_tags)
    return replace(review, **values | {"tags": tuple(sorted(tags))})


def text_of(review: Review, field: str) -> str:
    """A field of a review in the history."""
    return joined(review.tags) if field == "tags" else str(getattr(review, field))


def store_reviews(changes: Collection[tuple[Review, Review]], by: str, now: float) -> list[Review]:
    """Store reviews, each before and after its change, with their history, in the caller's transaction; returns their new versions."""
    if not changes:
        return []
    stored = [replace(after, version=before.version + 1, by=by, at=now) for before, after in changes]
    values = [{name: getattr(review, name) for name in DiaryReview._meta.fields} for review in stored]
    preserved = [field for name, field in DiaryReview._meta.fields.items() if name != "job"]
    DiaryReview.insert_many(values).on_conflict(conflict_target=[DiaryReview.job], preserve=preserved).execute()
    events: list[dict[str, Any]] = []
    for before, after in changes:
        history = {"job": after.job, "at": now, "actor": f"user:{by}"}
        texts = [(field, text_of(before, field), text_of(after, field)) for field in FIELDS]
        events += [history | {"field": field, "old": old, "new": new} for field, old, new in texts if old != new]
    DiaryEvent.insert_many(events).execute()
    if tagged := [review for (before, _), review in zip(changes, stored, strict=True) if before.tags != review.tags]:
        DiaryTag.delete().where(DiaryTag.job.in_([review.job for review in tagged])).execute()
        if tags := [(review.job, tag) for review in tagged for tag in review.tags]:
            DiaryTag.insert_many(tags, fields=[DiaryTag.job, DiaryTag.tag]).execute()
    reindex([review.job for review in stored])
    return stored
