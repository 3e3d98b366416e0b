"""All selected jobs as a file: CSV for spreadsheets, JSON for scripts. They are sent while they are read."""

from __future__ import annotations

import time
from array import array
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

from flask import Blueprint, Response, current_app, stream_with_context

from app.diary.documents import job_json
from app.diary.models import DiaryJob
from app.diary.pages.download_slots import DownloadSlot, download_slot
from app.diary.pages.list_view import list_view
from app.diary.pages.presenters import PATH
from app.diary.review.review import Review
from app.diary.review.reviews import reviews_of
from app.diary.review.rights import batch_users
from app.diary.search.find import find_numbers
from app.security import Role, needs
from app.security.caller import current_user
from app.web.arguments import LARGEST_RUN
from app.web.csv_text import csv_text
from app.web.downloads import content_disposition
from app.web.frame import href
from app.web.responses import ContentResponse, encode_text

blueprint = Blueprint("diary_downloads", __name__)

CHUNK_ROWS = 500
"""Jobs that are read at a time."""

TIMES = ("submitted", "started", "ended", "seen", "found", "changed")
CSV_COLUMNS = (
    *("id", "source", "native_id", "kind", "name", "user", "project", "state", "machine_state", "pinned_by", "exit_code", "signal"),
    *("reason", "attempts", *TIMES, "workdir", "labels", "metrics", "review", "verdict", "summary", "tags", "notes", "reviewed_by"),
)


@blueprint.get(f"{PATH}/jobs.csv")
@needs(Role.VIEWER)
def jobs_csv() -> Response:
    """The selected jobs as CSV; times are UTC."""

    def parts(wanted: array[int]) -> Iterator[str]:
        yield csv_text([CSV_COLUMNS])
        for chunk in _chunks(wanted):
            yield csv_text([_line(job, review) for job, review in chunk])

    return _file(parts, "csv", "text/csv; charset=utf-8")


@blueprint.get(f"{PATH}/jobs.json")
@needs(Role.VIEWER)
def jobs_json() -> Response:
    """The selected jobs as a JSON array, each with all that the diary has of it but its history."""

    def parts(wanted: array[int]) -> Iterator[str]:
        comma = "["
        for chunk in _chunks(wanted):
            for job, review in chunk:
                yield f"{comma}\n{current_app.json.dumps(job_json(job, href) | {'review': _review_json(review)})}"
                comma = ","
        yield "[]\n" if comma == "[" else "\n]\n"

    return _file(parts, "json", "application/json")


def _wanted() -> array[int]:
    """The numbers of all selected jobs, in the order of the list. Raises BadSearch."""
    return array("q", find_numbers(list_view().selection, batch_users(current_user()), LARGEST_RUN))


def _chunks(wanted: array[int]) -> Iterator[list[tuple[DiaryJob, Review]]]:
    """The jobs with their reviews, some at a time; those that were removed meanwhile are left out."""
    for begin in range(0, len(wanted), CHUNK_ROWS):
        chunk = wanted[begin : begin + CHUNK_ROWS].tolist()
        jobs = {job.id: job for job in DiaryJob.select().where(DiaryJob.id.in_(chunk))}
        reviews = reviews_of(chunk)
        yield [(jobs[number], reviews[number]) for number in chunk if number in jobs]


def _line(job: DiaryJob, review: Review) -> list[Any]:
    values = {name: getattr(job, name) for name in CSV_COLUMNS if hasattr(job, name)}
    values |= {name: _utc(values[name]) for name in TIMES}
    values |= {name: "; ".join(f"{key}={value}" for key, value in sorted(job.value_of(name).items())) for name in ("labels", "metrics")}
    values |= {name: getattr(review, name) for name in ("review", "verdict", "summary", "notes")}
    values |= {"tags": " ".join(review.tags), "reviewed_by": review.by}
    return [values[name] for name in CSV_COLUMNS]


def _utc(at: float | None) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at)) if at else ""


def _review_json(review: Review) -> dict[str, Any]:
    return {name: value for name, value in vars(review).items() if name != "job"}


def _file(parts: Callable[[array[int]], Iterator[str]], form: str, content_type: str) -> Response:
    """The file, made part by part of the selected jobs. Raises BadSearch, and Problem 503 if too many files are being made."""
    with ExitStack() as unless_made:
        slot = unless_made.enter_context(download_slot())  # before the numbers of all jobs are read
        made = parts(_wanted())
        end = unless_made.pop_all()
    response = ContentResponse(stream_with_context(_in_slot(slot, end, made)), content_type=content_type)
    response.call_on_close(end.close)  # also of a download that is broken off, or never begins
    response.headers["Content-Disposition"] = content_disposition("attachment", f"jobs.{form}")
    response.headers["Cache-Control"] = "private, no-cache"
    return response


def _in_slot(slot: DownloadSlot, end: ExitStack, parts: Iterator[str]) -> Iterator[bytes]:
    with end:
        for part in parts:
            slot.check()
            yield encode_text(part)
