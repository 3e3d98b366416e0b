"""Bulk reviews: one change of the reviews of all jobs of a list, in short transactions, which can be undone for a day.

The jobs are those that were counted when it was confirmed, whatever the list shows later. Many are reviewed by a
background job, which another process can continue: each transaction stores how far it is.
"""

from __future__ import annotations

import json
import time
import zlib
from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from typing import Any
from urllib.parse import urlencode

from app.core.database import proxy, rows
from app.core.text import counted
from app.diary.models import DiaryBulkChange, DiaryBulkReview, DiaryJob, DiaryReview
from app.diary.observations.store import lock
from app.diary.review.errors import BadReview, SelectionChanged, UndoRefused
from app.diary.review.fields import checked_change
from app.diary.review.review import FIELDS, Review, ReviewChange
from app.diary.review.reviews import changed_review, reviews_of, store_reviews
from app.diary.search.find import numbers
from app.diary.search.selection import JobSelection, arguments
from app.queue.states import OPEN
from app.queue.store import enqueue, latest_job
from app.security.audit_log import audit

KIND, UNDO_KIND = "review-jobs", "undo-review-jobs"
"""Kinds of background jobs; their keys are numbers of bulk reviews."""

DIRECT = 300
"""Jobs that are reviewed at once; more are left to a background job."""

BATCH = 50
"""Jobs of one transaction, which takes much less than the 0.2 s for which others may wait."""

UNDO_S = 86400.0
"""How long a bulk review can be undone."""

Report = Callable[[float, str], object]
"""Is called with the progress, 0..1, also in words."""


def no_report(progress: float, note: str) -> None:
    """The report of a review that nobody follows."""


def review_all(
    selection: JobSelection, users: tuple[str, ...], change: ReviewChange, by: str, expected: int | None = None
) -> DiaryBulkReview:
    """Change the reviews of all jobs of a selection, also of those that no page has shown.

    Args:
        selection: Which jobs.
        users: Who the user is in the batch systems, for a selection of own jobs.
        change: What is set in each.
        by: Login of the user.
        expected: How many jobs the user has confirmed; None: as many as there are.

    Raises BadSearch, BadReview, and SelectionChanged if there are other numbers of jobs by now.
    """
    found = sorted(number for (number,) in rows(numbers(selection, users)))
    if expected not in (None, len(found)):
        raise SelectionChanged(len(found), expected or 0)
    return review_jobs(found, urlencode(arguments(selection)), change, by)


def review_jobs(job_numbers: Iterable[int], selection: str, change: ReviewChange, by: str) -> DiaryBulkReview:
    """Change the reviews of these jobs.

    Args:
        job_numbers: Of the jobs.
        selection: Query of the address of the list that shows them.
        change: What is set in each.
        by: Login of the user.

    Raises BadReview.
    """
    change, jobs = checked_change(change), sorted(set(job_numbers))
    if change == ReviewChange():
        raise BadReview([("change", "Choose what to set: review, verdict, summary or tags")])
    if not jobs:
        raise BadReview([("jobs", "There is no such job; search for others")])
    with proxy.atomic():
        values = {"by": by, "at": time.time(), "selection": selection, "change": json.dumps(_given(change)), "count": len(jobs)}
        row = DiaryBulkReview.create(**values, jobs=zlib.compress(array("q", jobs).tobytes(), 1))
        audit("review jobs", f"{counted(len(jobs), 'job')} of the list {selection or 'of all'}", "", words_of(row), user=by)
        if len(jobs) > DIRECT:
            enqueue(KIND, str(row.id))
    return find_bulk(row.id) if len(jobs) > DIRECT else run_bulk(row.id)


def run_bulk(number: int, report: Report = no_report) -> DiaryBulkReview:
    """Review the jobs of a bulk review that are not reviewed yet."""
    row = find_bulk(number)
    jobs, change = _jobs_of(row), ReviewChange(**{name: _value(name, value) for name, value in json.loads(row.change).items()})
    position = bisect_right(jobs, row.reached)
    while position < len(jobs) and _review_batch(row, jobs[position : position + BATCH], jobs[position - 1] if position else 0, change):
        position += BATCH
        report(min(position / len(jobs), 1.0), f"{min(position, len(jobs)):,} of {counted(len(jobs), 'job')}")
    done = DiaryBulkReview.finished.is_null(), DiaryBulkReview.undone.is_null(), DiaryBulkReview.reached >= (jobs[-1] if jobs else 0)
    DiaryBulkReview.update(finished=time.time(), jobs=b"").where(DiaryBulkReview.id == number, *done).execute()
    return find_bulk(number)


