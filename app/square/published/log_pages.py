"""Published logs: the first and last lines of the log of a job."""

from __future__ import annotations

from app.publish.rendering import HTML, TEXT, RenderContext, RenderResult
from app.square import job_documents, logs
from app.square.models import Job
from app.square.published.fields import public_job
from app.square.published.fragments import fragment
from app.square.states import CRASHED, exit_words, state_of


def log_page(context: RenderContext) -> RenderResult:
    """The stored lines of a log as a page and as text."""
    system, run = context.key.system, context.key.run
    row = Job.get_or_none(Job.system == system, Job.key == context.key.name)
    if row is None:
        return RenderResult([])
    job, stored = public_job(row, context.sanitizer), logs.join_log(*job_documents.stored_log(row))
    lines = context.sanitizer.lines([logs.visible_text(line) for line in stored.lines])
    selected, state = logs.select_lines(lines), state_of(job.exit_code, 0, job.is_stopped)
    page = fragment(
        "log",
        system=system,
        run=run,
        job=job,
        state=state,
        exit=exit_words(job.exit_code),
        gap=stored.gap,
        lines=selected,
        open_at=logs.first_error(selected) if state == CRASHED else None,
    )
    text = context.item("logtext", job.identifier, TEXT, logs.log_text(lines, stored.gap))
    return RenderResult([context.item("log", job.identifier, HTML, page), text])
