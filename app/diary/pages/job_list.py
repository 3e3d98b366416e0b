"""/diary: the list of jobs with the states of their sources."""

from __future__ import annotations

from flask import Blueprint, Response

from app.diary import jobs
from app.diary.pages.presenters import PATH, badge_of, current_view, name_of
from app.diary.sources.registry import configured_sources
from app.diary.status import source_line
from app.security import Role, needs
from app.web import page, request_settings
from app.web.arguments import int_arg

blueprint = Blueprint("diary", __name__)

PAGE_ROWS = 50
MAX_PAGE = 20_000
"""Last page of the list; earlier jobs are found by a search."""


@blueprint.get(PATH)
@needs(Role.VIEWER)
def show_list() -> Response:
    """The jobs, newest first, and the states of the sources."""
    view, number = current_view(), max(int_arg("page", 1, MAX_PAGE), 1)
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
