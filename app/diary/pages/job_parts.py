"""Contents of the page of a job."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from markupsafe import Markup

from app.diary.errors import BadSearch
from app.diary.logs.opening import full_path, may_be_read
from app.diary.models import DiaryEvent, DiaryJob
from app.diary.pages.job_view import JobView
from app.diary.review.fields import MAX_NOTES
from app.diary.review.markdown import to_html
from app.diary.review.review import FIELDS as REVIEW_FIELDS
from app.diary.review.review import Review
from app.diary.review.reviews import text_of
from app.diary.search.query import parse
from app.square.states import exit_words
from app.web.frame import href

FIELDS = {
    "machine_state": "state of the source",
    "exit_code": "exit code",
    "workdir": "folder",
    "submitted": "submission",
    "started": "start",
    "ended": "end",
}
"""Names of columns in the history that are not their own."""
OWN_PAGES = {"/square/log?": "Log in DQM^2", "/square/": "Page in DQM^2", "/trends/": "Page in Trends"}
"""Beginnings of the addresses of pages of jobs in this hub, and what they are called."""
TIMES = ("submitted", "started", "ended")
EVENT_CHARS = 500
"""Characters of a text in the history: hundreds of changes of notes would make a page of 20 MB."""


class ShownLog(NamedTuple):
    """A log of a job."""

    path: str
    kind: str  # as its source reports it; "" for a page of this hub
    title: str  # its path, or what a page of this hub is called
    address: str  # of its page in this hub, or ""


class ShownEvent(NamedTuple):
    """A row of the history."""

    number: int
    at: float
    who: str
    what: str
    old: Any  # the beginnings of texts, or times as HTML
    new: Any
    is_cut: bool  # a text is longer
    can_undo: bool


def notes_html(notes: str) -> Markup:
    """Preview of the notes of a form; notes too long to be stored are not parsed, which would take seconds."""
    if len(notes) > MAX_NOTES:
        return Markup("<p>Notes have at most {:,} characters, not {:,}</p>").format(MAX_NOTES, len(notes))
    return to_html(notes)


def exit_of(job: DiaryJob) -> str:
    """The exit code with the name of its signal, or the signal alone; "" if none is known."""
    if job.exit_code:
        return exit_words(job.exit_code)
    return exit_words(-job.signal) if job.signal else "" if job.exit_code is None else "0"


def logs_of(job: DiaryJob, view: JobView, roots: Sequence[str]) -> list[ShownLog]:
    """The logs of a job; pages of this hub and files below the allowed folders are links."""
    return [_shown_log(job, path, kind, view, roots) for path, kind in job.value_of("logs")]


def _shown_log(job: DiaryJob, path: str, kind: str, view: JobView, roots: Sequence[str]) -> ShownLog:
    if kind == "page":
        title = next((title for begin, title in OWN_PAGES.items() if path.startswith(begin)), "")
        return ShownLog(path, "", title, href(path)) if title else ShownLog(path, kind, path, "")
    is_shown = may_be_read(full_path(path, job.workdir), roots)
    return ShownLog(path, kind, path, view.job(job, "/log", file=path) if is_shown else "")


def facts_of(values: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Names and texts of an object, by name."""
    return [(name, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)) for name, value in sorted(values.items())]


def numbers_of(values: Mapping[str, float]) -> list[tuple[str, str]]:
    """Names and texts of numbers, by name: whole ones with all digits, others with six."""
    return [
        (name, f"{int(value):,}" if value == int(value) and abs(value) < 1e15 else f"{value:,.6g}")
        for name, value in sorted(values.items())
    ]


def label_addresses(job: DiaryJob, view: JobView) -> dict[str, str]:
    """The lists of the jobs with the same labels, by name; none for a label that a search cannot name."""
    searches = {name: f'{name}:"{value}"' for name, value in job.value_of("labels").items()}
    return {name: view.jobs(q=search) for name, search in searches.items() if _is_one_term(search)}


def _is_one_term(search: str) -> bool:
    try:
        return len(parse(search, 0.0).terms) == 1
    except BadSearch:
        return False


def shown_history(rows: Iterable[DiaryEvent], view: JobView, review: Review | None) -> list[ShownEvent]:
    """The history, the newest rows first, in words.

    Args:
        rows: The newest first.
        view: Of the page.
        review: The review, if the user may change it: the last change of each of its fields can be undone.
    """
    shown, left = [], set(REVIEW_FIELDS if review else ())
    for row in rows:
        can_undo = review is not None and row.field in left and text_of(review, row.field) == row.new
        left.discard(row.field)
        shown.append(_shown_event(row, view, can_undo))
    return shown


def _beginning(text: str) -> str:
    return text if len(text) <= EVENT_CHARS else f"{text[:EVENT_CHARS]}…"


def _shown_event(row: DiaryEvent, view: JobView, can_undo: bool) -> ShownEvent:
    kind, _, who = row.actor.partition(":")
    old, new = (view.time(float(text)) if text and row.field in TIMES else _beginning(text) for text in (row.old, row.new))
    is_cut = max(len(row.old), len(row.new)) > EVENT_CHARS
    what = FIELDS.get(row.field, row.field)
    return ShownEvent(row.id, row.at, who if kind == "user" else f"source {who}", what, old, new, is_cut, can_undo)