def _review_batch(row: DiaryBulkReview, batch: Sequence[int], reached: int, change: ReviewChange) -> bool:
    """Review some jobs in a transaction; False if another process has, or the bulk review is undone."""
    with proxy.atomic():
        ours = DiaryBulkReview.id == row.id, DiaryBulkReview.reached == reached, DiaryBulkReview.undone.is_null()
        if not DiaryBulkReview.update(reached=batch[-1]).where(*ours).execute():
            return False
        existing = _lock_jobs(batch)
        pairs = [(review, changed_review(review, change)) for review in reviews_of(existing).values()]
        pairs = [(before, after) for before, after in pairs if before != after]
        stored = store_reviews(pairs, row.by, time.time())
        undoable = [_undoable(row.id, before, after) for (before, _), after in zip(pairs, stored, strict=True)]
        if undoable:
            DiaryBulkChange.insert_many(undoable).execute()
        DiaryBulkReview.update(changed=DiaryBulkReview.changed + len(pairs)).where(DiaryBulkReview.id == row.id).execute()
    return True


def undo_bulk(number: int, by: str) -> DiaryBulkReview:
    """Give the jobs of a bulk review their earlier reviews; those that were changed since keep theirs. Raises UndoRefused."""
    with proxy.atomic():
        row, now = find_bulk(number), time.time()
        if why := undo_problem(row, now):
            raise UndoRefused(why)
        free = DiaryBulkReview.id == number, DiaryBulkReview.undone.is_null()
        if _all_changed_since(number):
            raise UndoRefused("All jobs of this bulk review were changed since; undo the later bulk reviews of them first")
        if not DiaryBulkReview.update(undone_by=by, undone=now, jobs=b"").where(*free).execute():
            raise UndoRefused("Somebody else has undone this bulk review at the same moment")
        audit("undo review of jobs", f"{counted(row.changed, 'job')} of the list {row.selection or 'of all'}", "", words_of(row), user=by)
        if row.changed > DIRECT:
            enqueue(UNDO_KIND, str(number))
    return find_bulk(number) if row.changed > DIRECT else run_undo(number)


def _all_changed_since(number: int) -> bool:
    """Whether no job has the review any more that a bulk review has given it: its undo would restore nothing, and could not come again."""
    same = (DiaryReview.job == DiaryBulkChange.job) & (DiaryReview.version == DiaryBulkChange.version)
    return not DiaryBulkChange.select().join(DiaryReview, on=same).where(DiaryBulkChange.bulk == number).exists()


def run_undo(number: int, report: Report = no_report) -> DiaryBulkReview:
    """Restore the reviews of a bulk review that is undone and are not restored yet."""
    while _restore_batch(number):
        row = find_bulk(number)
        done = row.restored + row.kept
        report(min(done / max(row.changed, 1), 1.0), f"{done:,} of {counted(row.changed, 'job')}")
    unfinished = DiaryBulkReview.id == number, DiaryBulkReview.undo_finished.is_null()
    DiaryBulkReview.update(undo_finished=time.time()).where(*unfinished).execute()
    return find_bulk(number)


def _restore_batch(number: int) -> bool:
    """Restore some reviews in a transaction; False if there are none left."""
    mine = DiaryBulkReview.id == number
    with proxy.atomic():
        DiaryBulkReview.update(restored=DiaryBulkReview.restored).where(mine).execute()  # another process waits here
        found = list(DiaryBulkChange.select().where(DiaryBulkChange.bulk == number).order_by(DiaryBulkChange.job).limit(BATCH))
        if not found:
            return False
        reviews = reviews_of(_lock_jobs([each.job for each in found]))
        same = [each for each in found if each.job in reviews and reviews[each.job].version == each.version]
        pairs = [(review := reviews[each.job], _earlier(review, each)) for each in same]
        store_reviews(pairs, find_bulk(number).undone_by, time.time())
        _let_earlier_be_undone(same)
        DiaryBulkChange.delete().where(DiaryBulkChange.id.in_([each.id for each in found])).execute()
        counts = {"restored": DiaryBulkReview.restored + len(same), "kept": DiaryBulkReview.kept + len(found) - len(same)}
        DiaryBulkReview.update(**counts).where(mine).execute()
    return True


