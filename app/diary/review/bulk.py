"""Bulk reviews: one change of the reviews of all jobs of a list, in short transactions, which can be undone for a day.

The jobs are those that were confirmed, whatever the list shows later. Each bulk review has a background job, which another
process can continue: each transaction stores how far it is. Few jobs are reviewed at once by the process of the request.
"""

from __future__ import annotations

import json
import time
import zlib
from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from functools import partial
from typing import Any
from urllib.parse import urlencode

from app.core.database import proxy, rows
from app.core.text import counted
from app.diary.models import DiaryBulkChange, DiaryBulkReview, DiaryReview
from app.diary.review.bulk_selection import selected_jobs
from app.diary.review.errors import BadReview, SelectionChanged, UndoRefused
from app.diary.review.fields import MAX_TAGS, checked_change
from app.diary.review.review import FIELDS, Review, ReviewChange
from app.diary.review.reviews import changed_review, lock_jobs, reviews_of, store_reviews
from app.diary.search.selection import JobSelection, arguments
from app.queue.execution import attempt, report
from app.queue.models import BackgroundJob
from app.queue.states import OPEN
from app.queue.store import enqueue, enqueue_claimed, latest_job
from app.security.audit_log import audit

KIND, UNDO_KIND = "review-jobs", "undo-review-jobs"
"""Kinds of background jobs; their keys are numbers of bulk reviews."""

DIRECT = 300
"""Jobs that are reviewed at once; more are left to a background job."""

BATCH = 50
"""Jobs of one transaction, which takes much less than the 0.2 s for which others may wait."""

UNDO_S = 86400.0
"""How long a bulk review can be undone."""

_SHOWN = [field for name, field in DiaryBulkReview._meta.fields.items() if name != "jobs"]

Report = Callable[[float, str], object]
"""Is called with the progress, 0..1, also in words."""


def no_report(progress: float, note: str) -> None:
    """The progress report of a review that is not displayed."""


def review_all(
    selection: JobSelection, users: tuple[str, ...], change: ReviewChange, by: str, expected: int | None = None, digest: str | None = None
) -> DiaryBulkReview:
    """Change the reviews of all jobs of a selection, also of those that no page has shown.

    Args:
        selection: Which jobs.
        users: Who the user is in the batch systems, for a selection of own jobs.
        change: What is set in each.
        by: Login of the user.
        expected: How many jobs the user has confirmed; None: as many as there are.
        digest: Of these jobs, see `SelectedJobs`; None: whichever there are.

    Raises BadSearch, BadReview, and SelectionChanged if there are other jobs by now.
    """
    jobs = selected_jobs(selection, users)
    if expected not in (None, jobs.count) or digest not in (None, jobs.digest):
        raise SelectionChanged(jobs.count, jobs.count if expected is None else expected)
    return _review(jobs.numbers, urlencode(arguments(selection)), change, by)


def review_jobs(job_numbers: Iterable[int], selection: str, change: ReviewChange, by: str) -> DiaryBulkReview:
    """Change the reviews of these jobs.

    Args:
        job_numbers: Of the jobs.
        selection: Query of the address of the list that shows them.
        change: What is set in each.
        by: Login of the user.

    Raises BadReview.
    """
    return _review(array("q", sorted(set(job_numbers))), selection, change, by)


def _review(jobs: array[int], selection: str, change: ReviewChange, by: str) -> DiaryBulkReview:
    """Change the reviews of these jobs, whose numbers ascend."""
    change = checked_change(change)
    if change == ReviewChange():
        raise BadReview([("change", "Choose what to set: review, verdict, summary or tags")])
    if not jobs:
        raise BadReview([("jobs", "There is no such job; search for others")])
    with proxy.atomic():
        values = {"by": by, "at": time.time(), "selection": selection, "change": json.dumps(_set_fields(change)), "count": len(jobs)}
        row = DiaryBulkReview.create(**values, jobs=zlib.compress(jobs.tobytes(), 1))
        audit("review jobs", f"{counted(len(jobs), 'job')} of the list {selection or 'of all'}", "", words_of(row), user=by)
        job = _enqueue(KIND, row.id, len(jobs))
    _run_here(job, run_bulk)
    return find_bulk(row.id)


def _enqueue(kind: str, number: int, count: int) -> BackgroundJob | None:
    """Enqueue the background job of a bulk review in the caller's transaction; returns it if this process is to run it."""
    if count <= DIRECT:
        return enqueue_claimed(kind, str(number))
    enqueue(kind, str(number))
    return None


def _run_here(job: BackgroundJob | None, run: Callable[[int, Report], object]) -> None:
    """Run a claimed job now. If this process dies or an error occurs, a consumer continues."""

    def handle(claimed: BackgroundJob) -> None:
        run(int(claimed.key), partial(report, claimed))

    if job is not None:
        attempt(job, handle)


def run_bulk(number: int, progress: Report = no_report) -> DiaryBulkReview:
    """Review the jobs of a bulk review that are not reviewed yet."""
    row = find_bulk(number)
    jobs, change = _jobs_of(number), ReviewChange(**{name: _value(name, value) for name, value in json.loads(row.change).items()})
    position = bisect_right(jobs, row.reached)
    while position < len(jobs) and _review_batch(row, jobs[position : position + BATCH], jobs[position - 1] if position else 0, change):
        position += BATCH
        progress(min(position / len(jobs), 1.0), f"{min(position, len(jobs)):,} of {counted(len(jobs), 'job')}")
    done = DiaryBulkReview.finished.is_null(), DiaryBulkReview.undone.is_null(), DiaryBulkReview.reached >= (jobs[-1] if jobs else 0)
    DiaryBulkReview.update(finished=time.time(), jobs=b"").where(DiaryBulkReview.id == number, *done).execute()
    return find_bulk(number)


