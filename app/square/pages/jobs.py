"""The page of one job, its charts, and the acknowledgement of a crash."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, redirect, request
from peewee import fn
from werkzeug.wrappers import Response as AnyResponse

from app.core.database import rows
from app.security import Role, needs
from app.security.caller import current_user
from app.square import job_documents, logs, notes, runs
from app.square.clients import JobAttempt, group_clients, job_state
from app.square.errors import UnknownChart
from app.square.job_documents import SeenLumis
from app.square.models import Job
from app.square.settings import SquareSettings
from app.square.states import FILE_ITERATOR
from app.square.values import mapping
from app.square.view_state import ViewState, job_from_request, view_from_request
from app.web import nothing_new, page, request_settings
from app.web.charts import Figure, png, svg
from app.web.responses import ContentResponse

pages = Blueprint("square_job", __name__)

MAX_DOCUMENT_CHARS = 200_000
"""Characters of a document on its page."""

MAX_FORM_BYTES = 16 * 1024


@dataclass(frozen=True)
class JobPage:
    """Values of the templates job.html and job_fragment.html."""

    view: ViewState
    job: Job
    name: str  # of the client
    attempt: JobAttempt
    attempts: list[JobAttempt]  # of the client in the run, newest first
    command: list[str]
    lumis: list[SeenLumis]
    lumi_count: int
    odd_count: int  # lumisections that were not fully processed
    figures: dict[str, Figure]  # by name in addresses
    iterator: str  # state of the file iterator in words
    raw: str  # the document as text; "" if it was deleted by age
    may_acknowledge: bool
    version: str
    is_polled: bool
    poll_s: float
    ago: Callable[[float | None], float | None]
    ahead: Callable[[float], float]


@pages.get("/square/job")
@needs(Role.VIEWER)
def job_page() -> Response:
    """The page of one job."""
    view = view_from_request()
    job = job_from_request(view)
    version = _version(job)
    return nothing_new(version) or page("square/job.html", "square/job_fragment.html", **vars(_job_page(view, job, version)))


def _job_page(view: ViewState, job: Job, version: str) -> JobPage:
    document = job_documents.stored_document(job)
    name, attempts = _attempts(view, job)
    (attempt,) = [one for one in attempts if one.job.key == job.key]
    lumis = job_documents.lumi_ranges(document)
    return JobPage(
        view=view,
        job=job,
        name=name,
        attempt=attempt,
        attempts=attempts,
        command=job_documents.command_line(document),
        lumis=lumis,
        lumi_count=sum(one.size for one in lumis),
        odd_count=sum(one.size for one in lumis if one.kind == "odd"),
        figures=job_documents.job_figures(job, document),
        iterator="" if job.fi_state is None else FILE_ITERATOR.get(job.fi_state, ""),
        raw=document_text(document) if document else "",
        may_acknowledge=attempt.needs_attention and current_user().role >= Role.SHIFTER,
        version=version,
        is_polled=job.exit_code is None,
        poll_s=request_settings().of(SquareSettings).square_refresh_s,
        ago=runs.age,
        ahead=runs.ahead,
    )


def _version(job: Job) -> str:
    """Changes with the attempts of the client, and when the job becomes stuck, which nothing reports."""
    same = Job.system == job.system, Job.run == job.run, Job.tag == job.tag, Job.host == job.host
    ((newest, attempts),) = rows(Job.select(fn.MAX(Job.version), fn.COUNT(Job.id)).where(*same))
    return f"{newest}-{attempts}-{job_state(job)}"


def _attempts(view: ViewState, job: Job) -> tuple[str, list[JobAttempt]]:
    """The name of the client of a job, and its attempts in the run, newest first."""
    jobs = [job] if job.run is None else runs.jobs(view.system, job.run)
    (client,) = group_clients(view.system, [one for one in jobs if (one.tag, one.host) == (job.tag, job.host)])
    return client.name, client.attempts


def document_text(document: dict[str, Any]) -> str:
    """A document as indented JSON. Only experts see its environment, which can contain secrets."""
    extra = mapping(document.get("extra"))
    if "environ" in extra and current_user().role < Role.EXPERT:
        document = document | {"extra": extra | {"environ": "(visible to experts)"}}
    text = json.dumps(document, indent=2, ensure_ascii=False)
    shown = "\n".join(logs.visible_text(line) for line in text[:MAX_DOCUMENT_CHARS].split("\n"))
    omitted = len(text) - MAX_DOCUMENT_CHARS
    return shown + (f"\n… {omitted:,} more characters" if omitted > 0 else "")


@pages.get("/square/job/<chart>.<form>")
@needs(Role.VIEWER)
def job_chart(chart: str, form: str) -> Response:
    """The memory or the rate of a job as an image."""
    job = job_from_request(view_from_request())
    figure = job_documents.job_figures(job, job_documents.stored_document(job)).get(chart)
    if figure is None or form not in ("svg", "png"):
        raise UnknownChart(f"There is no chart {chart}.{form} of a job; charts are memory and events as svg and png")
    return ContentResponse(svg(figure), mimetype="image/svg+xml") if form == "svg" else ContentResponse(png(figure), mimetype="image/png")


@pages.post("/square/job/acknowledge")
@needs(Role.SHIFTER)
def acknowledge() -> AnyResponse:
    """Acknowledge that a job crashed or is stuck."""
    view = view_from_request()
    request.max_content_length = MAX_FORM_BYTES
    note = notes.clean_note(request.form.get("note", ""))
    job = job_from_request(view)
    notes.acknowledge(job, job_state(job), current_user().name, note)
    return redirect(view.link("/square/job", key=job.key), 303)