def _let_earlier_be_undone(restored: Sequence[DiaryBulkChange]) -> None:
    """Jobs are as an earlier bulk review has left them: it can be undone, too."""
    for version, earlier in {(each.version, each.earlier_version) for each in restored}:
        jobs = [each.job for each in restored if (each.version, each.earlier_version) == (version, earlier)]
        same = DiaryBulkChange.job.in_(jobs), DiaryBulkChange.version == earlier
        DiaryBulkChange.update(version=version + 1).where(*same).execute()


def find_bulk(number: int) -> DiaryBulkReview:
    """The bulk review of this number. Raises UndoRefused."""
    row: DiaryBulkReview | None = DiaryBulkReview.get_or_none(DiaryBulkReview.id == number) if number < 2**31 else None
    if row is None:
        raise UndoRefused("There is no such bulk review")
    return row


def newest_bulks(limit: int) -> list[DiaryBulkReview]:
    """The bulk reviews, the newest first."""
    fields = [field for name, field in DiaryBulkReview._meta.fields.items() if name != "jobs"]
    return list(DiaryBulkReview.select(*fields).order_by(DiaryBulkReview.id.desc()).limit(limit))


def undo_problem(row: DiaryBulkReview, now: float) -> str:
    """Why a bulk review cannot be undone; "" if it can."""
    if row.undone is not None:
        return f"{row.undone_by} has undone this bulk review"
    if row.at < now - UNDO_S:
        return "A bulk review can be undone for 24 hours; this one is older"
    if row.finished is None and (job := latest_job(KIND, str(row.id))) and job.state in OPEN:
        return "This bulk review is not finished yet; undo it then"
    return "" if row.changed else "This bulk review has changed nothing"


def words_of(row: DiaryBulkReview) -> str:
    """What a bulk review sets, for people: verdict not-ok; add tags disk."""
    given = json.loads(row.change).items()
    words = ((name, (" ".join(value) or "none") if isinstance(value, list) else value) for name, value in given)
    return "; ".join(f"{name.replace('_', ' ')} {value}".strip() for name, value in words)


def forget_changes(now: float) -> int:
    """Delete what is needed to undo bulk reviews that are too old for it; returns the number of rows."""
    old = DiaryBulkReview.select(DiaryBulkReview.id).where(DiaryBulkReview.at < now - 2 * UNDO_S)  # one may be undone just now
    batch = DiaryBulkChange.select(DiaryBulkChange.id).where(DiaryBulkChange.bulk.in_(old)).limit(500)
    deleted = 0
    while found := [number for (number,) in rows(batch)]:
        deleted += DiaryBulkChange.delete().where(DiaryBulkChange.id.in_(found)).execute()
    return deleted


def _lock_jobs(batch: Sequence[int]) -> list[int]:
    """Let other changes of these jobs wait for the end of the transaction; returns those that are there."""
    found = rows(DiaryJob.select(DiaryJob.id, DiaryJob.source).where(DiaryJob.id.in_(list(batch))))
    for source in sorted({source for _, source in found}):  # in one order, or two could wait for each other
        lock(source)
    return [number for number, _ in found]


def _jobs_of(row: DiaryBulkReview) -> Sequence[int]:
    jobs = array("q")
    jobs.frombytes(zlib.decompress(bytes(row.jobs)) if row.jobs else b"")
    return jobs


def _given(change: ReviewChange) -> dict[str, Any]:
    """The fields that are set; no tags from now on is a change, to add or remove none is not."""
    return {name: value for name, value in asdict(change).items() if value is not None and (value != () or name == "tags")}


def _value(name: str, value: Any) -> Any:
    return tuple(value) if "tags" in name else value


def _undoable(bulk: int, before: Review, after: Review) -> dict[str, Any]:
    """What restores a review."""
    values = {name: getattr(before, name) for name in FIELDS if getattr(before, name) != getattr(after, name)}
    versions = {"version": after.version, "earlier_version": before.version}
    return {"bulk": bulk, "job": after.job, **versions, "before": json.dumps(values)}


def _earlier(review: Review, change: DiaryBulkChange) -> Review:
    return changed_review(review, ReviewChange(**{name: _value(name, value) for name, value in json.loads(change.before).items()}))
