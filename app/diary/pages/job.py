"""/diary/jobs/<number>: the page of one job."""

from __future__ import annotations

import time
from typing import Any

from flask import Blueprint, Response, request

from app.diary import jobs
from app.diary.comparison import compare
from app.diary.models import DiaryJob
from app.diary.pages.job_neighbours import neighbours
from app.diary.pages.job_parts import FIELDS, exit_of, facts_of, label_addresses, logs_of, notes_html, numbers_of, shown_history
from app.diary.pages.job_run import run_of
from app.diary.pages.job_view import JobView, job_view
from app.diary.pages.presenters import BADGES, PATH, REVIEW_BADGES, VERDICT_BADGES, badge_of, name_of
from app.diary.pages.review_form import FIELD_TITLES, ReviewForm, form_of
from app.diary.review.markdown import to_html
from app.diary.review.review import Review
from app.diary.review.reviews import review_of
from app.diary.review.rights import may_review
from app.diary.settings import DiarySettings
from app.diary.states import STATES, UNFINISHED
from app.diary.timeline import timeline_of
from app.security import Role, needs
from app.security.caller import current_user
from app.web import is_fragment, nothing_new, page, request_settings
from app.web.frame import href

blueprint = Blueprint("diary_job", __name__)

POLL_S = 5.0
"""Pause between two looks at an unfinished job."""
MAX_COMPARED = 4
"""Parents that a job is compared with, the first ones."""


@blueprint.get(f"{PATH}/jobs/<int:number>")
@needs(Role.VIEWER)
def show_job(number: int) -> Response:
    """All that the diary has of a job."""
    job = jobs.find_job(number)
    return nothing_new(_version(job, review_of(job.id))) or job_page(job)


def _version(job: DiaryJob, review: Review) -> str:
    """Of what the page polls: what the source reports, and the review."""
    return f"{job.changed}-{review.version}"


def job_page(job: DiaryJob, form: ReviewForm | None = None) -> Response:
    """The page of a job. form: what somebody has written into the review and is not stored; None: the stored review."""
    view, review = job_view(), review_of(job.id)
    more = {} if is_fragment() else _static_parts(job, view, review, form or form_of(review))
    return page("diary/job.html", "diary/job_fragment.html", **_polled_parts(job, view, review), **more)


def _polled_parts(job: DiaryJob, view: JobView, review: Review) -> dict[str, Any]:
    """What a page polls: facts of the source, which may change while it is open."""
    return {
        "view": view,
        "job": job,
        "badge_of": badge_of,
        "name_of": name_of,
        "meaning": BADGES[job.state].meaning if job.state in BADGES else "",
        "timeline": timeline_of(job, time.time()),
        "review": review,
        "review_badges": REVIEW_BADGES,
        "verdict_badges": VERDICT_BADGES,
        "neighbours": neighbours(job, view),
        "is_polled": job.state in UNFINISHED,
        "version": _version(job, review),
        "poll_s": POLL_S,
        "exit": exit_of(job),
        "labels": facts_of(job.value_of("labels")),
        "label_addresses": label_addresses(job, view),
        "metrics": numbers_of(job.value_of("metrics")),
        "logs": logs_of(job, view, request_settings().of(DiarySettings).diary_log_roots),
        "outputs": job.value_of("outputs"),
    }


def _static_parts(job: DiaryJob, view: JobView, review: Review, form: ReviewForm) -> dict[str, Any]:
    """What a page has as it was when it was opened."""
    parents, reviewer = jobs.parents_of(job), may_review(current_user(), job)
    compared = [parent.job for parent in parents if parent.job][:MAX_COMPARED]
    return {
        "may_review": reviewer,
        "form": form,
        "notes": notes_html(form.texts["notes"]),
        "stored_notes": to_html(review.notes),
        "is_saved": bool(review.version) and request.args.get("saved") == str(review.version),
        "states": STATES,
        "run": run_of(job)[0],
        "comparison": compare(job, compared) if compared else None,
        "field_names": FIELDS,
        "field_titles": FIELD_TITLES,
        "facts": facts_of(job.value_of("facts")),
        "parents": parents,
        "children": jobs.children_of(job),
        "history": shown_history(jobs.history_of(job), view, review if reviewer else None),
        "history_address": href(f"/api/v1/jobs/{job.id}/history"),
        "zones": view.zone_links(f"{PATH}/jobs/{job.id}"),
    }
