"""Jobs with their reviews, and bulk reviews, as JSON documents. Times are Unix s UTC."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from app.diary.documents import job_json
from app.diary.jobs import MAX_EVENTS, Relative, children_of, history_of, parents_of
from app.diary.models import DiaryBulkReview, DiaryJob
from app.diary.review.bulk import is_stopped
from app.diary.review.review import Review
from app.diary.review.reviews import reviews_of
from app.diary.sources.runner import source_state
from app.diary.sources.source import JobSource
from app.diary.status import source_line
from app.web.frame import href

LONG = ("facts", "outputs", "logs")
"""What lists leave out of a job."""
EVENT = ("id", "at", "actor", "field", "old", "new")
BULK = (
    "id",
    "by",
    "at",
    "selection",
    "count",
    "changed",
    "skipped",
    "finished",
    "undone_by",
    "undone",
    "restored",
    "kept",
    "undo_finished",
)
SOURCE = ("last_ok", "error", "failures", "duration_s", "found", "changed", "quarantined", "skew_s")


def review_json(review: Review) -> dict[str, Any]:
    """A review."""
    return {name: value for name, value in asdict(review).items() if name != "job"} | {"tags": list(review.tags)}


def listed_jobs(jobs: Sequence[DiaryJob]) -> list[dict[str, Any]]:
    """Jobs in short, with their reviews without notes."""
    reviews = reviews_of([job.id for job in jobs])
    return [_without(job_json(job), LONG) | {"review": _without(review_json(reviews[job.id]), ("notes",))} for job in jobs]


def whole_job(job: DiaryJob) -> dict[str, Any]:
    """A job with all that the diary has of it, but of its history only the newest changes."""
    relatives = {"parents": [_relative(each) for each in parents_of(job)], "children": [_relative(each) for each in children_of(job)]}
    return job_json(job, href) | {"review": review_json(reviews_of([job.id])[job.id])} | relatives | {"history": history_json(job)}


def history_json(job: DiaryJob, limit: int = MAX_EVENTS, before: int = 0) -> list[dict[str, Any]]:
    """The newest changes of a job, or those before a change."""
    return [{name: getattr(row, name) for name in EVENT} for row in history_of(job, limit, before)]


def bulk_json(row: DiaryBulkReview) -> dict[str, Any]:
    """A bulk review."""
    return {name: getattr(row, name) for name in BULK} | {"change": json.loads(row.change), "stopped": is_stopped(row)}


def source_json(source: JobSource) -> dict[str, Any]:
    """The state of a source, in words and in numbers."""
    line, row = source_line(source), source_state(source.name)
    words = {"name": source.name, "title": source.title, "state": line.state, "text": line.text, "age_s": line.age_s}
    return words | {"period_s": source.period_s} | {name: getattr(row, name) for name in SOURCE}


def _relative(relative: Relative) -> dict[str, Any]:
    job = relative.job
    return {"source": relative.source, "native_id": relative.native_id, "id": job.id if job else None, "state": job.state if job else None}


def _without(document: dict[str, Any], names: Sequence[str]) -> dict[str, Any]:
    return {name: value for name, value in document.items() if name not in names}