def _review_batch(row: DiaryBulkReview, batch: Sequence[int], reached: int, change: ReviewChange) -> bool:
    """Review some jobs in a transaction; False if another process has, or the bulk review is undone."""
    with proxy.atomic():
        ours = DiaryBulkReview.id == row.id, DiaryBulkReview.reached == reached, DiaryBulkReview.undone.is_null()
        if not DiaryBulkReview.update(reached=batch[-1]).where(*ours).execute():
            return False
        existing = lock_jobs(batch)
        pairs = [(review, changed_review(review, change)) for review in reviews_of(existing).values()]
        changed = [(before, after) for before, after in pairs if before != after]
        pairs = [(before, after) for before, after in changed if len(after.tags) <= max(MAX_TAGS, len(before.tags))]
        stored = store_reviews(pairs, row.by, time.time())
        undoable = [_undoable(row.id, before, after) for (before, _), after in zip(pairs, stored, strict=True)]
        if undoable:
            DiaryBulkChange.insert_many(undoable).execute()
        counts = {"changed": DiaryBulkReview.changed + len(pairs), "skipped": DiaryBulkReview.skipped + len(changed) - len(pairs)}
        DiaryBulkReview.update(counts).where(DiaryBulkReview.id == row.id).execute()
    return True


def undo_bulk(number: int, by: str) -> DiaryBulkReview:
    """Give the jobs of a bulk review their earlier reviews; those that were changed since keep theirs. Raises UndoRefused."""
    with proxy.atomic():
        row, now = find_bulk(number), time.time()
        if why := undo_problem(row, now):
            raise UndoRefused(why)
        free = DiaryBulkReview.id == number, DiaryBulkReview.undone.is_null()
        if _all_changed_since(number):
            raise UndoRefused("All jobs of this bulk review have been changed since; undo the later bulk reviews first")
        if not DiaryBulkReview.update(undone_by=by, undone=now, jobs=b"").where(*free).execute():
            raise UndoRefused("Somebody else has undone this bulk review at the same moment")
        audit("undo review of jobs", f"{counted(row.changed, 'job')} of the list {row.selection or 'of all'}", "", words_of(row), user=by)
        job = _enqueue(UNDO_KIND, number, row.changed)
    _run_here(job, run_undo)
    return find_bulk(number)


def _all_changed_since(number: int) -> bool:
    """Whether no job still has the values of a bulk review: its undo would restore nothing, and could not be repeated."""
    same = (DiaryReview.job == DiaryBulkChange.job) & (DiaryReview.version == DiaryBulkChange.version)
    return not DiaryBulkChange.select().join(DiaryReview, on=same).where(DiaryBulkChange.bulk == number).exists()


def run_undo(number: int, progress: Report = no_report) -> DiaryBulkReview:
    """Restore the reviews of a bulk review that is undone and are not restored yet."""
    while _restore_batch(number):
        row = find_bulk(number)
        done = row.restored + row.kept
        progress(min(done / max(row.changed, 1), 1.0), f"{done:,} of {counted(row.changed, 'job')}")
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
        reviews = reviews_of(lock_jobs([each.job for each in found]))
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
    """The bulk review of this number, without the numbers of its jobs, which may be a million. Raises UndoRefused."""
    query = DiaryBulkReview.select(*_SHOWN).where(DiaryBulkReview.id == number)
    row: DiaryBulkReview | None = query.first() if number < 2**31 else None
    if row is None:
        raise UndoRefused("There is no such bulk review")
    return row


def newest_bulks(limit: int) -> list[DiaryBulkReview]:
    """The bulk reviews, the newest first."""
    return list(DiaryBulkReview.select(*_SHOWN).order_by(DiaryBulkReview.id.desc()).limit(limit))


def is_open(row: DiaryBulkReview) -> bool:
    """Whether a bulk review or its undo has not reached its last job."""
    return row.undo_finished is None if row.undone is not None else row.finished is None


def is_stopped(row: DiaryBulkReview) -> bool:
    """Whether nothing continues an open one: its background job has failed or was cancelled."""
    job = latest_job(KIND if row.undone is None else UNDO_KIND, str(row.id)) if is_open(row) else None
    return is_open(row) and (job is None or job.state not in OPEN)


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
    fields = json.loads(row.change).items()
    words = ((name, (" ".join(value) or "none") if isinstance(value, list) else value) for name, value in fields)
    return "; ".join(f"{name.replace('_', ' ')} {value}".strip() for name, value in words)


def forget_changes(now: float) -> int:
    """Delete what is needed to undo bulk reviews that are too old for it; returns the number of rows. Those of an open undo stay."""
    is_over = DiaryBulkReview.undone.is_null() | DiaryBulkReview.undo_finished.is_null(False)
    old = DiaryBulkReview.select(DiaryBulkReview.id).where(DiaryBulkReview.at < now - 2 * UNDO_S, is_over)  # one may be undone just now
    batch = DiaryBulkChange.select(DiaryBulkChange.id).where(DiaryBulkChange.bulk.in_(old)).limit(500)
    deleted = 0
    while found := [number for (number,) in rows(batch)]:
        deleted += DiaryBulkChange.delete().where(DiaryBulkChange.id.in_(found)).execute()
    return deleted


def _jobs_of(number: int) -> Sequence[int]:
    jobs, [(stored,)] = array("q"), rows(DiaryBulkReview.select(DiaryBulkReview.jobs).where(DiaryBulkReview.id == number))
    jobs.frombytes(zlib.decompress(bytes(stored)) if stored else b"")
    return jobs


def _set_fields(change: ReviewChange) -> dict[str, Any]:
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
