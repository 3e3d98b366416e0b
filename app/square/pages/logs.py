"""The log of a job: the stored lines, and the whole log from P5."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from tempfile import TemporaryFile

from flask import Blueprint, Response, request

from app.security import Role, needs
from app.security.audit_log import audit
from app.security.caller import current_user
from app.square import job_documents, logs
from app.square.clients import client_name, job_state
from app.square.models import Job, Log
from app.square.settings import SquareSettings
from app.square.states import CRASHED
from app.square.upstream import is_reachable
from app.square.view_state import ViewState, job_from_request, view_from_request
from app.square.whole_log import fetch_whole_log
from app.web import nothing_new, page, request_settings
from app.web.links import NavLink
from app.web.log_query import LogQuery
from app.web.responses import ContentResponse

pages = Blueprint("square_logs", __name__)

PATH = "/square/log"

MAX_TAIL_BYTES = 4 * 1024 * 1024
"""Bytes at the end of a whole log that its page shows."""

CHUNK = 1 << 18


@dataclass(frozen=True, kw_only=True)
class LogPage(logs.ShownLines):
    """Values of the templates log.html and log_fragment.html."""

    view: ViewState
    job: Job
    is_whole: bool  # the whole log from P5
    omitted: int  # first lines of a whole log that only the download has
    may_fetch: bool
    is_reachable: bool  # by this hub
    gateway: str


class JobLogQuery(LogQuery):
    """Search and level in the query of the log page of a job. Raises Problem 400."""

    def link(self, view: ViewState, job: Job, **more: object) -> str:
        """The address of a page with the same search."""
        return view.link(PATH, **{"key": job.key, "q": self.words, "level": self.level, **more})


@pages.get(PATH)
@needs(Role.VIEWER)
def log_page() -> Response:
    """The stored lines of a log that contain `q` and have the level."""
    view = view_from_request()
    job = job_from_request(view)
    row = Log.get_or_none(Log.system == job.system, Log.key == job.key)
    version = f"{job.version}-{row.version if row else 0}"
    if answer := nothing_new(version):
        return answer
    log = logs.join_log(*job_documents.stored_log(job))
    return page("square/log.html", "square/log_fragment.html", **vars(_log_page(view, job, log, version=version)))


def _log_page(view: ViewState, job: Job, log: logs.JoinedLog, *, version: str = "", whole_from: int | None = None) -> LogPage:
    """The page of a log.

    Args:
        version: Version for polls; "" for a page that is not polled.
        whole_from: The log is the end of the whole log from P5, without so many first lines.
    """
    query, settings = JobLogQuery(), request_settings()
    square, skipped = settings.of(SquareSettings), whole_from or 0
    found = logs.select_lines(log.lines, query.words, query.level, skipped + 1)
    opens_at_error = query.is_plain and whole_from is None and job_state(job) == CRASHED
    open_at = logs.first_error(found) if opens_at_error else None
    start = _page_start(query, open_at) if whole_from is None else max(0, len(found) - logs.PAGE_LINES)
    end = start + logs.PAGE_LINES
    return LogPage(
        view=view,
        job=job,
        name=client_name(job.tag),
        lines=found[start:end],
        total=len(log.lines) + skipped,
        matches=len(found),
        gap=None if query.words or query.level else log.gap,
        words=query.words,
        level=query.level,
        levels=_level_links(view, job, log, query),
        is_polled=bool(version) and job.exit_code is None,
        poll=query.link(view, job, since=version),
        poll_s=square.square_refresh_s,
        is_whole=whole_from is not None,
        omitted=0 if whole_from is None else skipped + start,
        may_fetch=current_user().role >= Role.EXPERT and bool(square.square_url),
        is_reachable=is_reachable(settings, job.host),
        gateway=square.square_gateway,
        older=query.link(view, job, **{"from": max(0, start - logs.PAGE_LINES)}) if start and whole_from is None else "",
        newer=query.link(view, job, **{"from": end}) if len(found) > end else "",
        open_at=open_at,
    )


def _page_start(query: JobLogQuery, open_at: int | None) -> int:
    return query.start if open_at is None else (open_at - 1) // logs.PAGE_LINES * logs.PAGE_LINES


def _level_links(view: ViewState, job: Job, log: logs.JoinedLog, query: JobLogQuery) -> list[NavLink]:
    labels = logs.level_labels([level for _, level in logs.levels(log.lines)])
    return [NavLink(label, query.link(view, job, level=level), level == query.level) for level, label in labels.items()]


@pages.post("/square/log/whole")
@needs(Role.EXPERT)
def whole_log() -> Response:
    """The whole log of a job from P5: its end on a page, or with `as=file` all of it, unchanged."""
    view = view_from_request()
    job = job_from_request(view)
    with ExitStack() as stack:
        file = stack.enter_context(TemporaryFile())  # a log can be larger than the memory
        fetch_whole_log(request_settings(), job, file)
        size = file.seek(0, 2)
        audit("fetch log", f"{view.system} {job.key}", answer=f"{size} bytes")
        if request.args.get("as") == "file":
            file.seek(0)
            answer = _file_response(iter(partial(file.read, CHUNK), b""), job)
            answer.content_length = size
            answer.call_on_close(stack.pop_all().close)
            return answer
        lines, before = logs.read_tail(file, MAX_TAIL_BYTES)
    found = _log_page(view, job, logs.JoinedLog(lines, None), whole_from=before)
    return page("square/log.html", "square/log_fragment.html", **vars(found))


@pages.get("/square/log/text")
@needs(Role.VIEWER)
def log_text() -> Response:
    """The stored lines of a log as a file, unchanged."""
    job = job_from_request(view_from_request())
    log = logs.join_log(*job_documents.stored_log(job))
    return _file_response(logs.log_text(log.lines, log.gap).encode("utf-8", "surrogatepass"), job)


def _file_response(text: bytes | Iterator[bytes], job: Job) -> Response:
    answer = ContentResponse(text, content_type="text/plain; charset=utf-8")
    name = re.sub(r"[^A-Za-z0-9._-]", "_", job.key)[:150]
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}.log"'
    return answer
