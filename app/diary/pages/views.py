"""/diary: the list of jobs with the states of their sources, and the page of one job."""

from __future__ import annotations

from flask import Blueprint, Response, request

from app.diary import jobs
from app.diary.pages.presenters import BADGES, PATH, DiaryView, badge_of, exit_of, facts_of, logs_of, name_of, shown_event
from app.diary.sources.registry import configured_sources
from app.diary.status import source_line
from app.security import Role, needs
from app.web import page, request_settings
from app.web.arguments import int_arg
from app.web.clock import DEFAULT_ZONE, ZONES

pages = Blueprint("diary", __name__)

PAGE_ROWS = 50
MAX_PAGE = 20_000
"""Last page of the list; earlier jobs are found by a search."""


def _view() -> DiaryView:
    tz = request.args.get("tz", "")
    return DiaryView(tz if tz in ZONES else DEFAULT_ZONE)


@pages.get(PATH)
@needs(Role.VIEWER)
def show_list() -> Response:
    """The jobs, newest first, and the states of the sources."""
    view, number = _view(), max(int_arg("page", 1, MAX_PAGE), 1)
    found = jobs.newest_jobs(PAGE_ROWS + 1, (number - 1) * PAGE_ROWS)
    configured = configured_sources(request_settings())
    return page(
        "diary/list.html",
        "diary/list.html",
        view=view,
        jobs=found[:PAGE_ROWS],
        number=number,
        newer=view.link(PATH, page=number - 1 if number > 2 else "") if number > 1 else "",
        older=view.link(PATH, page=number + 1) if len(found) > PAGE_ROWS and number < MAX_PAGE else "",
        zones=view.zone_links(PATH, page=number if number > 1 else ""),
        sources=[(source.name, source_line(source)) for source in configured.sources],
        problems=configured.problems,
        badge_of=badge_of,
        name_of=name_of,
    )


@pages.get(f"{PATH}/jobs/<int:number>")
@needs(Role.VIEWER)
def show_job(number: int) -> Response:
    """All that the diary has of a job."""
    view, job = _view(), jobs.find_job(number)
    return page(
        "diary/job.html",
        "diary/job.html",
        view=view,
        job=job,
        badge_of=badge_of,
        name_of=name_of,
        meaning=BADGES[job.state].meaning if job.state in BADGES else "",
        exit=exit_of(job),
        labels=facts_of(job.value_of("labels")),
        metrics=facts_of(job.value_of("metrics")),
        facts=facts_of(job.value_of("facts")),
        logs=logs_of(job),
        outputs=job.value_of("outputs"),
        parents=jobs.parents_of(job),
        children=jobs.children_of(job),
        history=[shown_event(row, view) for row in jobs.history_of(job)],
        zones=view.zone_links(f"{PATH}/jobs/{job.id}"),
    )
