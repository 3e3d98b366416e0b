"""/diary/jobs/<number>: the page of one job."""

from __future__ import annotations

import time

from flask import Blueprint, Response

from app.diary import jobs
from app.diary.comparison import compare
from app.diary.pages.job_parts import FIELDS, exit_of, facts_of, logs_of, shown_event
from app.diary.pages.job_view import job_view
from app.diary.pages.presenters import BADGES, PATH, badge_of, name_of
from app.diary.settings import DiarySettings
from app.diary.timeline import timeline_of
from app.security import Role, needs
from app.web import page, request_settings

blueprint = Blueprint("diary_job", __name__)

MAX_BASES = 4
"""Base runs that a job is compared with, the first ones of its parents."""


@blueprint.get(f"{PATH}/jobs/<int:number>")
@needs(Role.VIEWER)
def show_job(number: int) -> Response:
    """All that the diary has of a job."""
    view, job = job_view(), jobs.find_job(number)
    parents = jobs.parents_of(job)
    bases = [parent.job for parent in parents if parent.job][:MAX_BASES]
    return page(
        "diary/job.html",
        "diary/job.html",
        view=view,
        job=job,
        badge_of=badge_of,
        name_of=name_of,
        meaning=BADGES[job.state].meaning if job.state in BADGES else "",
        timeline=timeline_of(job, time.time()),
        comparison=compare(job, bases) if bases else None,
        field_names=FIELDS,
        exit=exit_of(job),
        labels=facts_of(job.value_of("labels")),
        metrics=facts_of(job.value_of("metrics")),
        facts=facts_of(job.value_of("facts")),
        logs=logs_of(job, view, request_settings().of(DiarySettings).diary_log_roots),
        outputs=job.value_of("outputs"),
        parents=parents,
        children=jobs.children_of(job),
        history=[shown_event(row, view) for row in jobs.history_of(job)],
        zones=view.zone_links(f"{PATH}/jobs/{job.id}"),
    )
