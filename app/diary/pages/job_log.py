"""A log of a job: its file below an allowed folder, read and shown as logs of DQM^2 are."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import BinaryIO

from flask import Blueprint, Response, request

from app.diary import jobs
from app.diary.logs.errors import LogRefused, LogUnreadable, UnknownLog
from app.diary.logs.opening import full_path, open_log
from app.diary.logs.reading import HEAD_BYTES, TAIL_BYTES, LogText, raw_bytes, read_log
from app.diary.models import DiaryJob
from app.diary.pages.job_view import JobView, job_view
from app.diary.pages.presenters import PATH, name_of
from app.diary.problems import STATUSES
from app.diary.review.rights import may_read_all
from app.diary.settings import DiarySettings
from app.diary.states import FAILED, UNFINISHED
from app.security import Role, needs
from app.security.caller import current_user
from app.security.repeated import audit_download
from app.square import logs
from app.web import nothing_new, page, request_settings
from app.web.links import NavLink
from app.web.log_query import LogQuery
from app.web.responses import ContentResponse

blueprint = Blueprint("diary_job_log", __name__)

POLL_S = 5.0
"""Pause between two looks at the log of an unfinished job."""


@dataclass(frozen=True, kw_only=True)
class DiaryLogPage(logs.ShownLines):
    """Values of the templates job_log.html and job_log_fragment.html."""

    view: JobView
    job: DiaryJob
    path: str  # as the source reports it
    problem: str
    text: str  # address of the unchanged file; "" if the user may not download it


@blueprint.get(f"{PATH}/jobs/<int:number>/log")
@needs(Role.VIEWER)
def show_log(number: int) -> Response:
    """The lines of a log that contain `q` and have the level, or why it cannot be shown."""
    job, path = _requested_log(number)
    try:
        return _lines_page(job, path)
    except (LogRefused, LogUnreadable) as error:
        answer = page(
            "diary/log_problem.html", "diary/log_problem.html", view=job_view(), job=job, name=name_of(job), path=path, problem=error
        )
        answer.status_code = STATUSES[type(error)]
        return answer


def _lines_page(job: DiaryJob, path: str) -> Response:
    """The page of a log. Raises LogRefused, LogUnreadable."""
    with _open(job, path) as file:
        state = os.fstat(file.fileno())
        version, may_download = f"{state.st_mtime_ns}-{state.st_size}-{job.state}", _may_download(job, state.st_size)
        if answer := nothing_new(version):
            return answer
        try:
            text = read_log(file)
        except OSError as error:  # such as ESTALE
            raise LogUnreadable(f"The log cannot be read: {error.strerror or error}") from error
    return page("diary/job_log.html", "diary/job_log_fragment.html", **vars(_log_page(job, path, text, version, may_download)))


@blueprint.get(f"{PATH}/jobs/<int:number>/log/text")
@needs(Role.VIEWER)
def log_text(number: int) -> Response:
    """A log as a file, unchanged; a packed one stays packed."""
    job, path = _requested_log(number)
    file = _open(job, path)
    if not _may_download(job, os.fstat(file.fileno()).st_size):
        file.close()
        raise LogRefused(f"A log of more than {(HEAD_BYTES + TAIL_BYTES) / 1e6:.1f} MB is downloaded by shifters and the owner of the job")
    if request.method == "GET":
        audit_download("log", f"{path} of job {job.id}")
    kind = "application/gzip" if path.endswith(".gz") else "text/plain; charset=utf-8"
    answer = ContentResponse(raw_bytes(file), content_type=kind)
    answer.call_on_close(file.close)
    name = re.sub(r"[^A-Za-z0-9._-]", "_", os.path.basename(path))[-150:]
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _requested_log(number: int) -> tuple[DiaryJob, str]:
    """The job and the path in the query, which is one of its logs. Raises UnknownDiaryJob, UnknownLog."""
    job, path = jobs.find_job(number), request.args.get("file", "")
    if path not in (each for each, kind in job.value_of("logs") if kind != "page"):
        raise UnknownLog("The job has no such log; its page lists its logs")
    return job, path


def _open(job: DiaryJob, path: str) -> BinaryIO:
    return open_log(full_path(path, job.workdir), request_settings().of(DiarySettings).diary_log_roots)


def _may_download(job: DiaryJob, size: int) -> bool:
    """Whether the user may download a log of so many bytes: a large one occupies a thread of the web server for long."""
    return size <= HEAD_BYTES + TAIL_BYTES or may_read_all(current_user(), job)


def _log_page(job: DiaryJob, path: str, text: LogText, version: str, may_download: bool) -> DiaryLogPage:
    query, view, here = LogQuery(), job_view(), f"{PATH}/jobs/{job.id}/log"
    every = logs.select_lines(text.lines)
    labels = logs.level_labels([line.level for line in every])
    found = logs.select_lines(text.lines, query.words, query.level) if query.words or query.level else every
    open_at = logs.first_error(found) if query.is_plain and job.state == FAILED else None
    start = _page_start(job, query, len(found), open_at)
    end = start + logs.PAGE_LINES

    def link(**more: object) -> str:
        return view.link(here, **{"file": path, "q": query.words, "level": query.level, **more})

    return DiaryLogPage(
        view=view,
        job=job,
        name=name_of(job),
        path=path,
        lines=found[start:end],
        total=len(text.lines),
        matches=len(found),
        gap=None if query.words or query.level else text.gap,
        problem=text.problem,
        words=query.words,
        level=query.level,
        levels=[NavLink(label, link(level=level), level == query.level) for level, label in labels.items()],
        is_polled=job.state in UNFINISHED,
        poll=link(since=version, **{"from": "" if query.is_plain else query.start}),
        poll_s=POLL_S,
        text=view.link(f"{here}/text", file=path) if may_download else "",
        older=link(**{"from": max(0, start - logs.PAGE_LINES)}) if start else "",
        newer=link(**{"from": end}) if len(found) > end else "",
        open_at=open_at,
    )


def _page_start(job: DiaryJob, query: LogQuery, count: int, open_at: int | None) -> int:
    """The first line of the page: the log of a job that runs or has failed opens where it is read, at its error or its end."""
    if open_at is not None:
        return (open_at - 1) // logs.PAGE_LINES * logs.PAGE_LINES
    opens_at_end = query.is_plain and job.state in (*UNFINISHED, FAILED)
    return max(0, count - logs.PAGE_LINES) if opens_at_end else query.start
