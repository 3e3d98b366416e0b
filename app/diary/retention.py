"""Removing old jobs and what they leave, in short transactions.

Old are jobs that no source has shown for some time and nobody has reviewed.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from peewee import SQL, chunked, fn

from app.core.database import proxy, rows
from app.diary.index import reindex
from app.diary.index_models import DiaryTally
from app.diary.models import DiaryEvent, DiaryJob, DiaryParent, DiaryReview
from app.diary.observations.store import lock

DAY_S = 86400
READ_AT_ONCE = 5000
"""Numbers of jobs of one read."""
BATCH = 50
"""Jobs of one transaction, for which others wait."""
TALLIES = 500
"""Tallies of one transaction."""


def remove_old(keep_days: int, progress: Callable[[int], object] = lambda _: None) -> int:
    """Remove jobs with all that is stored of them; returns their number.

    Args:
        keep_days: Days since a source has shown a job last; 0: all are kept.
        progress: Called with the number so far after each transaction.
    """
    if not keep_days:
        return 0
    is_old = _is_old(time.time() - keep_days * DAY_S)
    removed, first, newest = 0, 0, DiaryJob.select(fn.MAX(DiaryJob.id)).scalar() or 0
    while first <= newest:
        is_next = DiaryJob.id.between(first, first + READ_AT_ONCE - 1)
        for batch in chunked(rows(DiaryJob.select(DiaryJob.id, DiaryJob.source).where(is_next, *is_old)), BATCH):
            removed += _remove([number for number, _ in batch], sorted({source for _, source in batch}), is_old)
            progress(removed)
        first += READ_AT_ONCE
    return removed


def _is_old(before: float) -> list[Any]:
    """Jobs last seen by their source before a time, without a review and without a state set by hand."""
    is_reviewed = fn.EXISTS(DiaryReview.select(SQL("1")).where(DiaryReview.job == DiaryJob.id))
    return [DiaryJob.met < before, DiaryJob.pinned_by == "", ~is_reviewed]


def _remove(numbers: list[int], sources: list[str], is_old: list[Any]) -> int:
    """Remove those of the jobs that still are old."""
    with proxy.atomic():
        for source in sources:
            lock(source)  # neither observations nor reviews come in between
        old = [number for (number,) in rows(DiaryJob.select(DiaryJob.id).where(DiaryJob.id.in_(numbers), *is_old))]
        DiaryEvent.delete().where(DiaryEvent.job.in_(old)).execute()
        DiaryParent.delete().where(DiaryParent.job.in_(old)).execute()
        DiaryJob.delete().where(DiaryJob.id.in_(old)).execute()
        reindex(old)
    return len(old)


def remove_empty_tallies() -> int:
    """Remove the tallies that count no job any more, in short transactions; returns their number."""
    removed = last = 0
    query = DiaryTally.select(DiaryTally.id, DiaryTally.source).where(DiaryTally.jobs == 0).order_by(DiaryTally.id).limit(READ_AT_ONCE)
    while found := list(rows(query.where(DiaryTally.id > last))):
        by_source: dict[str, list[int]] = {}
        for number, source in found:
            by_source.setdefault(source, []).append(number)
        for source, numbers in by_source.items():
            for batch in chunked(numbers, TALLIES):
                with proxy.atomic():
                    lock(source)  # nobody counts a job in them meanwhile
                    removed += DiaryTally.delete().where(DiaryTally.id.in_(batch), DiaryTally.jobs == 0).execute()
        last = found[-1][0]
    return removed
