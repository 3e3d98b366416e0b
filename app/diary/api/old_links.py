"""Addresses of CAE Job Diary, below /diary as it was mounted: they lead to the same list or job here."""

from __future__ import annotations

from urllib.parse import urlencode

from flask import Blueprint, redirect, request
from werkzeug import Response as Answer

from app.diary.errors import UnknownDiaryJob
from app.diary.jobs import jobs_with_id
from app.diary.search.selection import JobSelection, arguments
from app.diary.sources.registry import source_kinds
from app.security import Role, needs
from app.web.arguments import parse_int
from app.web.frame import href

blueprint = Blueprint("diary_old_links", __name__, url_prefix="/diary")

OLD_ROWS, ROWS = 25, 50
"""Jobs of a page there and here."""
LAST_PAGE = 20_000


@blueprint.get("/")
@needs(Role.VIEWER)
def old_list() -> Answer:
    """The list, with search, user, project, obsolete jobs and page of the old address."""
    query = _list_query()
    return _lead_to(f"/diary?{query}" if query else "/diary")


@blueprint.get("/<int:native_id>/")
@needs(Role.VIEWER)
def old_job(native_id: int) -> Answer:
    """The job with this id of a batch system. Ids are reused: the newest one, or a list if several sources have it."""
    own = [kind.name for kind in source_kinds().values() if kind.is_default]  # had no ids there
    found = [job for job in jobs_with_id(str(native_id)) if job.source not in own]
    if not found:
        raise UnknownDiaryJob(
            f"No batch job of the diary has the id {native_id}; the page of job number {native_id} is /diary/jobs/{native_id}"
        )
    if len({job.source for job in found}) > 1:
        return _lead_to("/diary?" + urlencode({"q": f'id:"{native_id}"', "obsolete": "1"}))
    query = _list_query()
    return _lead_to(f"/diary/jobs/{found[0].id}" + (f"?{urlencode({'list': query})}" if query else ""))


@blueprint.get("/about/")
@needs(Role.VIEWER)
def old_about() -> Answer:
    """The help."""
    return _lead_to("/help/diary")


def _list_query() -> str:
    """The query of the list at `/diary` that matches the one of the request."""
    args = request.args
    users, projects = (tuple(filter(None, [args.get(name, "").strip()])) for name in ("user", "project"))
    selection = JobSelection(args.get("q", "").strip(), user=users, project=projects, obsolete="show_obsolete" in args)
    page = ((parse_int(args.get("page", ""), 2 * LAST_PAGE) or 1) - 1) * OLD_ROWS // ROWS + 1
    return urlencode([*arguments(selection), *([("page", str(page))] if page > 1 else [])])


def _lead_to(path: str) -> Answer:
    return redirect(href(path))
